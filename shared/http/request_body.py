"""A request's body, which may be made while it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from shared.json_stream import encode, json_parts, length_of


class RequestBody(NamedTuple):
    """`content` is made while it is sent, or whole. `length` is in bytes, None if it is not known in advance."""

    content: AsyncIterator[bytes] | bytes
    media_type: str
    length: int | None = None


def json_body(content: Any) -> RequestBody:
    """Return `content` as a JSON body; its Base64 leaves are read while they are sent."""
    parts = json_parts(content)
    return RequestBody(encode(parts), "application/json", length_of(parts))
