"""How adapters speak to an upstream: read, send, listen, stream. Nothing that is httpx's leaves this package."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple, cast

import httpx

from shared.errors import Unavailable
from shared.http.answer import Answer
from shared.http.body import Body
from shared.http.decoding import collected, decoded
from shared.http.download import Download
from shared.http.faults import BROKEN, unless_unsent
from shared.http.listening import Listening
from shared.http.origin import parsed
from shared.http.redaction import Redaction
from shared.http.retry import Patience, repeat
from shared.http.source import Opened, Source
from shared.http.transport import IDLE_BEFORE_SEND, new_transport
from shared.values import ByteRange, Media

_CONNECT_SECONDS = 5.0
_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "easel"}


class _Line(NamedTuple):
    """A loop's transport, and what closes it when the loop ends or this line is dropped."""

    transport: httpx.AsyncBaseTransport
    end: AsyncGenerator[None, None]


class Http:
    """Cheap to build: connections, and all that they need, are made at first use and belong to the running loop."""

    def __init__(self, *, proxy: str | None = None, patience: Patience | None = None) -> None:
        self._proxy = proxy
        self._patience = patience or Patience()
        self._lines: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Line] = weakref.WeakKeyDictionary()

    async def read(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: Body | None = None,
        timeout: float = 30.0,
    ) -> Answer:
        """For what may be asked twice, and is when that may help. `timeout` is for one attempt.

        A `body` has to be there whole. Any status is an answer, the last of several bad ones too. Unavailable when
        there is none.
        """
        request = _request(method, url, headers, json, {"timeout": _until_connected(timeout)}, body)
        return await repeat(lambda: self._whole(request, timeout, sent=False), self._patience)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: Body | None = None,
        timeout: float = 60.0,
    ) -> Answer:
        """For what starts work: it goes out once. Unavailable when it did not, Uncertain when nobody can know.

        A `body` leaves as it is made. What goes wrong while it is made is raised as it is, for half a request
        starts nothing.
        """
        extensions = {"timeout": _until_connected(timeout), "idle": IDLE_BEFORE_SEND}
        request = _request(method, url, headers, json, extensions, body)
        try:
            return await self._whole(request, timeout, sent=True)
        except BROKEN as error:
            raise unless_unsent(error) from error

    @asynccontextmanager
    async def listen(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        timeout: float = 240.0,
    ) -> AsyncIterator[Listening]:
        """A `send` whose answer is heard as it comes; leaving the block early closes the connection.

        `timeout` is for each wait, not for the whole. Any status is an answer. Raises what `send` raises.
        """
        timeouts = _until_connected(timeout) | {"read": timeout, "write": timeout}
        extensions = {"timeout": timeouts, "idle": IDLE_BEFORE_SEND}
        # What is compressed may be held back until there is enough of it.
        request = _request(method, url, {**(headers or {}), "accept-encoding": "identity"}, json, extensions)
        try:
            response = await (await self._transport()).handle_async_request(request)
        except BROKEN as error:
            raise unless_unsent(error) from error
        try:
            yield Listening(response, Redaction(request.headers))
        finally:
            await response.aclose()

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        *,
        origins: Collection[str],
        byte_range: ByteRange | None = None,
        headers: Mapping[str, str] | None = None,
        headers_for: str | None = None,
        text_hops: bool = False,
        media_type: str = "",
        timeout: float = 30.0,
    ) -> AsyncIterator[Media]:
        """A result, checked before the block is entered: each address on the way there must lie in `origins`.

        `headers` go to one origin only: `headers_for`, or else that of `url`. With `text_hops` an answer in text is the
        address to go on with. `timeout` is for each wait, not for the whole. `media_type` is what it is called where
        neither its first bytes nor the upstream tell. A range is served whole where the upstream ignores it and does
        not tell the size: go by what the Media says, not by what was asked for. Raises NotFound, RangeInvalid or
        Unavailable; in mid-file ResultLost, so that a cut is never taken for the end.
        """
        timeouts = _until_connected(timeout) | {"read": timeout, "write": timeout}
        source = Source(partial(self._open, timeouts), url, origins, headers or {}, headers_for, text_hops=text_hops)
        download = Download(source, self._patience, media_type)
        try:
            yield await download.open(byte_range)
        finally:
            await download.aclose()

    async def visit(self, url: httpx.URL, address: str, *, headers: Mapping[str, str], timeout: float) -> Opened:
        """What answers for `url` at this very address, which nobody looks up again; its body is still to come.

        httpx's errors are left to the caller.
        """
        extensions = {"timeout": _until_connected(timeout), "sni_hostname": url.raw_host.decode("ascii")}
        host = {"host": url.netloc.decode("ascii")}
        return await self._opened(_request("GET", url.copy_with(host=address), {**headers, **host}, None, extensions))

    async def aclose(self) -> None:
        """Close the running loop's idle connections. It happens by itself when the loop shuts down in good order."""
        if line := self._lines.pop(asyncio.get_running_loop(), None):
            await line.end.aclose()

    async def _whole(self, request: httpx.Request, timeout: float, *, sent: bool) -> Answer:
        async with asyncio.timeout(timeout):
            response = await (await self._transport()).handle_async_request(request)
            try:
                body = await collected(decoded(response))
            finally:
                await response.aclose()
        return Answer(response.status_code, response.headers, body, sent, Redaction(request.headers))

    async def _open(self, timeouts: dict[str, float], url: httpx.URL, headers: Mapping[str, str]) -> Opened:
        return await self._opened(_request("GET", url, headers, None, {"timeout": timeouts}))

    async def _opened(self, request: httpx.Request) -> Opened:
        response = await (await self._transport()).handle_async_request(request)
        return Opened(response.status_code, response.headers, cast(httpx.AsyncByteStream, response.stream))

    async def _transport(self) -> httpx.AsyncBaseTransport:
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if not line:
            self._forget_closed_loops()
            transport = new_transport(self._proxy)
            line = self._lines[loop] = _Line(transport, _close_at_the_end(transport))
            await anext(line.end)
        return line.transport

    def _forget_closed_loops(self) -> None:
        """Those that were closed in bad order, and hang on by the connections that they left open."""
        for loop in [loop for loop in self._lines if loop.is_closed()]:
            del self._lines[loop]


async def _close_at_the_end(transport: httpx.AsyncBaseTransport) -> AsyncGenerator[None, None]:
    """A loop tells nobody that it ends, but it does close the generators that were begun on it."""
    try:
        yield
    finally:
        await transport.aclose()


def _until_connected(timeout: float) -> dict[str, float]:
    """Half of the whole at most: when the whole is used up, it is certain that there was a connection."""
    seconds = min(_CONNECT_SECONDS, timeout / 2)
    return {"connect": seconds, "pool": seconds}


def _request(
    method: str,
    url: str | httpx.URL,
    headers: Mapping[str, str] | None,
    json: Any,
    extensions: dict[str, Any],
    body: Body | None = None,
) -> httpx.Request:
    try:
        own = {name.lower(): value for name, value in (headers or {}).items()}
        if body:
            own["content-type"] = body.media_type
            own |= {} if body.length is None else {"content-length": str(body.length)}
        content = body.content if body else None
        return httpx.Request(
            method, parsed(url), headers=_HEADERS | own, json=json, content=content, extensions=extensions
        )
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Unavailable("A request to the upstream could not be written down: a setting may be malformed.") from error
