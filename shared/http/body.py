"""A request's body that is made while it leaves, so that pictures in it are never held whole."""

from __future__ import annotations

import asyncio
import binascii
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from shared.values import Input

_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_SLICE = 256 << 10
"""Characters of a string that are encoded at once."""


class Body(NamedTuple):
    """`content` is made while it leaves, or is there whole. `length` is in bytes; None where it will show."""

    content: AsyncIterator[bytes] | bytes
    media_type: str
    length: int | None = None


class Inline:
    """Stands in JSON for a picture's bytes as base64, after the text `before`."""

    def __init__(self, picture: Input, before: str = "") -> None:
        self.picture = picture
        self.before = before


def json_body(content: Any) -> Body:
    """`content` as JSON, the Inline pictures in it read while they are sent."""
    mark = secrets.token_hex(16)
    pictures: list[Input] = []

    def note(value: Any) -> str:
        if not isinstance(value, Inline):
            raise TypeError(f"{type(value).__name__} cannot be written as JSON")
        pictures.append(value.picture)
        return value.before + mark

    texts = json.dumps(content, default=note).encode().split(mark.encode())
    return Body(_pieces(texts, pictures), "application/json", _length(texts, pictures))


async def large_json_body(content: Any) -> Body:
    """Encode `content` as JSON. Long strings, mostly images, are encoded in slices; the event loop runs in between."""
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
    return Body(_each(pieces), "application/json", sum(map(len, pieces)))


async def base64_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The base64 of all chunks together, on one line; never more than a chunk of it in memory."""
    rest = b""
    async for chunk in chunks:
        data = rest + chunk if rest else chunk
        cut = len(data) - len(data) % 3
        rest = data[cut:]
        if cut:
            yield binascii.b2a_base64(data[:cut] if rest else data, newline=False)
    if rest:
        yield binascii.b2a_base64(rest, newline=False)


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


async def _pieces(texts: Sequence[bytes], pictures: Sequence[Input]) -> AsyncIterator[bytes]:
    yield texts[0]
    for picture, text in zip(pictures, texts[1:], strict=True):
        async for piece in base64_of(picture.read()):
            yield piece
        yield text


def _length(texts: Sequence[bytes], pictures: Sequence[Input]) -> int | None:
    length = sum(map(len, texts))
    for picture in pictures:
        if picture.size is None:
            return None
        length += 4 * -(-picture.size // 3)
    return length
