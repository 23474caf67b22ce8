"""A result is fetched from where it may lie, is what it says, and is the part that was asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from shared.errors import EaselError, NotFound, RangeInvalid, Unavailable
from shared.http import Http
from shared.media import ByteRange
from tests.http.files import PNG, fetched, serve_file
from tests.http.upstream import Call, Handler, Upstream, serving

SIZE = len(PNG)
RANGES = [
    (ByteRange(0), 0, SIZE),
    (ByteRange(0, 99), 0, 100),
    (ByteRange(0, 1), 0, 2),
    (ByteRange(5, 5), 5, 6),
    (ByteRange(1000), 1000, SIZE),
    (ByteRange(1000, SIZE + 1000), 1000, SIZE),
    (ByteRange(-1), SIZE - 1, SIZE),
    (ByteRange(-500), SIZE - 500, SIZE),
    (ByteRange(-SIZE - 500), 0, SIZE),
]


async def serves(call: Call) -> None:
    await serve_file(call, headers={"content-type": "image/png"})


async def ignores_ranges(call: Call) -> None:
    await call.answer(200, PNG)


async def ignores_ranges_and_hides_the_size(call: Call) -> None:
    await call.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n")
    for at in range(0, SIZE, 1000):
        part = PNG[at : at + 1000]
        await call.write(b"%x\r\n%s\r\n" % (len(part), part))
    await call.write(b"0\r\n\r\n")


@pytest.mark.parametrize("handler", [serves, ignores_ranges])
@pytest.mark.parametrize(("asked", "start", "stop"), RANGES)
async def test_a_range_is_served(http: Http, handler: Handler, asked: ByteRange, start: int, stop: int) -> None:
    async with (
        serving(handler) as upstream,
        http.download(upstream.url(), origins={upstream.origin}, byte_range=asked) as media,
    ):
        assert media.media_type == "image/png"
        assert (media.start, media.length, media.total) == (start, stop - start, SIZE)
        assert b"".join([chunk async for chunk in media.chunks]) == PNG[start:stop]
    assert upstream.calls[0].headers["range"] == str(asked)
    assert upstream.calls[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("asked", [None, *(asked for asked, _, _ in RANGES)])
async def test_a_range_of_a_file_of_unknown_size_is_the_whole(http: Http, asked: ByteRange | None) -> None:
    async with (
        serving(ignores_ranges_and_hides_the_size) as upstream,
        http.download(upstream.url(), origins={upstream.origin}, byte_range=asked) as media,
    ):
        assert (media.start, media.length, media.total) == (0, None, None)
        assert b"".join([chunk async for chunk in media.chunks]) == PNG


@pytest.mark.parametrize("handler", [serves, ignores_ranges])
async def test_a_range_outside_of_the_file_is_refused_with_its_size(http: Http, handler: Handler) -> None:
    async with serving(handler) as upstream:
        with pytest.raises(RangeInvalid) as caught:
            await fetched(http, upstream, byte_range=ByteRange(SIZE))
    assert caught.value.total == SIZE


@pytest.mark.parametrize("content_range", ["", "bytes 0-99/*", "bytes 7-106/5000", "bytes 8-7/9", "items 5-9/10", "x"])
async def test_another_part_than_was_asked_for_is_refused(http: Http, content_range: str) -> None:
    async def handler(call: Call) -> None:
        await call.answer(206, PNG[:100], {"content-range": content_range, "content-type": "image/png"})

    async with serving(handler) as upstream:
        for asked in (ByteRange(5), None):
            with pytest.raises(Unavailable, match="part of the result"):
                await fetched(http, upstream, byte_range=asked)


async def test_the_opening_is_repeated_like_a_read(http: Http) -> None:
    async def handler(call: Call) -> None:
        if call.number == 1:
            call.cut()
        elif call.number == 2:
            await call.answer(503)
        else:
            await serve_file(call)

    async with serving(handler) as upstream:
        assert await fetched(http, upstream) == PNG


async def test_a_file_that_is_missing_at_first_is_requested_again(http: Http) -> None:
    async def handler(call: Call) -> None:
        if len(upstream.calls) < 3:
            await call.answer(404, b"")
        else:
            await serve_file(call)

    async with serving(handler) as upstream:
        assert await fetched(http, upstream) == PNG
    assert len(upstream.calls) == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFound), (410, NotFound), (403, Unavailable), (500, Unavailable), (502, Unavailable), (204, Unavailable)],
)
async def test_a_status_without_a_file_says_what_is_wrong(http: Http, status: int, kind: type[EaselError]) -> None:
    async def handler(call: Call) -> None:
        await call.answer(status, b"")

    async with serving(handler) as upstream:
        with pytest.raises(kind):
            await fetched(http, upstream)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "image/png"}, b"<!doctype html><html><body>Sorry" + bytes(100)),
        ({"content-type": "image/png"}, b"<html>short"),
        ({"content-type": "image/png"}, b""),
        ({"content-type": "image/png", "content-encoding": "gzip"}, PNG),
        ({"content-type": "image/svg+xml"}, b"<svg/>"),
    ],
)
@pytest.mark.parametrize("asked", [None, ByteRange(0)])
async def test_what_is_not_a_picture_is_refused_before_the_block(
    http: Http, headers: dict[str, str], body: bytes, asked: ByteRange | None
) -> None:
    async def handler(call: Call) -> None:
        await call.answer(200, body, headers)

    async with serving(handler) as upstream:
        with pytest.raises((Unavailable, RangeInvalid)):
            async with http.download(upstream.url(), origins={upstream.origin}, byte_range=asked):
                pytest.fail("the block was entered")


@pytest.mark.parametrize("declared", ["text/html", "application/octet-stream", "image/svg+xml", ""])
async def test_a_part_without_the_beginning_is_what_the_upstream_says_if_it_is_one_of_ours(
    http: Http, declared: str
) -> None:
    async def handler(call: Call) -> None:
        await serve_file(call, headers={"content-type": declared})

    async with serving(handler) as upstream:
        with pytest.raises(Unavailable, match="not an image or a video"):
            await fetched(http, upstream, byte_range=ByteRange(1000))


async def test_a_file_that_comes_byte_by_byte_is_told_all_the_same(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        for byte in PNG[:100]:
            await call.write(bytes([byte]))
            await asyncio.sleep(0)

    async with serving(handler) as upstream:
        assert await fetched(http, upstream) == PNG[:100]


async def test_a_connection_that_brought_its_file_is_used_again(http: Http) -> None:
    async with serving(serves) as upstream:
        for asked in (None, ByteRange(0, 99), ByteRange(-100)):
            await fetched(http, upstream, byte_range=asked)
    assert upstream.connections == 1


@pytest.mark.parametrize("leave", ["break", "raise", "cancel"])
async def test_leaving_early_closes_the_connection(http: Http, leave: str) -> None:
    gone = asyncio.Event()

    async def handler(call: Call) -> None:
        await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + PNG)
        await call.gone()
        gone.set()

    async def look(upstream: Upstream) -> None:
        async with http.download(upstream.url(), origins={upstream.origin}) as media:
            async for _ in media.chunks:
                if leave == "raise":
                    raise ZeroDivisionError
                if leave == "break":
                    break

    async with serving(handler) as upstream:
        task = asyncio.ensure_future(look(upstream))
        await asyncio.sleep(0.1)
        if leave == "cancel":
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(gone.wait(), 1)


async def test_a_long_film_flows_through_in_flat_memory(http: Http) -> None:
    chunk = bytes(1 << 20)

    async def handler(call: Call) -> None:
        await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (64 << 20))
        await call.write(b"\x00\x00\x00\x20ftypisom" + chunk[12:])
        for _ in range(63):
            await call.write(chunk)

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc on this machine")
    received = 0
    async with serving(handler) as upstream:
        before = peak = resident()
        async with http.download(upstream.url(), origins={upstream.origin}) as media:
            await asyncio.sleep(0.3)  # a reader who is slower than the upstream
            async for part in media.chunks:
                received += len(part)
                peak = max(peak, resident())
    assert received == 64 << 20
    assert peak - before < 24 << 20


async def calls_it_octets(call: Call) -> None:
    await serve_file(call, headers={"content-type": "application/octet-stream"})


async def test_a_middle_part_is_what_the_caller_knows_it_to_be(http: Http) -> None:
    async with serving(calls_it_octets) as upstream:
        part = ByteRange(1000, 1099)
        origins = {upstream.origin}
        async with http.download(upstream.url(), origins=origins, byte_range=part, media_type="image/webp") as media:
            assert media.media_type == "image/webp"
        async with http.download(upstream.url(), origins=origins, media_type="image/webp") as media:
            assert media.media_type == "image/png"  # its first bytes know better
        with pytest.raises(Unavailable):
            async with http.download(upstream.url(), origins=origins, byte_range=part):
                pass
