"""The HTTP client of the providers: read, send, stream, download. No httpx type leaves this package."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, NamedTuple, cast

import httpx

from shared.errors import Unavailable
from shared.http.decoding import collected, decoded
from shared.http.downloads import Download
from shared.http.error_mapping import BROKEN, error_of_send
from shared.http.origin import parsed
from shared.http.redaction import Redaction
from shared.http.redirects import OpenResponse, RedirectChain
from shared.http.request_body import RequestBody, large_json_body
from shared.http.response import Response
from shared.http.retry import RetryPolicy, repeat
from shared.http.streaming_response import StreamingResponse
from shared.http.transport import IDLE_BEFORE_SEND, new_transport
from shared.media import ByteRange, Media

_CONNECT_SECONDS = 5.0
_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "easel"}


class _Line(NamedTuple):
    """An event loop's transport, and the generator that closes it when the loop ends or this tuple is dropped."""

    transport: httpx.AsyncBaseTransport
    end: AsyncGenerator[None, None]


class Http:
    """HTTP client, cheap to build: connections are opened at first use and belong to the running event loop."""

    def __init__(self, *, proxy: str | None = None, patience: RetryPolicy | None = None) -> None:
        self._proxy = proxy
        self._patience = patience or RetryPolicy()
        self._lines: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Line] = weakref.WeakKeyDictionary()

    async def read(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: RequestBody | None = None,
        timeout: float = 30.0,
    ) -> Response:
        """Send a request that is safe to repeat, and retry it when that may help. `timeout` is for one attempt.

        The content of `body` must be bytes. Returns the last response, of any status. Raises Unavailable if
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
        body: RequestBody | None = None,
        timeout: float = 60.0,
    ) -> Response:
        """Send a request that submits a job, once. Returns the response, of any status.

        Raises Unavailable if the request was not sent, Uncertain if that is unknown. A `body` is streamed; errors
        raised while it is generated propagate unchanged, because an incomplete request submits nothing.
        """
        extensions = {"timeout": _until_connected(timeout), "idle": IDLE_BEFORE_SEND}
        if json is not None:
            with _writing():
                body = await large_json_body(json)
        request = _request(method, url, headers, None, extensions, body)
        try:
            return await self._whole(request, timeout, sent=True)
        except BROKEN as error:
            raise error_of_send(error) from error

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        timeout: float = 240.0,
    ) -> AsyncIterator[StreamingResponse]:
        """Like `send`, but stream the response; leaving the block early closes the connection.

        `timeout` is for each wait, not for the whole. The response may have any status. Raises what `send` raises.
        """
        timeouts = _until_connected(timeout) | {"read": timeout, "write": timeout}
        extensions = {"timeout": timeouts, "idle": IDLE_BEFORE_SEND}
        with _writing():
            body = None if json is None else await large_json_body(json)
        # Servers may buffer compressed output.
        request = _request(method, url, {**(headers or {}), "accept-encoding": "identity"}, None, extensions, body)
        try:
            response = await (await self._transport()).handle_async_request(request)
        except BROKEN as error:
            raise error_of_send(error) from error
        try:
            yield StreamingResponse(response, Redaction(request.headers))
        finally:
            await response.aclose()

    @asynccontextmanager
    async def download(
        self,
        url: str,
        *,
        origins: Collection[str],
        byte_range: ByteRange | None = None,
        headers: Mapping[str, str] | None = None,
        headers_for: Collection[str] = (),
        text_hops: bool = False,
        media_type: str = "",
        timeout: float = 30.0,
    ) -> AsyncIterator[Media]:
        """Download a result, checked before the block is entered; every URL in the redirect chain must be in `origins`.

        `headers` go only to the origins `headers_for`, or else to that of `url`. With `text_hops` a text response is
        the next URL. `timeout` is for each wait, not for the whole. `media_type` is used if neither the first bytes nor
        the upstream give one. If the upstream ignores the range and does not state the size, the whole file is
        returned: rely on the Media, not on the requested range. Raises NotFound, RangeInvalid or Unavailable;
        ResultLost in mid-file, so that a truncated file never looks complete.
        """
        timeouts = _until_connected(timeout) | {"read": timeout, "write": timeout}
        source = RedirectChain(
            partial(self._open, timeouts), url, origins, headers or {}, headers_for, text_hops=text_hops
        )
        download = Download(source, self._patience, media_type)
        try:
            yield await download.open(byte_range)
        finally:
            await download.aclose()

    async def visit(self, url: httpx.URL, address: str, *, headers: Mapping[str, str], timeout: float) -> OpenResponse:
        """Request `url` at this IP address or name, without resolving it again; the response body is unread.

        Raises httpx's errors.
        """
        extensions = {"timeout": _until_connected(timeout), "sni_hostname": url.raw_host.decode("ascii")}
        host = {"host": url.netloc.decode("ascii")}
        return await self._opened(_request("GET", url.copy_with(host=address), {**headers, **host}, None, extensions))

    async def aclose(self) -> None:
        """Close the running loop's idle connections. This is automatic when the loop shuts down properly."""
        if line := self._lines.pop(asyncio.get_running_loop(), None):
            await line.end.aclose()

    async def _whole(self, request: httpx.Request, timeout: float, *, sent: bool) -> Response:
        async with asyncio.timeout(timeout):
            response = await (await self._transport()).handle_async_request(request)
            try:
                body = await collected(decoded(response))
            finally:
                await response.aclose()
        return Response(response.status_code, response.headers, body, sent, Redaction(request.headers))

    async def _open(self, timeouts: dict[str, float], url: httpx.URL, headers: Mapping[str, str]) -> OpenResponse:
        return await self._opened(_request("GET", url, headers, None, {"timeout": timeouts}))

    async def _opened(self, request: httpx.Request) -> OpenResponse:
        response = await (await self._transport()).handle_async_request(request)
        return OpenResponse(response.status_code, response.headers, cast(httpx.AsyncByteStream, response.stream))

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
        """Drop loops that were closed without a proper shutdown; connections left open keep them alive."""
        for loop in [loop for loop in self._lines if loop.is_closed()]:
            del self._lines[loop]


async def _close_at_the_end(transport: httpx.AsyncBaseTransport) -> AsyncGenerator[None, None]:
    """Close the transport when the loop ends: asyncio has no shutdown hook, but it closes async generators."""
    try:
        yield
    finally:
        await transport.aclose()


def _until_connected(timeout: float) -> dict[str, float]:
    """Limit connecting to half of `timeout`: if the whole is used up, there certainly was a connection."""
    seconds = min(_CONNECT_SECONDS, timeout / 2)
    return {"connect": seconds, "pool": seconds}


def _request(
    method: str,
    url: str | httpx.URL,
    headers: Mapping[str, str] | None,
    json: Any,
    extensions: dict[str, Any],
    body: RequestBody | None = None,
) -> httpx.Request:
    with _writing():
        own = {name.lower(): value for name, value in (headers or {}).items()}
        if body:
            own["content-type"] = body.media_type
            own |= {} if body.length is None else {"content-length": str(body.length)}
        content = body.content if body else None
        return httpx.Request(
            method, parsed(url), headers=_HEADERS | own, json=json, content=content, extensions=extensions
        )


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Unavailable("A request to the upstream could not be written down: a setting may be malformed.") from error
