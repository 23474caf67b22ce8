"""Helpers shared by the providers that forward input images."""

from __future__ import annotations

from contextlib import aclosing

from shared.http import detect_media_type
from shared.requests import InputImage


async def media_type_of(picture: InputImage) -> str:
    """Return the media type of an input image; if unknown, fetch a remote one and detect it from its first bytes."""
    if picture.media_type:
        return picture.media_type
    async with aclosing(picture.read()) as pieces:  # type: ignore[type-var]
        return detect_media_type(await anext(pieces, b"")) or ""
