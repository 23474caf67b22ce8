"""What adapters share when they send pictures on that a request brought along."""

from __future__ import annotations

from contextlib import aclosing

from shared.http import detect_media_type
from shared.requests import InputImage


async def media_type_of(picture: InputImage) -> str:
    """What it is; of one that lies elsewhere, by its bytes, which are fetched with that."""
    if picture.media_type:
        return picture.media_type
    async with aclosing(picture.read()) as pieces:  # type: ignore[type-var]
        return detect_media_type(await anext(pieces, b"")) or ""
