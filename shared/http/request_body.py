"""Request bodies, which may be generated while they are sent."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from shared.json_stream import encode, json_parts, length_of

_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_SLICE = 256 << 10
"""Characters of a string that are encoded at once."""


class RequestBody(NamedTuple):
    """`content` is generated while it is sent, or bytes. `length` is in bytes, None if it is not known in advance."""

    content: AsyncIterator[bytes] | bytes
    media_type: str
    length: int | None = None


def json_body(content: Any) -> RequestBody:
    """Return `content` as a JSON body; its Base64 leaves are read while they are sent."""
    parts = json_parts(content)
    return RequestBody(encode(parts), "application/json", length_of(parts))


async def large_json_body(content: Any) -> RequestBody:
    """Encode `content` as JSON. Long strings, mostly images, are encoded in slices; the event loop runs in between."""
    if not _has_long_string(content):
        body = _COMPACT.encode(content).encode()
        return RequestBody(body, "application/json", len(body))
    mark = secrets.token_hex(16)
    strings: list[str] = []
    await asyncio.sleep(0)  # parsing the request took its time already
    skeleton = _COMPACT.encode(_without_long_strings(content, mark, strings)).encode().split(mark.encode())
    pieces = [skeleton[0]]
    for string, after in zip(strings, skeleton[1:], strict=True):
        for start in range(0, len(string), _SLICE):
            pieces.append(_COMPACT.encode(string[start : start + _SLICE])[1:-1].encode())
            await asyncio.sleep(0)
        pieces.append(after)
    return RequestBody(_each(pieces), "application/json", sum(map(len, pieces)))


def _has_long_string(content: Any) -> bool:
    values = [content]
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
        elif isinstance(value, str) and len(value) > _SLICE:
            return True
    return False


def _without_long_strings(value: Any, mark: str, strings: list[str]) -> Any:
    """Return a copy with the mark in place of each long string, and append that string to `strings`."""
    if isinstance(value, dict):
        return {name: _without_long_strings(inner, mark, strings) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_long_strings(inner, mark, strings) for inner in value]
    if isinstance(value, str) and len(value) > _SLICE:
        strings.append(value)
        return mark
    return value


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
