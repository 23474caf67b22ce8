"""A caller's picture: looked up once, fetched from that very address, checked at each hop, and never endless."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from shared.errors import BadRequest, EaselError, TooLarge
from shared.http import LARGEST_IMAGE, Http, ImageDownloader
from tests.http.upstream import PNG, Call, serving


class Names:
    """A resolver that answers by the book, one entry after the other, and counts."""

    def __init__(self, book: Mapping[str, list[list[str]]]) -> None:
        self._book = {name: list(answers) for name, answers in book.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self._book[host].pop(0)


async def gives_a_picture(call: Call) -> None:
    await call.answer(200, PNG, {"content-type": "image/png"})


async def content(fetcher: ImageDownloader, url: str) -> bytes:
    return b"".join([piece async for piece in (await fetcher.fetch(url)).read()])


async def test_a_name_is_looked_up_once_and_its_address_visited(http: Http) -> None:
    async with serving(gives_a_picture) as upstream:
        origin = upstream.origin.replace("127.0.0.1", "pictures.example")
        names = Names({"pictures.example": [["127.0.0.1"]]})
        assert await content(ImageDownloader(http, {origin}, names), f"{origin}/a.png?b=c") == PNG
    [call] = upstream.calls
    assert names.asked == ["pictures.example"]
    assert call.target == "/a.png?b=c"
    assert call.headers["host"] == origin.removeprefix("http://")
    assert "authorization" not in call.headers
    assert upstream.open_now == 0, "a place that a caller thought up is not kept in touch with"


async def test_the_next_address_is_tried_where_nobody_listens(http: Http) -> None:
    async with serving(gives_a_picture) as upstream:
        origin = upstream.origin.replace("127.0.0.1", "pictures.example")
        names = Names({"pictures.example": [["127.0.0.2", "127.0.0.1"]]})
        assert await content(ImageDownloader(http, {origin}, names), origin) == PNG


@pytest.mark.parametrize(
    "addresses", [[], ["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["64:ff9b::7f00:1"], ["::ffff:10.0.0.1"]]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_with_any_address_inside_is_not_visited(http: Http, scheme: str, addresses: list[str]) -> None:
    names = Names({"rebound.example": [addresses]})
    with pytest.raises(BadRequest, match="public internet"):
        await ImageDownloader(http, (), names).fetch(f"{scheme}://rebound.example/")


async def test_each_redirect_is_looked_at_again(http: Http) -> None:
    async def points_inside(call: Call) -> None:
        await call.answer(302, b"", {"location": "http://inside.example/secret"})

    async with serving(points_inside) as upstream:
        origin = upstream.origin.replace("127.0.0.1", "pictures.example")
        names = Names({"pictures.example": [["127.0.0.1"]], "inside.example": [["10.0.0.1"]]})
        with pytest.raises(BadRequest, match="public internet"):
            await ImageDownloader(http, {origin}, names).fetch(origin)
    assert names.asked == ["pictures.example", "inside.example"]


@pytest.mark.parametrize("url", ["https://a.example:22/", "http://a.example:8080/", "https://a.example:80443/"])
async def test_only_the_webs_own_ports_are_asked(http: Http, url: str) -> None:
    names = Names({"a.example": [["8.8.8.8"]]})
    with pytest.raises(BadRequest):
        await ImageDownloader(http, (), names).fetch(url)
    assert names.asked == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://a.example/", "a.png", "", "http://", "http://a b/"])
async def test_what_is_no_address_is_not_tried(http: Http, url: str) -> None:
    with pytest.raises(BadRequest, match="plain http or https"):
        await ImageDownloader(http).fetch(url)


@pytest.mark.parametrize("length", [True, False])
async def test_no_more_is_taken_than_a_picture_may_have(http: Http, *, length: bool) -> None:
    sent = 0

    async def never_ends(call: Call) -> None:
        nonlocal sent
        head = f"content-length: {1 << 40}\r\n" if length else ""
        await call.write(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + PNG)
        while True:
            await call.write(bytes(1 << 20))
            sent += 1 << 20

    async with serving(never_ends) as upstream:
        with pytest.raises(TooLarge, match=str(LARGEST_IMAGE)):
            await ImageDownloader(http, {upstream.origin}).fetch(upstream.origin)
    assert sent < LARGEST_IMAGE + (16 << 20)


async def test_a_slow_one_is_given_up(http: Http) -> None:
    async def drips(call: Call) -> None:
        await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + PNG[:20])
        while True:
            await call.write(b"x")
            await asyncio.sleep(0.02)

    async with serving(drips) as upstream:
        with pytest.raises(BadRequest, match="not in time"):
            await ImageDownloader(http, {upstream.origin}, seconds=0.3).fetch(upstream.origin)


async def test_one_that_breaks_off_is_no_picture(http: Http) -> None:
    async def cuts(call: Call) -> None:
        await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + PNG)
        call.cut()

    async with serving(cuts) as upstream:
        with pytest.raises(EaselError) as caught:
            await ImageDownloader(http, {upstream.origin}).fetch(upstream.origin)
    assert isinstance(caught.value, BadRequest)
    assert caught.value.code == "failed_to_download_image"
