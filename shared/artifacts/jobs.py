"""Stored results as jobs of a provider: succeeded from the start, and ready to be opened."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from shared.artifacts.base import Artifacts
from shared.errors import NotFound
from shared.media import ByteRange, Media
from shared.results import InlineResult, Output, Ref, Status, Succeeded

_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
_EXTENSIONS = {media_type: extension for extension, media_type in _TYPES.items()}


class StoredJobs:
    """Stored jobs. A ref is `<day>-<random>-<extension>`; the file's key is `<day>/<random>.<extension>`."""

    name: ClassVar[str] = "artifacts"

    def __init__(self, artifacts: Artifacts, clock: Callable[[], float] = time.time) -> None:
        self._artifacts = artifacts
        self._clock = clock

    async def store(self, results: Sequence[InlineResult]) -> tuple[Output, ...]:
        """Store all results under unguessable keys."""
        day = time.strftime("%Y%m%d", time.gmtime(self._clock()))
        refs = [f"{day}-{secrets.token_urlsafe(16)}-{_EXTENSIONS[made.media_type]}" for made in results]
        await asyncio.gather(*(self._artifacts.put(_key(ref), made) for ref, made in zip(refs, results, strict=True)))
        return tuple(map(_output, refs))

    async def poll(self, ref: Ref) -> Status:
        return Succeeded((_output(ref),))

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._artifacts.open(_key(output), byte_range)


def _output(ref: Ref) -> Output:
    media_type = _TYPES.get(ref.rpartition("-")[2])
    if media_type is None:
        raise NotFound("There is no such file.", param="id")
    return Output(ref, media_type, lasting=True)


def _key(ref: Ref) -> str:
    day, _, rest = ref.partition("-")
    name, _, extension = rest.rpartition("-")
    return f"{day}/{name}.{extension}"
