"""Serve base64 results embedded in an upstream response like files: whole or by range, in chunks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import suppress

from shared.errors import Unavailable
from shared.http import HEAD_BYTES, detect_media_type
from shared.media import ByteRange, Media

_CHUNK = 64 << 10
"""Base64 digits decoded per chunk; a multiple of four."""


def media(digits: memoryview, byte_range: ByteRange | None) -> Media:
    """Open a base64 result. Raise RangeInvalid for a bad range, Unavailable if it is not an image or a video."""
    total = len(digits) // 4 * 3 - bytes(digits[-2:]).count(b"=")
    start, end = (byte_range or ByteRange(0)).within(total)
    media_type = None
    with suppress(binascii.Error):
        media_type = detect_media_type(base64.b64decode(digits[: 4 * -(-HEAD_BYTES // 3)]))
    if len(digits) % 4 or media_type is None:
        raise Unavailable("The result is not an image or a video.")
    return Media(media_type, _decoded(digits, start, end), start, end - start, total)


async def _decoded(digits: memoryview, start: int, end: int) -> AsyncIterator[bytes]:
    first = start // 3 * 4
    for at in range(first, -(-end // 3) * 4, _CHUNK):
        offset = at // 4 * 3
        yield base64.b64decode(digits[at : at + _CHUNK])[max(0, start - offset) : end - offset]
