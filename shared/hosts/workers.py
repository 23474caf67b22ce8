"""Cloudflare Workers: each request to the Worker becomes one to the application, whose response is streamed back.

The SDK has an ASGI adapter, but its aborted responses look complete, it never reports a disconnect, and it copies each
byte of a file through Python.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message, Scope

from shared.api import RELAY
from shared.hosts.response import HostResponse

_log = logging.getLogger(__name__)

_WITHOUT_BODY = frozenset({204, 205, 304})


async def respond(app: ASGIApp, request: Any) -> Any:
    """Return the platform's Response to its Request, and have the platform wait for the rest of the response.

    The application goes on for a while after a disconnect, so that a submit in progress is completed and recorded.
    """
    from pyodide.ffi import create_proxy
    from workers import import_from_javascript

    platform = import_from_javascript("cloudflare:workers")
    response = WorkerResponse(request)
    task = asyncio.ensure_future(response.run(app, _scope(request, _texts(platform.env))))
    proxy = create_proxy(task)
    task.add_done_callback(lambda _: proxy.destroy())
    platform.waitUntil(proxy)
    return await response.response


class WorkerResponse(HostResponse):
    """Streams through a TransformStream of the platform's. `response` is the Response that reads from it."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.response: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._platform_request = request
        self._has_more = True
        self._reader = request.body.getReader() if request.body else None  # null is false, but is not None
        self._body: StreamBody | None = None
        self._disconnected = False

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        with self._watching_for_disconnect():
            await super().run(app, scope)

    async def send(self, message: Message) -> None:
        """Send a part of the response; OSError once the client has disconnected."""
        from pyodide.ffi import JsException

        try:
            if message["type"] == RELAY:
                await self._relay(message["stream"])
            else:
                await super().send(message)
        except JsException:
            self._disconnect()
        if self._disconnected and self._has_begun:
            raise OSError("the client has disconnected")

    async def fail(self, error: BaseException, scope: Scope) -> None:
        if not self._has_begun:
            with suppress(OSError):  # the platform waits for a Response even after a disconnect
                await self._replace(error, scope)
        elif self._disconnected:
            _log.info("a client disconnected, or a relayed stream was aborted")
        else:
            await super().fail(error, scope)

    @contextmanager
    def _watching_for_disconnect(self) -> Iterator[None]:
        from pyodide.ffi import create_proxy

        listener = create_proxy(self._disconnect)
        self._platform_request.signal.addEventListener("abort", listener)
        try:
            yield
        finally:
            self._platform_request.signal.removeEventListener("abort", listener)
            listener.destroy()

    def _disconnect(self, *_: Any) -> None:
        self._disconnected = True
        self._over.set()

    async def _request(self) -> Message | None:
        from pyodide.ffi import JsException

        if not self._has_more:
            return None
        try:
            part = await self._reader.read() if self._reader else None
        except JsException:
            self._disconnect()
            return None
        self._has_more = part is not None and not part.done
        body = part.value.to_bytes() if part is not None and self._has_more else b""
        return {"type": "http.request", "body": body, "more_body": self._has_more}

    async def _begin(self, start: Message, data: bytes, *, whole: bool) -> StreamBody | None:
        import js
        from pyodide.ffi import to_js

        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in start["headers"]]
        init = to_js({"status": start["status"], "headers": headers}, dict_converter=js.Object.fromEntries)
        if self._platform_request.method == "HEAD" or start["status"] in _WITHOUT_BODY:
            data, whole = b"", True
        body = None if whole else StreamBody(dict(start["headers"]).get(b"content-length"))
        content = body.readable if body else to_js(data) if data else None
        self.response.set_result(js.Response.new(content, init))
        return body

    async def _relay(self, stream: Any) -> None:
        if self._body and not self._over.is_set():
            await self._body.relay(stream)
            self._over.set()


class StreamBody:
    """A body of `length` bytes, if that is known: the platform then sends Content-Length and aborts a shorter body."""

    def __init__(self, length: bytes | None) -> None:
        import js

        stream = js.IdentityTransformStream.new() if length is None else js.FixedLengthStream.new(int(length))
        self.readable, self._writable = stream.readable, stream.writable
        self._writer = self._writable.getWriter()

    async def write(self, data: bytes) -> None:
        from pyodide.ffi import to_js

        if data:
            await self._writer.write(to_js(data))

    async def end(self) -> None:
        await self._writer.close()

    async def abort(self, error: BaseException) -> None:
        import js

        await self._writer.abort(js.Error.new("the response was cut short"))

    async def relay(self, stream: Any) -> None:
        """Let the platform copy the rest: it reports an aborted body to the client and a disconnect to the upstream."""
        self._writer.releaseLock()
        await stream.pipeTo(self._writable)


def _texts(env: Any) -> dict[str, str]:
    """The variables and secrets of this request, without bindings, which are objects."""
    import js

    entries = js.Object.entries(env).to_py(depth=2)
    return {name: value for name, value in entries if isinstance(value, str)}


def _scope(request: Any, environment: dict[str, str]) -> Scope:
    url = urlsplit(request.url)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "root_path": "",
        "query_string": url.query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in request.headers],
        "extensions": {RELAY: {}},
        "env": environment,
    }
