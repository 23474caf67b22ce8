"""Request headers without end, broken HTTP, and clients that fall silent in the midst of a request."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.local_server import LocalServer
from tests.rig import API_KEY
from tests.soak.watch import MEGABYTE, Watch

_LINE_MEGABYTES = 256
_LINES = 100_000
_PIPELINED = 1_000_000
_LONGEST_WAIT = 45.0
_GET = b"GET /ping HTTP/1.1\r\nhost: localhost\r\n"
_POST = b"POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n"
_KEY = f"authorization: Bearer {API_KEY}\r\n".encode()


class Silence(NamedTuple):
    """What a client sends before it falls silent; with `drip` it goes on, a byte every two seconds."""

    name: str
    sent: bytes
    drip: bytes = b""


SMALL = {
    "70 KB in 70 lines": _GET + b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(70)) + b"\r\n",
    "70 KB in one line": _GET + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
    "70 KB of address": b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "101 lines": _GET + b"".join(b"x-%d: y\r\n" % n for n in range(100)) + b"\r\n",
    "100 lines of 60 KB": _GET + b"".join(b"x-%d: %s\r\n" % (n, b"y" * 600) for n in range(99)) + b"\r\n",
    "no HTTP": b"nonsense\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100c8010000c40303") + bytes(64) + b"\r\n\r\n",
    "a bad chunk": b"POST /v1/images/generations HTTP/1.1\r\nhost: x\r\n"
    + _KEY
    + b"transfer-encoding: chunked\r\n\r\nnonsense\r\n\r\n",
}
SILENT = [
    Silence("silent", b""),
    Silence("half a head", _GET),
    Silence("half a body", _POST + _KEY + b'\r\n{"prompt": '),
    Silence("half a body without a key", _POST + b'\r\n{"prompt": '),
    Silence("a head in drips", _GET + b"x: ", b"y"),
    Silence("a body in drips", _POST + _KEY + b'\r\n{"prompt": "', b"y"),
]


def attack() -> Iterator[str]:
    """Send each of them to one server and report what it answered and what that cost."""
    server = LocalServer({"API_KEYS": API_KEY})
    for name, request in SMALL.items():
        yield f"{name}: {_answer(server, request)}"
    with ThreadPoolExecutor(len(SILENT)) as pool:
        yield from pool.map(lambda silence: _silence(server, silence), SILENT)
    yield _cost(server, f"a line of {_LINE_MEGABYTES} MB", _endless_line)
    yield _cost(server, f"{_LINES:,} lines", lambda: iter([_GET, *[b"x: y\r\n" * 1000] * (_LINES // 1000)]))
    yield _cost(
        server, f"{_PIPELINED:,} requests at once", lambda: iter([(_GET + b"\r\n") * 1000] * (_PIPELINED // 1000))
    )
    server.stop()


def _endless_line() -> Iterator[bytes]:
    yield _GET + b"x: "
    yield from [b"y" * MEGABYTE] * _LINE_MEGABYTES


def _answer(server: LocalServer, request: bytes) -> str:
    with _connected(server) as connection:
        connection.sendall(request)
        connection.settimeout(1)
        head, _, body = _received(connection).partition(b"\r\n\r\n")
    return f"{_first_line(head)}, {body[:60].decode()}"


def _silence(server: LocalServer, silence: Silence) -> str:
    """How long the server kept the connection open."""
    begun = time.monotonic()
    with _connected(server) as connection, suppress(OSError):
        connection.sendall(silence.sent)
        connection.settimeout(2 if silence.drip else _LONGEST_WAIT)
        answer = b""
        while time.monotonic() - begun < _LONGEST_WAIT:
            try:
                piece = connection.recv(4096)
            except TimeoutError:
                connection.sendall(silence.drip)
                continue
            if not piece:
                seconds = time.monotonic() - begun
                return f"{silence.name}: closed after {seconds:.0f} s, {_first_line(answer) or 'no answer'}"
            answer += piece
    seconds = time.monotonic() - begun
    return f"{silence.name}: {'open' if seconds >= _LONGEST_WAIT else 'reset'} after {seconds:.0f} s"


def _cost(server: LocalServer, name: str, pieces: Callable[[], Iterator[bytes]]) -> str:
    with Watch(server) as watch, _connected(server) as connection, ThreadPoolExecutor(1) as reader:
        reading = reader.submit(_received, connection)
        sent = 0
        with suppress(OSError):
            for piece in pieces():
                connection.sendall(piece)
                sent += len(piece)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        received = len(reading.result())
    return (
        f"{name}: {sent / MEGABYTE:.0f} MB sent, {received:,} bytes received; "
        f"peak +{watch.peak:.0f} MB, longest ping {watch.longest:.0f} ms"
    )


def _connected(server: LocalServer) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port or 80), timeout=120)


def _first_line(answer: bytes) -> str:
    return answer.split(b"\r\n")[0].decode()


def _received(connection: socket.socket) -> bytes:
    """What arrives until the server closes or falls silent."""
    answer = b""
    with suppress(OSError):
        while piece := connection.recv(4096):
            answer += piece
    return answer
