"""Streamed responses, and server-sent events with heartbeats."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any, TypeVar
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.api.bounds import IGNORED_HEADER
from shared.api.context import while_connected
from shared.media import HostStream

RELAY = "easel.relay"
"""ASGI extension and message of a host that sends the stream itself; the last message of a response."""

Item = TypeVar("Item")

HEARTBEAT_SECONDS = 5.0
HEARTBEAT = b": keep-alive\n\n"
EVENT_HEADERS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}
"""Headers that keep proxies from buffering events."""

LONGEST_LIST = 1000
"""Maximum length of `easel-ignored` in characters."""
_SLICE = 64 << 10
"""Bytes of a long chunk that are sent at a time, because the server copies what it has not sent yet."""


class StreamedResponse(Response):
    """A body that is sent in chunks. `resources` stay open until the last chunk is sent."""

    status_code = 200

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        media_type: str,
        *,
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
        resources: AsyncExitStack | None = None,
    ) -> None:
        super().__init__(None, self.status_code, headers, media_type)
        del self.headers["content-length"]
        if length is not None:
            self.headers["content-length"] = str(length)
        self._pieces = pieces
        self.resources = resources or AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the body. A disconnect closes its source and resources at once."""
        with suppress(ClientDisconnect):
            async with self.resources, aclosing(self._pieces) as pieces:  # type: ignore[type-var]
                relays = RELAY in scope.get("extensions", {})
                await while_connected(receive, self._write(pieces, send, relays=relays))

    async def _write(self, pieces: AsyncIterator[bytes], send: Send, *, relays: bool) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if relays and (stream := _host_stream(pieces)):
                await send({"type": RELAY, "stream": stream})
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class EventStream(StreamedResponse):
    """Server-sent events; `first` has already arrived."""

    media_type = "text/event-stream"

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        super().__init__(_prepend(first, rest), self.media_type, headers={**headers, **EVENT_HEADERS})


def event_of(content: Any, kind: str = "") -> bytes:
    """Return a server-sent event with `content` as JSON."""
    head = f"event: {kind}\ndata: " if kind else "data: "
    return f"{head}{json.dumps(content, separators=(',', ':'))}\n\n".encode()


async def with_heartbeats(
    source: AsyncGenerator[Item, None], first: float, seconds: float, every: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[Item | None, None]:
    """Yield the items of the source, and None after `first` seconds of silence, later after `every` seconds.

    Raises TimeoutError after `seconds` in total. Closing it closes the source.
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


def ignored_header(names: Sequence[str]) -> dict[str, str]:
    """Return the header that names the ignored parameters. Callers choose these names, so they are untrusted."""
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


async def _prepend(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


def _host_stream(pieces: AsyncIterator[bytes]) -> Any:
    return pieces.rest() if isinstance(pieces, HostStream) else None
