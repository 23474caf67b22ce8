"""Vercel's edge in front of built functions: their routes and its limits, over plain HTTP at `url`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from threading import Lock

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.emulators.server import Server, line_of
from tests.hosts.vercel.instance import Dead, Instance
from tests.hosts.vercel.output import Output

LARGEST_BODY = 4_500_000
_OURS_ALONE = {b"connection", b"transfer-encoding", b"date", b"server", b"x-vercel-internal-timing"}
"""Headers of one hop, and those that the server here writes itself."""


FAILED = (500, "FUNCTION_INVOCATION_FAILED")
LATE = (504, "FUNCTION_INVOCATION_TIMEOUT")


class Refusal(Exception):
    """The edge answers by itself, with a status and a code of Vercel's."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code


class Broken(Exception):
    """The answer has begun and cannot be ended."""


class Front:
    """Serves a build until `close`, which returns what all instances have logged. An instance starts when it is needed.

    `seconds` replaces the longest time that an invocation may take.
    """

    def __init__(self, output: Output, python: str, **environment: str) -> None:
        self.seconds: float | None = None
        self._output = output
        self._python = python
        self._environment = environment
        self._instances: dict[str, Instance] = {}
        self._log = ""
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._server = Server(self._serve)
        self.url = self._server.url

    def instance(self, name: str) -> Instance:
        """The running instance of a function; a new one when there is none, or when it has died."""
        with self._lock:
            instance = self._instances.get(name)
            if instance is None or not instance.alive:
                self._stop(name)
                function = next(each for each in self._output.functions.values() if each.name == name)
                instance = self._instances[name] = Instance(function, self._python, **self._environment)
            return instance

    def stop(self) -> str:
        """End all instances, and return all that was logged so far; who asks next gets a new one."""
        with self._lock:
            for name in list(self._instances):
                self._stop(name)
            return self._log

    def close(self) -> str:
        self._server.stop()
        return self.stop()

    def _stop(self, name: str) -> None:
        if instance := self._instances.pop(name, None):
            self._log += instance.stop()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = line_of(scope)
        passing = asyncio.ensure_future(self._pass_on(Request(scope, receive), send))
        left = asyncio.ensure_future(line.lost.wait())
        await asyncio.wait((passing, left), return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
        passing.cancel()  # when it is not done, the client has left
        try:
            await passing
        except asyncio.CancelledError:
            pass
        except Refusal as refusal:
            text = f"A server error has occurred\n\n{refusal.code}\n"
            await PlainTextResponse(text, refusal.status, {"x-vercel-error": refusal.code})(scope, receive, send)
        except Broken:
            await line.hang_up()

    async def _pass_on(self, request: Request, send: Send) -> None:
        function = self._output.function(request.url.path)
        if function is None:
            raise Refusal(404, "NOT_FOUND")
        try:
            instance = await asyncio.to_thread(self.instance, function.name)
        except Dead as dead:
            self._log += str(dead)
            raise Refusal(*FAILED) from None
        seconds = self.seconds or function.seconds
        begun = False
        try:
            async with asyncio.timeout(seconds), httpx.AsyncHTTPTransport(verify=False) as transport:
                answer = await transport.handle_async_request(self._invocation(request, instance, seconds))
                begun = True
                await _answer(answer, send)
        except (TimeoutError, httpx.TransportError) as error:
            if begun:
                raise Broken from None
            raise Refusal(*(LATE if isinstance(error, TimeoutError) else FAILED)) from None

    def _invocation(self, request: Request, instance: Instance, seconds: float) -> httpx.Request:
        number = str(next(self._numbers))
        deadline = datetime.now(UTC) + timedelta(seconds=seconds)
        platform = {
            "x-vercel-internal-invocation-id": number,
            "x-vercel-internal-request-id": number,
            "x-vercel-internal-deadline": deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-proto": request.url.scheme,
            "x-forwarded-host": request.headers["host"],
            "x-vercel-id": f"iad1::{number}",
        }
        theirs = [(name, value) for name, value in request.headers.raw if name not in (b"connection", b"expect")]
        return httpx.Request(
            request.method,
            f"{instance.url}{_target(request)}",
            headers=[*theirs, *((name.encode(), value.encode()) for name, value in platform.items())],
            content=_body(request) if _has_body(request) else None,
        )


def _target(request: Request) -> str:
    """Path and query, byte by byte as the client wrote them."""
    raw: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (raw + (b"?" + query if query else b"")).decode()


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


async def _body(request: Request) -> AsyncIterator[bytes]:
    size = int(request.headers.get("content-length", 0))
    if size <= LARGEST_BODY:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= LARGEST_BODY:
                yield chunk
    if size > LARGEST_BODY:
        raise Refusal(413, "FUNCTION_PAYLOAD_TOO_LARGE")


async def _answer(answer: httpx.Response, send: Send) -> None:
    headers = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _OURS_ALONE]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    try:
        async for piece in answer.aiter_raw():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        await answer.aclose()
    await send({"type": "http.response.body"})
