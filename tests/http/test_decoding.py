"""A body is decoded piece by piece, and no further than to its bound, however small it is on the wire."""

from __future__ import annotations

import functools
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest

from shared.errors import ResultLost, Unavailable, Uncertain
from shared.http import Http
from tests.event_loop import counted_turns
from tests.http.upstream import Call, Handler, serving

MEGABYTE = 1 << 20
TEXT = random.Random(7).randbytes(20_000) + bytes(600_000)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@functools.cache
def bomb(part: bytes = bytes(MEGABYTE), megabytes: int = 200) -> bytes:
    """A megabyte that becomes two hundred."""
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(part) for _ in range(megabytes)) + packer.flush()


def gives(body: bytes, *encodings: str, piece: int = 0) -> Handler:
    """Answers with the body at once, or in chunks of so many bytes."""
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"content-encoding: %b\r\n" % each.encode() for each in encodings)

    async def handler(call: Call) -> None:
        if not piece:
            await call.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
            return
        await call.write(head + b"transfer-encoding: chunked\r\n\r\n")
        for start in range(0, len(body), piece):
            part = body[start : start + piece]
            await call.write(b"%x\r\n%b\r\n" % (len(part), part))
        await call.write(b"0\r\n\r\n")

    return handler


@pytest.fixture
def allocated() -> Iterator[None]:
    """Fails the test where more than twice the bound of a body was allocated at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 150 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("piece", [0, 100, 1_000_000])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("GZip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("identity", TEXT),
        ("", TEXT),
    ],
)
async def test_a_body_is_the_same_in_every_encoding(http: Http, encoding: str, body: bytes, piece: int) -> None:
    async with serving(gives(body, encoding, piece=piece)) as upstream:
        assert (await http.read("GET", upstream.url())).body == TEXT
        async with http.stream("POST", upstream.url()) as listening:
            assert (await listening.read()).body == TEXT
        async with http.stream("POST", upstream.url()) as listening:
            lines = [line async for line in listening.lines()]
    assert lines == [*TEXT.splitlines()]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_body_may_come_byte_by_byte(http: Http, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    async with serving(gives(pack(b"hello"), encoding, piece=1)) as upstream:
        assert (await http.read("GET", upstream.url())).body == b"hello"


async def test_an_empty_body_needs_no_decoding(http: Http) -> None:
    async with serving(gives(b"", "gzip")) as upstream:
        assert (await http.read("GET", upstream.url())).body == b""


@pytest.mark.usefixtures("allocated")
async def test_a_small_body_that_becomes_a_huge_one_is_refused(http: Http) -> None:
    async with serving(gives(bomb(), "gzip")) as upstream:
        with pytest.raises(Unavailable, match="too large"):
            await http.read("GET", upstream.url())
        assert len(upstream.calls) == 1
        with pytest.raises(Uncertain, match="too large"):
            await http.send("POST", upstream.url())
        async with http.stream("POST", upstream.url()) as listening:
            with pytest.raises(Uncertain, match="too large"):
                await listening.read()


@pytest.mark.usefixtures("allocated")
@pytest.mark.parametrize("line", [bytes(MEGABYTE), b"x" * (MEGABYTE - 1) + b"\n"])
async def test_a_small_stream_that_becomes_a_huge_one_is_broken_off(http: Http, line: bytes) -> None:
    async with serving(gives(bomb(line), "gzip")) as upstream, http.stream("POST", upstream.url()) as listening:
        with pytest.raises(ResultLost, match="too long"):
            async for _ in listening.lines():
                pass


@pytest.mark.usefixtures("allocated")
@pytest.mark.parametrize("encodings", [("gzip, gzip",), ("gzip", "gzip"), ("gzip, deflate",), ("br",), ("zstd",)])
async def test_other_encodings_and_chains_of_them_are_refused(http: Http, encodings: tuple[str, ...]) -> None:
    async with serving(gives(gzip.compress(bomb()), *encodings)) as upstream:
        with pytest.raises(Unavailable, match="encoding"):
            await http.read("GET", upstream.url())
        assert len(upstream.calls) == 1
        with pytest.raises(Uncertain, match="encoding"):
            await http.send("POST", upstream.url())
        async with http.stream("POST", upstream.url()) as listening:
            with pytest.raises(ResultLost):
                await anext(listening.lines())


@pytest.mark.parametrize("body", [gzip.compress(TEXT)[:-9], gzip.compress(TEXT)[:1], b"\x1f\x8b" + bytes(100)])
async def test_a_compressed_body_that_is_cut_off_or_damaged_is_broken(http: Http, body: bytes) -> None:
    async with serving(gives(body, "gzip")) as upstream:
        with pytest.raises(Unavailable, match="broke the connection off"):
            await http.read("GET", upstream.url())
        async with http.stream("POST", upstream.url()) as listening:
            with pytest.raises(ResultLost):
                assert [line async for line in listening.lines()] == []


async def test_others_run_while_a_body_is_decoded(http: Http) -> None:
    async with serving(gives(bomb(megabytes=60), "gzip")) as upstream:
        await http.read("GET", upstream.url())  # what is made at first use is there now
        async with counted_turns() as turns:
            assert len((await http.read("GET", upstream.url())).body) == 60 * MEGABYTE
    assert turns.count > 200
