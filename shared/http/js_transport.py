"""Transport over the platform's fetch, where Python has no sockets: Cloudflare Workers, Pyodide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx

_PLATFORMS_OWN = frozenset({"host", "content-length", "connection", "transfer-encoding"})
"""Headers that the platform sets. It also sets the encodings that it decodes, unless a file must be unencoded."""

_UNDONE = frozenset({"gzip", "br"})

# Maximum bytes per read. Without a buffer of our own, Workers returns 4 KiB at a time.
_PIECE = 64 << 10


class FetchTransport(httpx.AsyncBaseTransport):
    """Stateless: on Workers a connection belongs to the request that opened it, and the platform pools them.

    A refused connection cannot be distinguished from one that broke after the request was sent: Workers reports
    "Network connection lost" for both. So ConnectError, which means that nothing was sent, is never raised.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        import js
        from pyodide.ffi import JsException

        timeouts = request.extensions.get("timeout", {})
        read = timeouts.get("read")
        abort = js.AbortController.new()
        init = _init(request, await request.aread(), abort.signal)
        try:
            async with asyncio.timeout(None if read is None else timeouts.get("connect", 0) + read):
                answer = await js.fetch(str(request.url), init)
        except JsException as error:
            raise _failure(error.name) from None  # its message may contain the URL
        except BaseException as error:
            abort.abort()
            if isinstance(error, TimeoutError):
                raise httpx.ReadTimeout("the other side is silent") from None
            raise
        return httpx.Response(answer.status, headers=_headers(answer), stream=_Body(answer.body, abort, read))


class _Body(httpx.AsyncByteStream):
    """A response body read from the platform's stream. Closing it before the end aborts the request."""

    def __init__(self, stream: Any, abort: Any, timeout: float | None) -> None:
        self._stream = stream
        self._reader: Any = stream.getReader(mode="byob") if stream else None  # null is falsy, but not None
        self._abort = abort
        self._timeout = timeout

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._reader:
            part = await self._read()
            if part.done:
                self._reader = None
            else:
                yield part.value.to_bytes()

    def rest(self) -> Any:
        """Return the platform's stream of the unread bytes, for the platform to forward itself; None at the end."""
        if not self._reader:
            return None
        self._reader.releaseLock()
        return self._stream

    async def aclose(self) -> None:
        if self._reader:
            self._reader = None
            self._abort.abort()

    async def _read(self) -> Any:
        import js
        from pyodide.ffi import JsException

        try:
            async with asyncio.timeout(self._timeout):
                return await self._reader.read(js.Uint8Array.new(_PIECE))
        except TimeoutError:
            raise httpx.ReadTimeout("the other side is silent") from None
        except JsException:
            raise httpx.ReadError("the answer broke off") from None


def _init(request: httpx.Request, body: bytes, signal: Any) -> Any:
    import js
    from pyodide.ffi import to_js

    headers = [
        [name, value]
        for name, value in request.headers.multi_items()
        if name not in _PLATFORMS_OWN and (name != "accept-encoding" or value == "identity")
    ]
    members = {"method": request.method, "headers": headers, "redirect": "manual", "signal": signal}
    return to_js(members | ({"body": body} if body else {}), dict_converter=js.Object.fromEntries)


def _headers(answer: Any) -> list[tuple[bytes, bytes]]:
    """Return the headers that are still true: without encoding and length if the platform has decoded the body.

    Part of an encoded file (206) cannot be decoded and keeps its encoding.
    """
    pairs = [(name.lower(), value) for name, value in answer.headers]
    undone = answer.status != 206 and any(
        name == "content-encoding" and value.lower() in _UNDONE for name, value in pairs
    )
    untrue = {"transfer-encoding", *(("content-encoding", "content-length") if undone else ())}
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in pairs if name not in untrue]


def _failure(name: str) -> httpx.HTTPError:
    """Map a JavaScript error: on Workers a TypeError means that the request was invalid and not sent."""
    if name == "TypeError":
        return httpx.LocalProtocolError("the platform cannot ask this")
    return httpx.ReadError("the connection was lost")
