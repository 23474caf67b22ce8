"""The ASGI application of a function: configuration, CORS, routing, authorization, and the response to any error.

An error before the response starts becomes the error object; a later one closes the connection, so that a truncated
response never looks complete.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Mapping, Sequence
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.api import vercel
from shared.api.auth import authorize, guard_open_mode
from shared.api.context import Context
from shared.api.errors import ErrorResponse
from shared.api.routing import Endpoint, Router, handler_of
from shared.bootstrap import Configuration, Easel
from shared.config import Settings
from shared.errors import BadRequest, EaselError, Forbidden, NotFound

_log = logging.getLogger(__name__)

EXPOSED_HEADERS = (
    "x-request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "openai-poll-after-ms",
    "location",
    "preference-applied",
    "content-range",
    "etag",
    "easel-ignored",
    "easel-note",
    "easel-job",
    "easel-idempotency",
)
_ALWAYS_AT_ROOT = ("/health", "/ping")
_CLIENT_CLOSED_REQUEST = 499
_REPEATED_SLASH = re.compile(r"/{2,}")
_REPEATED_VERSION = re.compile(r"(?:/v1){2,}(?=/|$)")


class App:
    """The ASGI application. `environment` is read on every request unless the host passes its own in the scope."""

    def __init__(
        self,
        routes: Sequence[Endpoint],
        *,
        open_mode: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.routes = tuple(sorted(routes, key=lambda endpoint: "{" in endpoint.path))
        self._router = Router(self.routes)
        self._configuration = Configuration(open_mode=open_mode)
        self._environment = environment
        self._with_cors: dict[tuple[str, ...], ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        scope["easel.request_id"] = _new_request_id()
        scope.setdefault("easel.deadline", vercel.deadline())
        origins: tuple[str, ...] = ("*",)
        try:
            scope["easel"] = easel = await self._configured(scope)
            origins = easel.settings.cors_origins
            if easel.settings.open_mode:
                guard_open_mode(Request(scope))
        except Forbidden as error:  # applies to preflights, too
            await _with_request_id(ErrorResponse(error), scope)(scope, receive, send)
            return
        except EaselError as error:
            scope["easel"] = error
        if scope["method"] == "OPTIONS":  # the middleware answers preflights itself
            send = _sending_request_id(send, scope)
        await self._cors(origins)(scope, receive, send)

    def settings(self) -> Settings:
        """Return the current settings; Misconfigured if one of them is invalid."""
        return asyncio.run(self._configuration.of(self._environment)).settings

    async def _configured(self, scope: Scope) -> Easel:
        return await self._configuration.of(scope.get("env") or self._environment)

    def _cors(self, origins: tuple[str, ...]) -> ASGIApp:
        if origins not in self._with_cors:
            self._with_cors[origins] = CORSMiddleware(
                self._respond,
                allow_origins=origins,
                allow_methods=["GET", "POST", "DELETE", "OPTIONS"],
                allow_headers=["*"],
                allow_private_network=True,
                expose_headers=EXPOSED_HEADERS,
                max_age=7200,
            )
        return self._with_cors[origins]

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(Request(scope, receive))
        await _with_request_id(response, scope)(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        easel: Easel | EaselError = request.scope["easel"]
        if isinstance(easel, EaselError):
            return ErrorResponse(easel)
        if request.method == "OPTIONS":
            return Response(status_code=204)
        context, endpoint = Context(request, easel), None
        try:
            path = _inner_path(request.scope["path"], easel.settings.prefix)
            endpoint, request.scope["path_params"] = self._router.find(request.method, path)
            context.caller = authorize(request, endpoint.access, easel.settings, easel.service.ids)
            response = await handler_of(endpoint, request.method)(context)
            response.headers.setdefault("cache-control", "no-store")  # files and pages set their own
            return response
        except ClientDisconnect:
            return Response(status_code=_CLIENT_CLOSED_REQUEST)
        except Exception as raised:
            return _failed(raised, endpoint, context)


def create_app(routes: Sequence[Endpoint]) -> App:
    """Return the application of one serverless function."""
    return App(routes)


def failure_response(raised: BaseException, scope: Scope) -> Response:
    """Return the response for a host to send if the application failed before it sent anything."""
    scope.setdefault("easel.request_id", _new_request_id())
    return _with_request_id(ErrorResponse(_known(raised, scope["easel.request_id"])), scope)


def _failed(raised: Exception, endpoint: Endpoint | None, context: Context) -> Response:
    error = _known(raised, context.request.scope["easel.request_id"])
    beside = endpoint.beside(error) if endpoint and endpoint.beside else None
    # The traceback's frames keep the body in memory, in a cycle until garbage collection if one refers to the error.
    raised.__traceback__ = raised.__context__ = raised.__cause__ = None
    return ErrorResponse(error, context.prefix, beside)


def _new_request_id() -> str:
    return f"req_{uuid4().hex}"


def _known(raised: BaseException, request_id: str) -> EaselError:
    if isinstance(raised, EaselError):
        return raised
    if isinstance(raised, HTTPException) and raised.status_code < 500:
        return BadRequest(str(raised.detail))
    _log.error("unexpected error in request %s", request_id, exc_info=raised)
    return EaselError(f"Internal error (request id {request_id}).")


def _inner_path(path: str, prefix: str) -> str:
    """Return the path without the prefix. Base URLs that end in a slash or in `/v1` once too often are accepted."""
    if "//" in path or "/v1/v1" in path:
        path = _REPEATED_VERSION.sub("/v1", _REPEATED_SLASH.sub("/", path))
    if path in _ALWAYS_AT_ROOT or not prefix:
        return path
    if path == prefix or path.startswith(f"{prefix}/"):
        return path[len(prefix) :] or "/"
    raise NotFound("There is nothing at this address; the API has a prefix.", code="unknown_url")


def _with_request_id(response: Response, scope: Scope) -> Response:
    response.headers["x-request-id"] = scope["easel.request_id"]
    return response


def _sending_request_id(send: Send, scope: Scope) -> Send:
    header = (b"x-request-id", scope["easel.request_id"].encode())

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start" and header not in message["headers"]:
            message["headers"] = [*message["headers"], header]
        await send(message)

    return sender


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
