"""JSON with files as leaves, which are encoded as base64 while the text is sent and never held whole."""

from __future__ import annotations

import binascii
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeAlias

from shared.media import Media
from shared.requests import InputImage

Part: TypeAlias = bytes | Media | InputImage
"""Text as bytes, or a file that is written as base64."""

_SLICE = 64 << 10
"""Bytes of a long text that are sent at a time: hosts buffer a copy of unsent bytes."""


class Base64:
    """A JSON string that contains files: texts are written unchanged, files as base64. Bytes are already base64."""

    def __init__(self, *pieces: str | Part) -> None:
        self.pieces = pieces


def json_parts(content: Any) -> list[Part]:
    """Return the parts of `content` as JSON, its Base64 leaves as parts of their own."""
    mark = secrets.token_hex(16)
    files: list[Part] = []

    def replace(leaf: Any) -> str:
        if not isinstance(leaf, Base64):
            raise TypeError(f"{type(leaf).__name__} cannot be written as JSON")
        files.extend(piece for piece in leaf.pieces if not isinstance(piece, str))
        return "".join([piece if isinstance(piece, str) else mark for piece in leaf.pieces])

    first, *texts = json.dumps(content, default=replace, separators=(",", ":")).encode().split(mark.encode())
    parts: list[Part] = [first]
    for file, text in zip(files, texts, strict=True):
        parts += [file, text]
    return parts


def length_of(parts: Sequence[Part]) -> int | None:
    """Return how many bytes `encode` yields; None if a file does not know its own length."""
    total = 0
    for part in parts:
        if isinstance(part, bytes):
            total += len(part)
            continue
        length = part.size if isinstance(part, InputImage) else part.length
        if length is None:
            return None
        total += 4 * -(-length // 3)
    return total


async def encode(parts: Sequence[Part]) -> AsyncIterator[bytes]:
    """Yield the parts one after the other, files as base64, with at most one chunk of them in memory."""
    for part in parts:
        if isinstance(part, bytes):
            for start in range(0, len(part), _SLICE):
                yield part[start : start + _SLICE]
            continue
        async for piece in base64_of(part.read() if isinstance(part, InputImage) else part.chunks):
            yield piece


async def base64_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the base64 of all chunks together, on one line, with at most one chunk in memory."""
    rest = b""
    async for chunk in chunks:
        data = rest + chunk if rest else chunk
        cut = len(data) - len(data) % 3
        rest = data[cut:]
        if cut:
            yield binascii.b2a_base64(data[:cut] if rest else data, newline=False)
    if rest:
        yield binascii.b2a_base64(rest, newline=False)
