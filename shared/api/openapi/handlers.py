"""What a handler takes and returns, read from its annotations."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import UnionType
from typing import Any, NamedTuple, NoReturn, Union, get_args, get_origin, get_type_hints

from starlette.responses import Response

from shared.api.context import Handler
from shared.api.errors import ErrorResponse
from shared.api.requests import chat, cookies, image_edits, images, piclumen, videos
from shared.api.responses import piclumen_types, types, video_types
from shared.api.responses.types import ErrorAnswer

_TYPES = {
    name: kind
    for module in (chat, cookies, image_edits, images, piclumen, videos, types, video_types, piclumen_types)
    for name, kind in vars(module).items()
}
"""The types that modules of handlers import for type checkers only, because a cold start does not need them."""


class Returned(NamedTuple):
    """A class of responses, and the type of its JSON content; None for other media types."""

    response: type[Response]
    content: Any = None

    @property
    def status(self) -> int:
        return getattr(self.response, "status_code", 200)


def body_types(handler: Handler) -> tuple[Any, ...]:
    """Return the types of the request body: none, one, or one for each encoding."""
    hints = _hints(handler)
    return _alternatives(hints["body"]) if "body" in hints else ()


def returned_types(handler: Handler) -> Iterator[Returned]:
    """Yield what the handler returns, except errors that its operation lists."""
    for kind in _alternatives(_hints(handler)["return"]):
        if kind in (NoReturn, ErrorResponse):
            continue
        response, contents = get_origin(kind) or kind, get_args(kind)
        if issubclass(response, ErrorResponse):
            contents = (ErrorAnswer,)
        yield Returned(response, *contents)


def _hints(handler: Handler) -> dict[str, Any]:
    function = inspect.unwrap(handler)
    return get_type_hints(function, {**_TYPES, **vars(inspect.getmodule(function))})


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
