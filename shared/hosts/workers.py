"""Cloudflare Workers: a request of the platform's becomes one to the application, whose answer leaves as it is made.

The SDK has an adapter too. An answer that breaks off looks whole when it comes from there, the application never
hears that a caller has left, and each byte of a file would pass through Python.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message, Scope

from shared.api import RELAY, failure_response

_log = logging.getLogger(__name__)

_WITHOUT_BODY = frozenset({204, 205, 304})


async def respond(app: ASGIApp, request: Any) -> Any:
    """The platform's Response to a Request of its own; what is still to come of it, the platform is told to wait for.

    The work goes on for a while when the caller leaves, so that an order under way is carried out and written down.
    """
    from pyodide.ffi import create_proxy
    from workers import import_from_javascript

    platform = import_from_javascript("cloudflare:workers")
    answer = Answer(request)
    task = asyncio.ensure_future(answer.make(app, _scope(request, _texts(platform.env))))
    proxy = create_proxy(task)
    task.add_done_callback(lambda _: proxy.destroy())
    platform.waitUntil(proxy)
    return await answer.response


class Answer:
    """One answer on its way out. Its start waits for the first bytes: until then it can still become another one."""

    def __init__(self, request: Any) -> None:
        self.response: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._request = request
        self._asking = True
        self._reader = request.body.getReader() if request.body else None  # null is false, but is not None
        self._start: Message | None = None
        self._stream: Any = None
        self._writer: Any = None
        self._over = asyncio.Event()
        self._left = False

    async def make(self, app: ASGIApp, scope: Scope) -> None:
        """Let the application answer. What it cannot tell the caller any more cuts the answer, and is in the log."""
        with self._listening():
            try:
                await app(scope, self.receive, self.send)
                if not self._over.is_set():
                    raise RuntimeError("the application returned before its answer was whole")
            except (Exception, asyncio.CancelledError) as error:
                await self._fail(error, scope)

    async def receive(self) -> Message:
        """The request's body as it comes; after it a disconnect, once the caller has left or the answer is over."""
        if self._asking and (message := await self._part()):
            return message
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """OSError where nobody listens any more."""
        from pyodide.ffi import JsException

        try:
            match message["type"]:
                case "http.response.start":
                    self._start = message
                case "http.response.body":
                    await self._write(message.get("body", b""), more=message.get("more_body", False))
                case _:
                    await self._relay(message["stream"])
        except JsException:
            self._leave()
        if self._left and self.response.done():
            raise OSError("the caller has left")

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """For as long as the block lasts, the platform tells us when the caller leaves."""
        from pyodide.ffi import create_proxy

        leave = create_proxy(self._leave)
        self._request.signal.addEventListener("abort", leave)
        try:
            yield
        finally:
            self._request.signal.removeEventListener("abort", leave)
            leave.destroy()

    def _leave(self, *_: Any) -> None:
        self._left = True
        self._over.set()

    async def _part(self) -> Message | None:
        """What comes next of the request; None when the caller has left in the midst of it."""
        from pyodide.ffi import JsException

        try:
            part = await self._reader.read() if self._reader else None
        except JsException:
            self._leave()
            return None
        self._asking = part is not None and not part.done
        body = part.value.to_bytes() if part is not None and self._asking else b""
        return {"type": "http.request", "body": body, "more_body": self._asking}

    async def _write(self, data: bytes, *, more: bool) -> None:
        from pyodide.ffi import to_js

        if not data and more:
            return
        if not self.response.done():
            self._begin(data, whole=not more)
        if self._over.is_set():
            return
        if data:
            await self._writer.write(to_js(data))
        if not more:
            await self._writer.close()
            self._over.set()

    def _begin(self, data: bytes, *, whole: bool) -> None:
        import js
        from pyodide.ffi import to_js

        assert self._start, "a body without a start"
        status = self._start["status"]
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self._start["headers"]]
        body = None
        if status in _WITHOUT_BODY or self._request.method == "HEAD" or whole:
            body = to_js(data) if data and self._request.method != "HEAD" else None
            self._over.set()
        else:
            self._stream = _stream(dict(self._start["headers"]).get(b"content-length"))
            self._writer, body = self._stream.writable.getWriter(), self._stream.readable
        init = to_js({"status": status, "headers": headers}, dict_converter=js.Object.fromEntries)
        self.response.set_result(js.Response.new(body, init))

    async def _relay(self, stream: Any) -> None:
        """Let the platform carry the rest: it passes a break on to the caller, and the caller's leaving upstream."""
        if not self._over.is_set():
            self._writer.releaseLock()
            await stream.pipeTo(self._stream.writable)
            self._over.set()

    async def _fail(self, error: BaseException, scope: Scope) -> None:
        """Tell it in the best way that is left: as an answer of its own, as a cut, or in the log alone."""
        import js

        if not self.response.done():
            with suppress(OSError):
                await failure_response(error, scope)(scope, self.receive, self.send)
        elif self._left:
            _log.info("a caller left, or what was carried to it broke off")
        elif self._over.is_set():
            _log.error("an error in an answer that is over", exc_info=error)
        else:
            _log.error("an answer broke off", exc_info=error)
            self._over.set()
            await self._writer.abort(js.Error.new("the answer broke off"))


def _stream(length: bytes | None) -> Any:
    """Where an answer says how long it will be, the platform says so too, and cuts the one that is shorter."""
    import js

    return js.IdentityTransformStream.new() if length is None else js.FixedLengthStream.new(int(length))


def _texts(env: Any) -> dict[str, str]:
    """Variables and secrets, as they are for this request; bindings are no texts."""
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
