"""Routes: which endpoint serves a path, and what /openapi.json says about each of its methods."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from starlette.responses import Response
from starlette.routing import compile_path

from shared import errors
from shared.api.auth import Access
from shared.api.context import Context, Handler
from shared.errors import EaselError, NotFound, WrongMethod

ErrorFields: TypeAlias = Callable[[EaselError], dict[str, Any]]

Failures: TypeAlias = tuple[type[EaselError], ...]

LOOKS: Failures = (errors.AccountLimited, errors.NoAccount, errors.Unavailable)
"""Errors of calls to an upstream."""

CANCELS: Failures = (*LOOKS, errors.BadRequest)
"""Errors of cancelling or deleting, which not every upstream supports."""

REFUSES: Failures = (errors.BadRequest,)
"""Errors of routes that only refer clients to another one."""

FETCHES: Failures = (*LOOKS, errors.ResultLost, errors.RangeInvalid)
"""Errors of downloading a file from an upstream."""

WAITS: Failures = (*LOOKS, errors.GenerationFailed, errors.GenerationPending)
"""Errors of waiting for a job to end."""

STARTS: Failures = (
    *(*WAITS, errors.ContentRefused, errors.AccountExhausted, errors.AccountRejected),
    *(errors.Overloaded, errors.Uncertain, errors.ResultLost, errors.KeyReused),
)
"""Errors of submitting a request."""

STARTED = ("easel-ignored", "easel-job", "easel-idempotency")
PENDING = ("openai-poll-after-ms", "retry-after")

RETRY_KEY = ("Idempotency-Key",)
PREFERENCES = ("Idempotency-Key", "Prefer")

IMAGES = ("image/png", "image/jpeg", "image/webp", "image/gif")
VIDEOS = ("video/mp4", "video/webm")


Body = TypeVar("Body")
Returned = TypeVar("Returned", bound=Response)


class Operation(NamedTuple):
    """A handler, described by its docstring and its annotations, and what these do not say.

    `form_files` names the fields of the body that are files in a multipart form, if the route accepts one.
    `parameters` names the headers and query parameters that the handler reads, `fails` lists errors in addition to
    those implied by the route, and `sends` the headers of successful responses in addition to those of their status.
    `media_types` are those of the files that the handler returns.
    """

    handler: Handler
    parameters: tuple[str, ...] = ()
    form_files: tuple[str, ...] = ()
    fails: Failures = ()
    sends: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()


def reads(
    read: Callable[[Context], Awaitable[Body]],
) -> Callable[[Callable[[Context, Body], Awaitable[Returned]]], Callable[[Context], Awaitable[Returned]]]:
    """Pass the request body that `read` returns to the decorated handler."""

    def decorate(handler: Callable[[Context, Body], Awaitable[Returned]]) -> Callable[[Context], Awaitable[Returned]]:
        @functools.wraps(handler)
        async def read_and_handle(context: Context) -> Returned:
            return await handler(context, await read(context))

        return read_and_handle

    return decorate


def fetching(handler: Handler, *media_types: str) -> Operation:
    """Return the operation that serves a file of one of these media types, or a range of it."""
    return Operation(
        handler,
        parameters=("Range", "If-Range", "If-None-Match"),
        fails=FETCHES,
        sends=("etag", "accept-ranges", "cache-control"),
        media_types=media_types,
    )


class Endpoint:
    """A path and its methods. It is served with and without the leading `/v1`, and with a trailing slash.

    Each method has a handler, inside an Operation if the endpoint is public. `beside` returns the fields that older
    clients of this route read next to `error`; `under` are prefixes that they write before `/v1`.
    """

    def __init__(
        self,
        path: str,
        access: Access = Access.KEY,
        *,
        beside: ErrorFields | None = None,
        under: Sequence[str] = (),
        **methods: Handler | Operation,
    ) -> None:
        self.path = path
        self.access = access
        self.beside = beside
        self.under = under
        self.operations = {method: given for method, given in methods.items() if isinstance(given, Operation)}
        handlers = {
            method: given.handler if isinstance(given, Operation) else given for method, given in methods.items()
        }
        self.handlers = handlers | ({"HEAD": handlers["GET"]} if "GET" in handlers and "HEAD" not in handlers else {})
        regex, _, self._convertors = compile_path(path)
        version = f"^(?:(?:{'|'.join(('', *under))})/v1)?"
        self._regex = re.compile(re.sub(r"^\^/v1(?=/)", version, regex.pattern)[:-1] + "/?$")

    def match(self, path: str) -> dict[str, Any] | None:
        """Return the path's parameters; None if it belongs to another endpoint."""
        found = self._regex.match(path)
        if found is None:
            return None
        return {name: self._convertors[name].convert(text) for name, text in found.groupdict().items()}

    def spellings(self) -> list[str]:
        """Return every path that matches, if the path has no parameters."""
        rest = self.path.removeprefix("/v1") if self.path.startswith("/v1/") else None
        paths = [self.path] if rest is None else [rest, self.path, *(f"{prefix}/v1{rest}" for prefix in self.under)]
        return [*paths, *(f"{path}/" for path in paths if not path.endswith("/"))]


class Router:
    """Finds endpoints: those without parameters by path, the others in declaration order."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._fixed = {
            path: endpoint for endpoint in endpoints if "{" not in endpoint.path for path in endpoint.spellings()
        }
        self._others = [endpoint for endpoint in endpoints if "{" in endpoint.path]

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, Any]]:
        """Return the endpoint and the path's parameters; NotFound if no endpoint has this path."""
        if endpoint := self._fixed.get(path):
            return endpoint, {}
        for endpoint in self._others:
            parameters = endpoint.match(path)
            if parameters is not None:
                return endpoint, parameters
        raise NotFound(f"There is nothing at this address: {method} {path[:100]}", code="unknown_url")


def handler_of(endpoint: Endpoint, method: str) -> Handler:
    """Return the method's handler; WrongMethod if the endpoint has none."""
    handler = endpoint.handlers.get(method)
    if handler is None:
        allow = ", ".join(sorted(endpoint.handlers))
        raise WrongMethod(f"{method} is not possible here, only {allow}.", allow)
    return handler
