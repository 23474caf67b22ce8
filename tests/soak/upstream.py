"""Upstream bodies that are small on the wire and huge in memory, each read by a process of its own."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from shared.errors import EaselError
from shared.http import Answer, Http
from tests.http.upstream import Call, serving

ROOT = Path(__file__).parents[2]
MEGABYTE = 1 << 20

_TICK_SECONDS = 0.002
_PIECE = bytes(MEGABYTE)


async def _read(http: Http, url: str) -> str:
    return _size(await http.read("GET", url))


async def _read_json(http: Http, url: str) -> str:
    answer = await http.read("GET", url)
    return f"{len(answer.json())} values"


async def _listen(http: Http, url: str) -> str:
    async with http.listen("POST", url, json={}) as listening:
        count = 0
        async for _ in listening.lines():
            count += 1
    return f"{count} lines"


async def _listen_whole(http: Http, url: str) -> str:
    async with http.listen("POST", url, json={}) as listening:
        return _size(await listening.whole())


def _size(answer: Answer) -> str:
    return f"{len(answer.body) / MEGABYTE:.0f} MB"


class Attack(NamedTuple):
    """One body, by its HTTP head and what follows that, and the call that reads it."""

    name: str
    call: Callable[[Http, str], Awaitable[str]]
    headers: str
    body: Callable[[], bytes]


def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(_PIECE) for _ in range(megabytes)) + packer.flush()


def _lines(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    line = b"x" * (MEGABYTE - 1) + b"\n"
    return b"".join(packer.compress(line) for _ in range(megabytes)) + packer.flush()


def _ordinary(megabytes: int) -> bytes:
    return json.dumps({"data": [{"id": f"model-{number}"} for number in range(megabytes * 45_000)]}).encode()


_GZIP = "content-encoding: gzip\r\n"
_TWICE = "content-encoding: gzip, gzip\r\n"

ATTACKS = (
    Attack("gzip of 1 GB, read", _read, _GZIP, lambda: _zeros(1024)),
    Attack("gzip of gzip of 1 GB, read", _read, _TWICE, lambda: gzip.compress(_zeros(1024))),
    Attack("gzip of 1 GB, one line of a stream", _listen, _GZIP, lambda: _zeros(1024)),
    Attack("gzip of gzip of 1 GB, one line of a stream", _listen, _TWICE, lambda: gzip.compress(_zeros(1024))),
    Attack("gzip of 1 GB, error of a stream", _listen_whole, _GZIP, lambda: _zeros(1024)),
    Attack("gzip of 1 GB, lines of a stream", _listen, _GZIP, lambda: _lines(1024)),
    Attack("gzip of 63 MB of empty objects, read as JSON", _read_json, _GZIP, lambda: gzip.compress(_objects(63))),
    Attack("ordinary JSON, 1 MB", _read_json, "", lambda: _ordinary(1)),
    Attack("ordinary JSON, 1 MB as gzip", _read_json, _GZIP, lambda: gzip.compress(_ordinary(1))),
    Attack("20 MB", _read, "", lambda: bytes(20 * MEGABYTE)),
)


def _objects(megabytes: int) -> bytes:
    return b"[" + b"{}," * (megabytes * MEGABYTE // 3) + b"{}]"


def attack() -> Iterator[str]:
    """Serve each body to a process that reads it; its peak memory is what it used beyond the memory at its start."""
    for number, each in enumerate(ATTACKS):
        body = each.body()
        yield f"{each.name} ({len(body) / MEGABYTE:.1f} MB): {asyncio.run(_measured(number, each, body))}"


async def _measured(number: int, each: Attack, body: bytes) -> str:
    head = f"HTTP/1.1 200 OK\r\n{each.headers}content-length: {len(body)}\r\n\r\n"

    async def handler(call: Call) -> None:
        with suppress(ConnectionError):
            await call.write(head.encode())
            for start in range(0, len(body), MEGABYTE):
                await call.write(body[start : start + MEGABYTE])

    async with serving(handler) as upstream:
        command = [sys.executable, "-m", "tests.soak.upstream", str(number), upstream.origin]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    return out.decode().strip() or f"killed with {process.returncode}"


async def _report(each: Attack, origin: str) -> str:
    """Make the call in this process, and say what it cost."""
    http = Http()
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # makes VmHWM begin anew
    turns = [time.monotonic()]
    ticker = asyncio.create_task(_tick(turns))
    begun = time.monotonic()
    try:
        outcome = await each.call(http, origin)
    except EaselError as error:
        outcome = f"{type(error).__name__}: {error.message}"
    turns.append(time.monotonic())
    ticker.cancel()
    await http.aclose()
    peak = _memory("VmHWM") - before
    blocked = max(later - earlier for earlier, later in pairwise(turns)) - _TICK_SECONDS
    return f"peak {peak:.0f} MB, {1000 * (turns[-1] - begun):.0f} ms, loop blocked {1000 * blocked:.0f} ms, {outcome}"


async def _tick(turns: list[float]) -> None:
    """Note when the loop comes round."""
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        turns.append(time.monotonic())


def _memory(name: str) -> float:
    """Of this process, in megabytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


if __name__ == "__main__":
    print(asyncio.run(_report(ATTACKS[int(sys.argv[1])], sys.argv[2])))
