"""HTTP/1.1 as servers speak it, well and badly; each fault has httpx's name for it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from shared.http import sockets as network
from shared.http.transport import ConnectionPool
from tests.http.upstream import Call, listening, serving

ROOT = Path(__file__).parents[2]
OK = b"HTTP/1.1 200 OK\r\n"
MEGABYTE = 1 << 20


@pytest.fixture
async def pool() -> AsyncIterator[ConnectionPool]:
    async with ConnectionPool() as pool:
        yield pool


async def ask(
    pool: ConnectionPool,
    url: str,
    content: bytes | AsyncIterator[bytes] | None = None,
    *,
    method: str = "POST",
    timeout: Mapping[str, float] | None = None,
) -> tuple[int, bytes]:
    request = httpx.Request(method, url, content=content, extensions={"timeout": timeout or {}})
    response = await pool.handle_async_request(request)
    try:
        return response.status_code, await response.aread()
    finally:
        await response.aclose()


@pytest.mark.parametrize("drips", [False, True])
@pytest.mark.parametrize(
    ("raw", "body", "lasts"),
    [
        (OK + b"content-length: 5\r\n\r\nhello", b"hello", True),
        (OK + b"content-length: 0\r\n\r\n", b"", True),
        (OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", b"hello", True),
        (OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n", b"hello", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"content-length: 2\r\n\r\nhi", b"hi", True),
        (b"HTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n" * 2 + OK + b"content-length: 2\r\n\r\nhi", b"hi", True),
        (OK + b"\r\nhello", b"hello", False),
        (OK + b"connection: close\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
    ],
)
async def test_an_answer_is_heard_to_its_end(
    pool: ConnectionPool, raw: bytes, body: bytes, lasts: bool, drips: bool
) -> None:
    async def handler(call: Call) -> None:
        for part in [raw[at : at + 1] for at in range(len(raw))] if drips else [raw]:
            await call.write(part)
            await asyncio.sleep(0)
        if not lasts:
            call.cut()

    async with serving(handler) as upstream:
        for _ in range(2):
            assert (await ask(pool, upstream.url()))[1] == body
        assert upstream.connections == (1 if lasts else 2)


async def test_an_answer_to_head_has_no_body(pool: ConnectionPool) -> None:
    async def handler(call: Call) -> None:
        await call.write(OK + b"content-length: 5\r\n\r\n")

    async with serving(handler) as upstream:
        for _ in range(2):
            assert await ask(pool, upstream.url(), method="HEAD") == (200, b"")
    assert upstream.connections == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x16\x03\x01",
        b"HTTP/1.1 103 Hints\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        OK + b"transfer-encoding: gzip\r\n\r\nhello",
        OK + b"content-length: 5\r\n\r\nhell",
        OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\nfive\r\n",
        OK + b"x: " + b"x" * (1 << 18),
    ],
)
async def test_what_is_no_whole_answer_is_a_protocol_error(pool: ConnectionPool, raw: bytes) -> None:
    async def handler(call: Call) -> None:
        await call.write(raw)
        call.cut()

    async with serving(handler) as upstream:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(pool, upstream.url())
        await asyncio.sleep(0.02)
        assert upstream.open_now == 0


@pytest.mark.parametrize("raw", [b"", OK + b"content-length: 5\r\n\r\nhell"])
async def test_a_reset_is_a_read_error(pool: ConnectionPool, raw: bytes) -> None:
    async def handler(call: Call) -> None:
        await call.write(raw)
        await asyncio.sleep(0.05)
        call.reset()

    async with serving(handler) as upstream:
        with pytest.raises(httpx.ReadError):
            await ask(pool, upstream.url())


@pytest.mark.parametrize("raw", [b"", OK + b"content-length: 5\r\n\r\nhell"])
async def test_silence_is_a_read_timeout(pool: ConnectionPool, raw: bytes) -> None:
    async def handler(call: Call) -> None:
        await call.write(raw)
        await call.gone()

    async with serving(handler) as upstream:
        with pytest.raises(httpx.ReadTimeout):
            await ask(pool, upstream.url(), timeout={"read": 0.05})
        await asyncio.sleep(0.02)
        assert upstream.open_now == 0


async def test_a_server_that_does_not_read_is_a_write_timeout(pool: ConnectionPool) -> None:
    async def sleeps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with listening(sleeps) as origin:
        with pytest.raises(httpx.WriteTimeout):
            await ask(pool, origin, bytes(20 * MEGABYTE), timeout={"write": 0.05})


async def test_a_server_that_leaves_while_it_is_written_to_without_a_word(pool: ConnectionPool) -> None:
    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with listening(leaves) as origin:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await ask(pool, origin, bytes(20 * MEGABYTE))


async def test_nobody_there_is_a_connect_error(pool: ConnectionPool) -> None:
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(httpx.ConnectError):
            await ask(pool, f"http://127.0.0.1:{taken.getsockname()[1]}/")


async def test_a_connection_that_takes_too_long_is_a_connect_timeout() -> None:
    with pytest.raises(httpx.ConnectTimeout):
        await network.connect("127.0.0.1", 1, tls=False, timeout=0)


@pytest.mark.parametrize("headers", [{"x": "a\r\nb: c"}, {"content-length": "1"}])
async def test_a_request_that_makes_no_sense_is_not_sent(pool: ConnectionPool, headers: dict[str, str]) -> None:
    async def handler(call: Call) -> None:
        await call.answer()

    async with serving(handler) as upstream:
        with pytest.raises(httpx.LocalProtocolError):
            await pool.handle_async_request(httpx.Request("POST", upstream.url(), headers=headers, content=b"two"))
    assert not upstream.calls


@pytest.mark.parametrize("garbage", [b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"])
async def test_what_comes_after_the_answer_is_nobodys_answer(pool: ConnectionPool, garbage: bytes) -> None:
    async def handler(call: Call) -> None:
        await call.write(OK + b"content-length: 1\r\n\r\n%d" % call.number + garbage)

    async with serving(handler) as upstream:
        for number in (b"1", b"2", b"3"):
            assert await ask(pool, upstream.url()) == (200, number)
    assert upstream.connections == 3


async def test_a_stream_that_was_closed_gives_nothing_of_the_next_answer(pool: ConnectionPool) -> None:
    async def handler(call: Call) -> None:
        await call.answer(200, b"%d" % call.number)

    async with serving(handler) as upstream:
        first = await pool.handle_async_request(httpx.Request("GET", upstream.url()))
        assert isinstance(first.stream, httpx.AsyncByteStream)
        assert [part async for part in first.stream] == [b"1"]
        for _ in range(2):
            await first.stream.aclose()
        assert await ask(pool, upstream.url()) == (200, b"2")
        assert [part async for part in first.stream] == []
    assert upstream.connections == 1


async def test_an_answer_is_heard_although_the_server_reads_no_further(pool: ConnectionPool) -> None:
    async def too_large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nno.")
        await asyncio.sleep(5)

    async with listening(too_large) as origin, asyncio.timeout(2):
        for _ in range(2):  # the rest of the body never leaves, so that no connection is used again
            assert await ask(pool, origin, bytes(20 * MEGABYTE)) == (413, b"no.")


async def test_an_announcement_does_not_stop_an_upload(pool: ConnectionPool) -> None:
    async def announces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 103 Hints\r\n\r\n")
        await asyncio.sleep(0.05)
        body = await reader.readexactly(20 * MEGABYTE)
        writer.write(OK + b"content-length: 8\r\n\r\n%08d" % len(body))

    async with listening(announces) as origin:
        assert await ask(pool, origin, bytes(20 * MEGABYTE)) == (200, b"20971520")


async def test_an_upload_is_read_no_faster_than_it_is_taken(pool: ConnectionPool) -> None:
    made = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(32):
            made += 1
            yield bytes(MEGABYTE)

    async def reads_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)
        before, end = made, b""
        while not end.endswith(b"\r\n0\r\n\r\n"):
            end = end[-6:] + await reader.read(1 << 16)
        writer.write(OK + b"content-length: 2\r\n\r\n%02d" % before)

    async with listening(reads_slowly) as origin:
        status, before = await ask(pool, origin, parts())
    assert status == 200
    assert int(before) < 16 < made == 32


async def test_a_small_request_is_one_piece(pool: ConnectionPool) -> None:
    pieces: list[bytes] = []

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pieces.append(await reader.read(1 << 16))
        writer.write(OK + b"content-length: 0\r\n\r\n")

    async with listening(takes) as origin:
        assert await ask(pool, origin, b"hello") == (200, b"")
    assert pieces[0].endswith(b"\r\n\r\nhello")


async def test_httpcore_is_there_for_proxies_alone() -> None:
    code = """
import asyncio, sys
from shared.http import Http
async def main():
    await Http().read("GET", sys.argv[1])
asyncio.run(main())
assert "httpcore" not in sys.modules
"""

    async def handler(call: Call) -> None:
        await call.answer()

    async with serving(handler) as upstream:
        command = [sys.executable, "-c", code, upstream.origin]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=subprocess.PIPE)
        assert (await process.communicate())[1] == b""
