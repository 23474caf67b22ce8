"""A file that breaks off is taken up again where it broke, or is seen to be broken."""

from __future__ import annotations

import asyncio

import pytest

from shared.errors import ResultLost, Unavailable
from shared.http import Http
from shared.media import ByteRange
from tests.http.files import PNG, fetched, serve_file
from tests.http.upstream import Call, Handler, Upstream, serving

SIZE = len(PNG)
CUT = 100_000
STRONG = {"etag": '"v1"'}


async def cut_short(call: Call, *, etag: str = '"v1"', start: int = 0, length: int = CUT) -> None:
    """Promises all, and sends `length` bytes of it."""
    status, content_range = (206, f"content-range: bytes {start}-{SIZE - 1}/{SIZE}\r\n") if start else (200, "")
    head = f"HTTP/1.1 {status} X\r\ncontent-length: {SIZE - start}\r\netag: {etag}\r\n{content_range}\r\n"
    await call.write(head.encode() + PNG[start : start + length])
    call.cut()


async def stalls(call: Call) -> None:
    await call.write(b"HTTP/1.1 200 X\r\ncontent-length: %d\r\n\r\n" % SIZE + PNG[:CUT])
    await call.gone()


async def cuts_chunks(call: Call) -> None:
    await call.write(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n" % SIZE + PNG[:CUT])
    call.cut()


@pytest.mark.parametrize("fault", [cut_short, stalls, cuts_chunks])
@pytest.mark.parametrize("asked", [None, ByteRange(0)])
async def test_a_cut_is_mended(http: Http, fault: Handler, asked: ByteRange | None) -> None:
    async def handler(call: Call) -> None:
        await (fault(call) if call.number == 1 else serve_file(call, headers=STRONG))

    async with (
        serving(handler) as upstream,
        http.download(upstream.url(), origins={upstream.origin}, byte_range=asked, timeout=0.2) as media,
    ):
        assert b"".join([chunk async for chunk in media.chunks]) == PNG
    assert len(upstream.calls) == 2
    assert upstream.calls[1].headers["range"].startswith(f"bytes={CUT}-")


async def test_a_part_is_mended_within_its_bounds(http: Http) -> None:
    async def handler(call: Call) -> None:
        if call.number > 1:
            return await serve_file(call)
        head = f"HTTP/1.1 206 X\r\ncontent-length: 5000\r\ncontent-range: bytes 1000-5999/{SIZE}\r\n"
        await call.write(head.encode() + b"content-type: image/png\r\n\r\n" + PNG[1000:2000])
        call.cut()

    async with serving(handler) as upstream:
        assert await fetched(http, upstream, byte_range=ByteRange(1000, 5999)) == PNG[1000:6000]
    assert upstream.calls[1].headers["range"] == "bytes=2000-5999"


async def test_three_cuts_are_mended_and_the_etag_is_the_condition(http: Http) -> None:
    async def handler(call: Call) -> None:
        await cut_short(call, start=(call.number - 1) * 1000, length=1000 if call.number < 4 else SIZE)

    async with serving(handler) as upstream:
        assert await fetched(http, upstream) == PNG
    assert [call.headers.get("range") for call in upstream.calls[1:]] == [
        f"bytes={start}-{SIZE - 1}" for start in (1000, 2000, 3000)
    ]
    assert [call.headers.get("if-range") for call in upstream.calls] == [None, '"v1"', '"v1"', '"v1"']


async def test_a_weak_etag_is_no_condition(http: Http) -> None:
    async def handler(call: Call) -> None:
        await (cut_short(call, etag='W/"v1"') if call.number == 1 else serve_file(call))

    async with serving(handler) as upstream:
        assert await fetched(http, upstream) == PNG
    assert "if-range" not in upstream.calls[1].headers


async def test_a_gateway_in_trouble_and_a_broken_connection_count_as_resumptions(http: Http) -> None:
    async def handler(call: Call) -> None:
        if call.number == 1:
            await cut_short(call)
        elif call.number == 2:
            await call.answer(503)
        elif call.number == 3:
            call.cut()
        else:
            await serve_file(call)

    async with serving(handler) as upstream:
        assert await fetched(http, upstream) == PNG


async def breaks_again(call: Call) -> None:
    call.cut()


async def breaks_again_without_progress(call: Call) -> None:
    await call.write(f"HTTP/1.1 206 X\r\ncontent-range: bytes {CUT}-{SIZE - 1}/{SIZE}\r\n\r\n".encode())
    call.cut()


async def starts_over(call: Call) -> None:
    await call.answer(200, PNG)


async def continues_elsewhere(call: Call) -> None:
    await call.answer(206, PNG[:CUT], {"content-range": f"bytes 0-{CUT - 1}/{SIZE}"})


async def has_another_size_now(call: Call) -> None:
    await call.answer(206, PNG[CUT:], {"content-range": f"bytes {CUT}-{SIZE - 1}/{SIZE + 1}"})


async def has_another_etag_now(call: Call) -> None:
    await serve_file(call, headers={"etag": '"v2"'})


async def calls_a_part_the_whole(call: Call) -> None:
    await call.answer(200, PNG[CUT:], {"content-range": f"bytes {CUT}-{SIZE - 1}/{SIZE}"})


async def packs_it_now(call: Call) -> None:
    await serve_file(call, headers={"content-encoding": "gzip"})


async def names_no_range(call: Call) -> None:
    await call.answer(206, PNG[CUT:])


async def lost_it(call: Call) -> None:
    await call.answer(404)


async def moved_away(call: Call) -> None:
    await call.answer(302, b"", {"location": "http://127.0.0.1:1/"})


@pytest.mark.parametrize(
    "then",
    [
        breaks_again,
        breaks_again_without_progress,
        starts_over,
        continues_elsewhere,
        has_another_size_now,
        has_another_etag_now,
        calls_a_part_the_whole,
        packs_it_now,
        names_no_range,
        lost_it,
        moved_away,
    ],
)
async def test_what_cannot_be_mended_is_an_error_and_never_the_end(http: Http, then: Handler) -> None:
    async def handler(call: Call) -> None:
        await (cut_short(call) if call.number == 1 else then(call))

    received = bytearray()

    async def fetch(upstream: Upstream) -> None:
        async with http.download(upstream.url(), origins={upstream.origin}) as media:
            async for chunk in media.chunks:
                received.extend(chunk)

    async with serving(handler) as upstream:
        with pytest.raises((ResultLost, Unavailable)):
            await fetch(upstream)
    assert received == PNG[:CUT]
    assert len(upstream.calls) <= 4


async def test_resuming_waits_only_where_the_last_time_brought_nothing() -> None:
    """With the usual patience: three resumptions that each bring something take no time."""

    async def handler(call: Call) -> None:
        await cut_short(call, start=(call.number - 1) * 1000, length=1000 if call.number < 4 else SIZE)

    http = Http()
    async with serving(handler) as upstream, asyncio.timeout(1):
        assert await fetched(http, upstream) == PNG
    await http.aclose()


async def test_a_reset_is_not_the_end_of_a_file_without_length(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.write(b"HTTP/1.0 200 OK\r\n\r\n" + PNG)
        await asyncio.sleep(0.05)
        call.reset()

    async with serving(handler) as upstream:
        with pytest.raises(ResultLost):
            await fetched(http, upstream)


async def test_a_file_without_length_ends_where_the_connection_ends(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.write(b"HTTP/1.0 200 OK\r\n\r\n" + PNG)
        call.cut()

    async with serving(handler) as upstream:
        assert await fetched(http, upstream) == PNG
