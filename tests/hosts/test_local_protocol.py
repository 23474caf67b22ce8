"""The local server's HTTP: limits on headers and time, and the envelope for invalid requests."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from shared.hosts.local_protocol import LARGEST_HEAD, MOST_HEADERS, MOST_PIPELINED, LocalProtocol
from tests.local_server import LocalServer
from tests.rig import API_KEY

TIMEOUT = 1.0
GET = b"GET /ping HTTP/1.1\r\nhost: localhost\r\n"
POST = b"POST /ping HTTP/1.1\r\nhost: localhost\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"


class ShortTimeouts(LocalProtocol):
    timeout = TIMEOUT
    slowest = 100


class Answer(NamedTuple):
    """One response; `closed` when nothing comes after it."""

    status: int
    headers: dict[str, str]
    body: bytes


class Client(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> Answer:
        """The next response."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(first.split()[1]), headers, body)

    async def is_closed(self) -> bool:
        """Wait until the server closes; False if it sends anything else before."""
        return await self.reader.read() == b""


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with how many bytes the body has."""
    body = await Request(scope, receive).body()
    await Response(str(len(body)))(scope, receive, send)


async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without reading the body."""
    await Response("no")(scope, receive, send)


async def late(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing for longer than a client may; then answer as `echo` does."""
    await asyncio.sleep(1.5 * TIMEOUT)
    await echo(scope, receive, send)


@asynccontextmanager
async def serving(app: ASGIApp, protocol: type[LocalProtocol] = LocalProtocol) -> AsyncIterator[Client]:
    """A client connected to a server with this app; all of it within thirty seconds."""
    config = Config(app, interface="asgi3", lifespan="off", ws="none", log_config=None)
    state = ServerState()
    async with asyncio.timeout(30):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield Client(reader, writer)
        finally:
            writer.close()
            server.close()
            while state.connections or state.tasks:
                await asyncio.sleep(0.01)


def assert_envelope(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-request-id"].startswith("req_")


def lines(number: int, size: int = 1) -> bytes:
    return b"".join(b"x-%d: %s\r\n" % (n, b"y" * size) for n in range(number))


def padded(start: bytes, size: int) -> bytes:
    """A head whose address, names and values have exactly so many bytes."""
    counted = len(start) - len(b"GET  HTTP/1.1\r\n: \r\n")
    return start + b"x: " + b"y" * (size - counted - len(b"x")) + b"\r\n\r\n"


# Bounds

WITHIN = {
    "most lines": GET + lines(MOST_HEADERS - 1) + b"\r\n",
    "most bytes": padded(GET, LARGEST_HEAD),
    "many long lines": GET + lines(99, 600) + b"\r\n",
    "long address": b"GET /" + b"y" * 60_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
}
BEYOND = {
    "a line too many": GET + lines(MOST_HEADERS) + b"\r\n",
    "a byte too many": padded(GET, LARGEST_HEAD + 1),
    "one long line": GET + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
    "one long name": GET + b"y" * 70_000 + b": x\r\n\r\n",
    "one line without end": GET + b"x: " + b"y" * 400_000,
    "long address": b"GET /" + b"y" * 66_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "many long lines": GET + lines(70, 1000) + b"\r\n",
    "blank lines without end": b"\r\n" * 200_000,
}
TRAILING = {
    "a long trailer": CHUNKED + b"0\r\nx: " + b"y" * 400_000,
    "many trailers": CHUNKED + b"0\r\n" + lines(MOST_HEADERS) + b"\r\n",
    "a long chunk extension": CHUNKED + b"5;x=" + b"y" * 400_000,
}


@pytest.mark.parametrize("request_", WITHIN.values(), ids=WITHIN)
async def test_headers_within_the_bounds(request_: bytes) -> None:
    async with serving(echo) as client:
        for _ in range(2):
            client.send(request_)
            assert (await client.answer()).status == 200


@pytest.mark.parametrize("before", [b"", GET + b"\r\n"], ids=["first request", "second request"])
@pytest.mark.parametrize("request_", BEYOND.values(), ids=BEYOND)
async def test_headers_beyond_the_bounds(request_: bytes, before: bytes) -> None:
    async with serving(echo) as client:
        if before:
            client.send(before)
            assert (await client.answer()).status == 200
        client.send(request_)
        assert_envelope(await client.answer(), 431, "headers_too_large")
        assert await client.is_closed()


@pytest.mark.parametrize("request_", TRAILING.values(), ids=TRAILING)
async def test_what_stands_around_a_chunk_is_bounded_too(request_: bytes) -> None:
    async with serving(echo) as client:
        client.send(request_)
        assert_envelope(await client.answer(), 431, "headers_too_large")
        assert await client.is_closed()


@pytest.mark.parametrize("size", [1, 50_000])
async def test_the_bounds_hold_for_each_request_by_itself(size: int) -> None:
    async with serving(echo) as client:
        for _ in range(3):
            client.send(GET + b"x: " + b"y" * size + b"\r\n" + lines(90) + b"\r\n")
            assert (await client.answer()).status == 200
        client.send(POST + b"content-length: 1000000\r\n\r\n" + b"b" * 1_000_000)
        assert (await client.answer()).body == b"1000000"
        client.send(CHUNKED + b"1\r\nb\r\n" * 100_000 + b"0\r\nx: y\r\n\r\n")
        assert (await client.answer()).body == b"100000"


async def test_the_error_arrives_though_the_client_goes_on_sending() -> None:
    async with serving(echo) as client:
        client.send(GET + b"x: ")
        for _ in range(50):
            client.send(b"y" * 100_000)
            await client.writer.drain()
        assert_envelope(await client.answer(), 431, "headers_too_large")


# What is no HTTP

MALFORMED = {
    "no HTTP": b"nonsense\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "bad version": b"GET / HTTP/9.9\r\n\r\n",
    "bad address": b"GET h\xc3\xa4h HTTP/1.1\r\n\r\n",
    "tunnel": b"CONNECT / HTTP/1.1\r\nhost: x\r\n\r\n",
    "no address": b"CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "bad header": GET + b"a b: c\r\n\r\n",
    "zero in a header": GET + b"a: \x00\r\n\r\n",
    "two lengths": POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\n",
    "length and chunks": POST + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    "negative length": POST + b"content-length: -1\r\n\r\n",
    "bad chunk": CHUNKED + b"nonsense\r\n",
    "bad chunk later": CHUNKED + b"1\r\nb\r\nnonsense\r\n",
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_http_gets_the_envelope(request_: bytes) -> None:
    async with serving(echo) as client:
        client.send(request_)
        assert_envelope(await client.answer(), 400, "invalid_http")
        assert await client.is_closed()


@pytest.mark.parametrize("waste", [b"nonsense\r\n\r\n", GET + lines(101) + b"\r\n"], ids=["no HTTP", "too many lines"])
async def test_a_request_is_answered_before_what_is_wrong_after_it(waste: bytes) -> None:
    going_on = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await going_on.wait()
        await echo(scope, receive, send)

    async with serving(slow) as client:
        client.send((GET + b"\r\n") * 2 + waste)
        await asyncio.sleep(0.1)
        going_on.set()
        first, last = [await client.answer() for _ in range(2)]
        assert [(answer.status, answer.body) for answer in (first, last)] == [(200, b"0")] * 2
        assert ("connection" in first.headers, last.headers["connection"]) == (False, "close")
        assert await client.is_closed()


async def test_nothing_follows_on_a_response_that_has_begun() -> None:
    async with serving(deaf) as client:
        client.send(CHUNKED)
        assert (await client.answer()).body == b"no"
        client.send(b"nonsense\r\n")
        assert await client.is_closed()


async def test_the_app_learns_that_a_body_broke_off() -> None:
    seen: list[str] = []

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            seen.append(str(message["type"]))
        seen.append("http.disconnect")
        await Response("too late")(scope, receive, send)

    async with serving(listening) as client:
        client.send(CHUNKED + b"1\r\nb\r\n")
        await asyncio.sleep(0.05)
        client.send(b"nonsense\r\n")
        assert_envelope(await client.answer(), 400, "invalid_http")
        assert await client.is_closed()
    assert seen == ["http.request", "http.disconnect"]


@pytest.mark.parametrize("upgrade", [b"", b"connection: upgrade\r\nupgrade: h2c\r\n"], ids=["plain", "upgrade"])
async def test_only_so_many_requests_wait_for_their_responses(upgrade: bytes) -> None:
    async with serving(echo) as client:
        client.send((GET + upgrade + b"\r\n") * 10 * MOST_PIPELINED)
        answers = [await client.answer() for _ in range(MOST_PIPELINED + 1)]
        assert {answer.status for answer in answers} == {200}
        assert await client.is_closed()


@pytest.mark.parametrize("pause", [0, 0.05], ids=["at once", "body later"])
@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
async def test_a_request_to_upgrade_is_read_as_any_other(upgrade: bytes, pause: float) -> None:
    """Its body included, which Java's client sends along."""
    head = POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %s\r\n" % upgrade
    async with serving(echo) as client:
        for start, body, size in [
            (head + b"content-length: 32\r\n\r\n", b"GET / HTTP/1.1\r\nhost: inner\r\n\r\n\0", b"32"),
            (head + b"transfer-encoding: chunked\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"3"),
            (head + b"\r\n", b"", b"0"),
        ]:
            client.send(start)
            await asyncio.sleep(pause)
            client.send(body)
            assert (await client.answer()).body == size
        client.send(GET + b"\r\n")
        assert (await client.answer()).status == 200


# RetryPolicy

SILENT = {
    "nothing": b"",
    "half a line": b"GET /p",
    "half a head": GET,
    "half a body": POST + b"content-length: 9\r\n\r\nb",
}


@pytest.mark.parametrize("sent", SILENT.values(), ids=SILENT)
async def test_a_client_that_falls_silent_is_left(sent: bytes) -> None:
    async with serving(echo, ShortTimeouts) as client:
        client.send(sent)
        if sent:
            assert_envelope(await client.answer(), 408, "request_timeout")
        assert await client.is_closed()


async def test_headers_in_drips_do_not_prolong_it() -> None:
    async with serving(echo, ShortTimeouts) as client:
        client.send(GET)
        dripping = asyncio.create_task(_drip(client, b"x: y\r\n", 100, TIMEOUT / 10))
        assert_envelope(await client.answer(), 408, "request_timeout")
        assert await client.is_closed()
        assert not dripping.done()
        dripping.cancel()


async def test_a_body_in_drips_is_left_as_well() -> None:
    async with serving(echo, ShortTimeouts) as client:
        client.send(POST + b"content-length: 1000\r\n\r\n")
        dripping = asyncio.create_task(_drip(client, b"b", 100, TIMEOUT / 10))
        assert_envelope(await client.answer(), 408, "request_timeout")
        assert not dripping.done()
        dripping.cancel()


async def test_a_slow_body_has_all_the_time_it_needs() -> None:
    async with serving(echo, ShortTimeouts) as client:
        client.send(POST + b"content-length: 1500\r\n\r\n")
        await _drip(client, b"b" * 100, 15, TIMEOUT / 10)
        assert (await client.answer()).body == b"1500"


async def test_a_slow_response_has_all_the_time_it_needs() -> None:
    async with serving(late, ShortTimeouts) as client:
        for request_ in (GET + b"\r\n", POST + b"content-length: 3\r\n\r\nabc", (GET + b"\r\n") * 2):
            client.send(request_)
            assert (await client.answer()).status == 200
        assert (await client.answer()).status == 200


async def test_a_client_does_not_pay_for_an_app_that_does_not_read() -> None:
    async with serving(late, ShortTimeouts) as client:
        client.send(POST + b"content-length: 30000000\r\n\r\n" + b"b" * 30_000_000)
        assert (await client.answer()).body == b"30000000"


async def test_a_client_that_waits_for_the_word_to_go_on_is_not_late() -> None:
    async with serving(late, ShortTimeouts) as client:
        client.send(POST + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\n")
        assert (await client.answer()).status == 100
        client.send(b"abc")
        assert (await client.answer()).body == b"3"


async def test_a_body_that_nobody_wants_is_waited_for_no_longer() -> None:
    async with serving(deaf, ShortTimeouts) as client:
        client.send(POST + b"content-length: 1000\r\n\r\nb")
        assert (await client.answer()).body == b"no"
        assert await client.is_closed()


async def test_a_connection_that_is_in_use_stays_open() -> None:
    async with serving(echo, ShortTimeouts) as client:
        for _ in range(20):
            client.send(GET + b"\r\n")
            assert (await client.answer()).status == 200
            await asyncio.sleep(TIMEOUT / 10)


async def _drip(client: Client, piece: bytes, times: int, pause: float) -> None:
    for _ in range(times):
        client.send(piece)
        await asyncio.sleep(pause)


# The server itself


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    server = LocalServer({"API_KEYS": API_KEY})
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (GET + lines(101) + b"\r\n", 431, "headers_too_large"),
        (GET + b"x: " + b"y" * 10_000_000, 431, "headers_too_large"),
        (b"nonsense\r\n\r\n", 400, "invalid_http"),
    ],
    ids=["many lines", "10 MB line", "no HTTP"],
)
def test_make_serve_has_these_bounds(server: LocalServer, request_: bytes, status: int, code: str) -> None:
    log, address = server.log, urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connection:
        connection.sendall(request_)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body)["error"]["code"] == code
    assert server.log == log
