"""What adapters share when they send pictures on that a request brought along."""

from __future__ import annotations

from contextlib import aclosing

from shared.http import sniff
from shared.requests import Input


async def media_type_of(picture: Input) -> str:
    """What it is; of one that lies elsewhere, by its bytes, which are fetched with that."""
    if picture.media_type:
        return picture.media_type
    async with aclosing(picture.read()) as pieces:  # type: ignore[type-var]
        return sniff(await anext(pieces, b"")) or ""
