"""A link is followed to expected origins only, and nobody's credentials go along to another."""

from __future__ import annotations

import pytest

from shared.errors import Unavailable
from shared.http import Http, origin_of
from tests.http.files import PNG, fetched, serve_file
from tests.http.upstream import Call, serving

KEY = {"Authorization": "Bearer sk-1", "Cookie": "session=1"}


async def serves(call: Call) -> None:
    await serve_file(call)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://example.com", "http://example.com"),
        ("HTTPS://Example.COM/a?b#c", "https://example.com"),
        ("https://example.com:443/", "https://example.com"),
        ("http://example.com:80/", "http://example.com"),
        ("http://example.com:443/", "http://example.com:443"),
        ("https://example.com:8443/", "https://example.com:8443"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
        ("https://[2001:DB8::1]/", "https://[2001:db8::1]"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_has_one_spelling(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/relative",
        "//example.com/a",
        "ftp://example.com/",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "http:///a",
        "https://user:pass@example.com/",
        "https://example.com@evil.example/",
        "http://[::1/",
        "http://example.com:99999999999/",
        "http://exam ple.com/",
        "https://example.com\\@evil.example/",
        "http://a\x00b/",
    ],
)
def test_what_is_no_origin_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        origin_of(url)
    assert "example" not in caught.value.message


async def test_a_foreign_origin_is_not_contacted(http: Http) -> None:
    async with serving(serves) as foreign, serving(serves) as expected:
        with pytest.raises(Unavailable, match="origin that was not expected") as caught:
            async with http.download(foreign.url("/secret?token=1"), origins={expected.origin}):
                pytest.fail("the block was entered")
    assert foreign.connections == 0
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_a_foreign_origin_is_not_followed(http: Http, status: int) -> None:
    async with serving(serves) as foreign:

        async def handler(call: Call) -> None:
            await call.answer(status, b"", {"location": foreign.url("/a.png")})

        async with serving(handler) as upstream:
            with pytest.raises(Unavailable, match="origin that was not expected"):
                await fetched(http, upstream)
    assert foreign.connections == 0


async def test_redirects_are_followed_and_the_headers_stay_at_home(http: Http) -> None:
    async with serving(serves) as shelf:

        async def handler(call: Call) -> None:
            target = "/second?x=1" if call.target == "/first" else shelf.url("/third")
            await call.answer(302, b"moved", {"location": target})

        async with serving(handler) as upstream:
            origins = {upstream.origin, shelf.origin}
            async with http.download(upstream.url("/first"), origins=origins, headers=KEY) as media:
                assert b"".join([chunk async for chunk in media.chunks]) == PNG
    assert [call.target for call in upstream.calls + shelf.calls] == ["/first", "/second?x=1", "/third"]
    assert all(call.headers["authorization"] == "Bearer sk-1" for call in upstream.calls)
    assert not {"authorization", "cookie"} & shelf.calls[0].headers.keys()


async def test_headers_can_be_meant_for_another_origin_than_the_first(http: Http) -> None:
    async with serving(serves) as api:

        async def handler(call: Call) -> None:
            await call.answer(307, b"", {"location": api.url()})

        async with serving(handler) as shelf:
            origins = {api.origin, shelf.origin}
            async with http.download(shelf.url(), origins=origins, headers=KEY, headers_for=api.origin):
                pass
    assert "authorization" not in shelf.calls[0].headers
    assert api.calls[0].headers["authorization"] == "Bearer sk-1"


@pytest.mark.parametrize(
    "location", ["/again", "", "ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://[", "data:,x"]
)
async def test_a_redirect_without_end_or_sense_is_given_up(http: Http, location: str) -> None:
    async def handler(call: Call) -> None:
        await call.answer(302, b"", {"location": location})

    async with serving(handler) as upstream:
        with pytest.raises(Unavailable):
            await fetched(http, upstream)
    assert len(upstream.calls) <= 6
