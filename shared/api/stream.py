"""Answers that are written while their parts arrive: pictures as base64 inside JSON, and server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.api.bounds import IGNORED_HEADER
from shared.api.call import while_connected
from shared.http import base64_of
from shared.values import Media, Relayed

RELAY = "easel.relay"
"""Extension and message of a host that carries streams of its own, and says so in the scope: the last of a body."""

Part: TypeAlias = bytes | Media
"""Text as it is, or a file that is written as base64."""

Item = TypeVar("Item")

HEARTBEAT_SECONDS = 5.0
KEEP_ALIVE = b": keep-alive\n\n"
EVENTS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}
"""Headers that keep what is on the way from holding events back."""

_SLICE = 64 << 10
"""Bytes of a long text that go out at a time: whoever sends them on keeps a copy of what is not out yet."""


class StreamedResponse(Response):
    """A body that comes in pieces. What the pieces need stays open until the last one is out, in `resources`."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        media_type: str,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
        resources: AsyncExitStack | None = None,
    ) -> None:
        super().__init__(None, status_code, headers, media_type)
        del self.headers["content-length"]
        if length is not None:
            self.headers["content-length"] = str(length)
        self._pieces = pieces
        self._resources = resources or AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write it out; when the client leaves, everything behind it is closed at once."""
        with suppress(ClientDisconnect):
            async with self._resources, aclosing(self._pieces) as pieces:  # type: ignore[type-var]
                relays = RELAY in scope.get("extensions", {})
                await while_connected(receive, self._write(pieces, send, relays=relays))

    async def _write(self, pieces: AsyncIterator[bytes], send: Send, *, relays: bool) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if relays and (rest := _rest(pieces)):
                await send({"type": RELAY, "stream": rest})
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _rest(pieces: AsyncIterator[bytes]) -> Any:
    return pieces.rest() if isinstance(pieces, Relayed) else None


def length_of(parts: Sequence[Part]) -> int | None:
    """How many bytes `encoded` will give; None where a file does not say its own length."""
    total = 0
    for part in parts:
        if isinstance(part, bytes):
            total += len(part)
        elif part.length is None:
            return None
        else:
            total += 4 * -(-part.length // 3)
    return total


async def encoded(parts: Sequence[Part]) -> AsyncIterator[bytes]:
    """The parts one after the other, files as base64; never more than a chunk of them in memory."""
    for part in parts:
        if isinstance(part, bytes):
            for start in range(0, len(part), _SLICE):
                yield part[start : start + _SLICE]
            continue
        async for piece in base64_of(part.chunks):
            yield piece


async def paced(
    source: AsyncGenerator[Item, None], first: float, seconds: float, every: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[Item | None, None]:
    """What comes, as it comes, and None where nothing has come for a while: `first` to begin with, `every` after that.

    TimeoutError after so many `seconds` in all. Closing it closes the source.
    """
    clock = asyncio.get_running_loop().time
    end, pause = clock() + seconds, first
    async with aclosing(source):
        while True:
            step = asyncio.ensure_future(anext(source))
            try:
                while not (await asyncio.wait({step}, timeout=min(pause, end - clock())))[0]:
                    if clock() >= end:
                        raise TimeoutError
                    yield None
                    pause = every
            finally:
                if not step.done():
                    step.cancel()
                    await asyncio.wait({step})
            try:
                item = step.result()
            except StopAsyncIteration:
                return
            yield item
            pause = every


async def primed(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """All of it again, when the first piece has been taken to see whether there is one."""
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


def ignored_header(names: Sequence[str]) -> dict[str, str]:
    """Return the header that names the ignored fields. Callers choose these names, so they can hold anything."""
    ignored = ", ".join(_fitting(names))
    return {"easel-ignored": ignored} if ignored else {}


def _fitting(names: Sequence[str]) -> Iterator[str]:
    """Yield the names that fit, quoted."""
    room = IGNORED_HEADER
    for name in names:
        if len(name) > room:  # quoting makes it longer
            continue
        if (size := len(quoted := quote(name, safe="[]")) + 2) <= room:
            yield quoted
            room -= size
