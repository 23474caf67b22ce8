"""The ASGI application: from a path to an endpoint, and from whatever happens there to an answer.

One stack for every function: request id, CORS, then the endpoint. An error before the answer has begun becomes the
envelope; one after that cuts the connection, so that a broken answer never looks whole.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.api import vercel
from shared.api.access import Access, authorize, guard_open_mode
from shared.api.call import Call, Handler
from shared.api.errors import error_response
from shared.api.operation import Operation
from shared.errors import BadRequest, EaselError, Forbidden, NotFound, WrongMethod
from shared.settings import Configuration, Easel, Settings

_log = logging.getLogger(__name__)

Beside: TypeAlias = Callable[[EaselError], dict[str, Any]]

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
    "easel-job",
    "easel-idempotency",
    "easel-note",
)
_ALWAYS_AT_ROOT = ("/health", "/ping")
_GONE = 499


class Endpoint:
    """A path and its verbs. It answers with and without the leading `/v1`, and with a slash at its end.

    Each verb has a handler, in an Operation wherever the endpoint is a public one.
    `beside` makes the members that older clients of this route read next to `error`, from the error object; `under`
    are what they write before `/v1`.
    """

    def __init__(
        self,
        path: str,
        access: Access = Access.KEY,
        *,
        beside: Beside | None = None,
        under: Sequence[str] = (),
        **verbs: Handler | Operation,
    ) -> None:
        self.path = path
        self.access = access
        self.beside = beside
        self.under = under
        self.operations = {verb: given for verb, given in verbs.items() if isinstance(given, Operation)}
        handlers = {verb: given.handler if isinstance(given, Operation) else given for verb, given in verbs.items()}
        self.handlers = handlers | ({"HEAD": handlers["GET"]} if "GET" in handlers and "HEAD" not in handlers else {})
        regex, _, self._convertors = compile_path(path)
        version = f"^(?:(?:{'|'.join(('', *under))})/v1)?"
        self._regex = re.compile(re.sub(r"^\^/v1(?=/)", version, regex.pattern)[:-1] + "/?$")

    def match(self, path: str) -> dict[str, Any] | None:
        """The path's parameters, None when it is another endpoint's."""
        found = self._regex.match(path)
        if found is None:
            return None
        return {name: self._convertors[name].convert(text) for name, text in found.groupdict().items()}


class App:
    """`routes` are tried in their order, those without a parameter first.

    `environment` is read on every request, unless the host gives its own.
    """

    def __init__(
        self,
        routes: Sequence[Endpoint],
        *,
        open_mode: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.routes = tuple(sorted(routes, key=lambda endpoint: "{" in endpoint.path))
        self._configuration = Configuration(open_mode=open_mode)
        self._environment = environment
        self._stacks: dict[tuple[str, ...], ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        scope["easel.request_id"] = request_id = _new_request_id()
        scope.setdefault("easel.deadline", vercel.deadline())
        answer = await self._way_in(scope)
        await answer(scope, receive, _with_request_id(send, request_id))

    async def _way_in(self, scope: Scope) -> ASGIApp:
        try:
            easel = await self._configuration.of(scope.get("env") or self._environment)
            if easel.settings.open_mode:
                guard_open_mode(Request(scope))
        except Forbidden as error:  # not even a page's preflight is let through
            return error_response(error)
        except EaselError as error:
            scope["easel"] = error
            return self._stack(("*",))
        scope["easel"] = easel
        return self._stack(easel.settings.cors_origins)

    def settings(self) -> Settings:
        """The settings as they are now; Misconfigured when there is something wrong with them."""
        return asyncio.run(self._configuration.of(self._environment)).settings

    def _stack(self, origins: tuple[str, ...]) -> ASGIApp:
        if origins not in self._stacks:
            self._stacks[origins] = CORSMiddleware(
                self._answer,
                allow_origins=origins,
                allow_methods=["GET", "POST", "DELETE", "OPTIONS"],
                allow_headers=["*"],
                expose_headers=EXPOSED_HEADERS,
                max_age=7200,
            )
        return self._stacks[origins]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(Request(scope, receive))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        configured: Easel | EaselError = request.scope["easel"]
        if isinstance(configured, EaselError):
            return error_response(configured)
        call = Call(request, configured)
        try:
            if request.method == "OPTIONS":
                return Response(status_code=204)
            endpoint = self._endpoint(call)
        except EaselError as error:
            return error_response(error, configured.settings.prefix)
        response = await self._handled(endpoint, call)
        response.headers.update(call.headers)
        return response

    def _endpoint(self, call: Call) -> Endpoint:
        path = _inner_path(call.request.scope["path"], call.settings.prefix)
        for endpoint in self.routes:
            parameters = endpoint.match(path)
            if parameters is not None:
                call.request.scope["path_params"] = parameters
                return endpoint
        raise NotFound(f"There is nothing at this address: {call.request.method} {path[:100]}", code="unknown_url")

    async def _handled(self, endpoint: Endpoint, call: Call) -> Response:
        try:
            call.caller = authorize(call.request, endpoint.access, call.settings, call.service.tickets)
            handler = endpoint.handlers.get(call.request.method)
            if handler is None:
                allow = ", ".join(sorted(endpoint.handlers))
                raise WrongMethod(f"{call.request.method} is not possible here, only {allow}.", allow)
            return await handler(call)
        except ClientDisconnect:
            return Response(status_code=_GONE)
        except Exception as raised:
            error = _known(raised, call.request.scope["easel.request_id"])
            beside = endpoint.beside(error) if endpoint.beside else None
            return error_response(error, call.prefix, beside)


def create_app(routes: Sequence[Endpoint]) -> App:
    """The application of one function."""
    return App(routes)


def failure_response(raised: BaseException, scope: Scope) -> Response:
    """What a host answers where the application failed before anything of its own answer was out."""
    request_id = scope.get("easel.request_id") or _new_request_id()
    response = error_response(_known(raised, request_id))
    response.headers["x-request-id"] = request_id
    return response


def _new_request_id() -> str:
    return f"req_{uuid4().hex}"


def _known(raised: BaseException, request_id: str) -> EaselError:
    if isinstance(raised, EaselError):
        return raised
    if isinstance(raised, HTTPException) and raised.status_code < 500:
        return BadRequest(str(raised.detail))
    _log.error("unexpected error in request %s", request_id, exc_info=raised)
    return EaselError(f"Something went wrong here, and it is our fault. It is in the log under {request_id}.")


def _inner_path(path: str, prefix: str) -> str:
    if path in _ALWAYS_AT_ROOT or not prefix:
        return path
    if path == prefix or path.startswith(f"{prefix}/"):
        return path[len(prefix) :] or "/"
    raise NotFound("There is nothing at this address; the API has a prefix.", code="unknown_url")


def _with_request_id(send: Send, request_id: str) -> Send:
    header = (b"x-request-id", request_id.encode())

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], header]
        await send(message)

    return sender


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
