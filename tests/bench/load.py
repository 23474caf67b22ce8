"""The load: some connections that send one request again and again, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

from tests.bench.processes import ROOT, Process

_STATUS = re.compile(rb"HTTP/1\.1 (\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BUFFER = 1 << 20


class Request(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: str = ""

    def wire(self) -> bytes:
        headers = {"host": "localhost", "content-length": str(len(self.body.encode())), **self.headers}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", self.body]).encode()


class Measured(NamedTuple):
    """`p50` and the server's CPU time for each answer in milliseconds; `rate` and `megabytes` are per second."""

    p50: float
    rate: float
    megabytes: float
    cpu: float


class Load:
    """The process that sends; it waits between two measurements."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.bench.load"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def press(self, server: Process, request: Request, concurrency: int = 1, seconds: float = 0.0) -> Measured:
        """What one request costs when so many connections send it for so long; each finishes what it began."""
        before = server.cpu()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([server.url, request, concurrency, seconds]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{request.method} {request.path} could not be measured")
        answers, p50, rate, megabytes = json.loads(answer)
        return Measured(p50, rate, megabytes, cpu=(server.cpu() - before) / answers * 1000)

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *exception: object) -> None:
        with self._process:
            self._process.kill()


class _Run:
    """What all connections share."""

    def __init__(self, request: Request, concurrency: int, seconds: float) -> None:
        self.wire = request.wire()
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.started = time.perf_counter()
        self.until = self.started + seconds
        self.times: list[float] = []
        self.bytes = 0
        self._busy = concurrency

    def count(self, began: float, size: int) -> bool:
        """Note an answer; True while more are wanted."""
        now = time.perf_counter()
        self.times.append(now - began)
        self.bytes += size
        return now < self.until

    def leave(self) -> None:
        self._busy -= 1
        if not self._busy and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, why: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(why))

    def summary(self) -> tuple[int, float, float, float]:
        """How many answers, and the first three numbers of a Measured."""
        seconds = time.perf_counter() - self.started
        count = len(self.times)
        return (count, median(self.times) * 1000, count / seconds, self.bytes / seconds / 1e6)


class _Connection(asyncio.BufferedProtocol):
    """Sends, counts the bytes of the answer, and sends again."""

    _transport: asyncio.Transport
    _began: float

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._view = memoryview(bytearray(_BUFFER))
        self._head = b""
        self._size = 0
        self._left: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        if self._left is None:
            self._head += bytes(self._view[:nbytes])
            self._left = self._body_left()
        else:
            self._left -= nbytes
        if self._left == 0:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.fail("the server closed a connection")

    def _ask(self) -> None:
        self._head, self._left = b"", None
        self._began = time.perf_counter()
        self._transport.write(self._run.wire)

    def _body_left(self) -> int | None:
        """How much of the body is still to come; None while that is not known."""
        head, separator, body = self._head.partition(b"\r\n\r\n")
        if not separator:
            return None
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if not status or not length or not 200 <= int(status[1]) < 300:
            self._run.fail(self._head[:1000].decode("latin-1"))
            return None
        self._size = int(length[1])
        return self._size - len(body)

    def _answered(self) -> None:
        if self._run.count(self._began, self._size):
            self._ask()
        else:
            self._run.leave()


async def _press(url: str, request: Request, concurrency: int, seconds: float) -> tuple[int, float, float, float]:
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or 80
    run = _Run(request, concurrency, seconds)
    loop = asyncio.get_running_loop()
    lines = [await loop.create_connection(lambda: _Connection(run), host, port) for _ in range(concurrency)]
    await run.finished
    summary = run.summary()
    for transport, _ in lines:
        transport.abort()
    return summary


def main() -> None:
    for line in sys.stdin:
        url, request, concurrency, seconds = json.loads(line)
        print(json.dumps(uvloop.run(_press(url, Request(*request), concurrency, seconds))), flush=True)


if __name__ == "__main__":
    main()
