"""Bytes put aside: in memory while they are few, beyond that in a nameless file on disk."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO

from shared.http.media_types import HEAD_BYTES

_IN_MEMORY = 1 << 20
_PIECE = 96 << 10  # a multiple of three: base64 of it needs no rest


class Spool:
    """Read as often as wanted, by several at a time, and closed when nobody knows of it any more.

    A request's pictures are sent upstream even when the caller has left, so nobody else can tell when that is.
    `file` is one that is written already.
    """

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file: IO[bytes] = file or SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._file.seek(0, os.SEEK_END)
        self.size = self._file.tell()
        weakref.finalize(self, self._file.close)

    def write(self, data: bytes) -> None:
        """Add to its end."""
        self._file.seek(self.size)
        self._file.write(data)
        self.size += len(data)

    @property
    def head(self) -> bytes:
        """As much of its beginning as tells what it is."""
        return self._part(0, HEAD_BYTES)

    async def read(self) -> AsyncIterator[bytes]:
        """From the start, in pieces."""
        for offset in range(0, self.size, _PIECE):
            yield self._part(offset, _PIECE)
            await asyncio.sleep(0)

    def _part(self, offset: int, size: int) -> bytes:
        # In one go, for others read the same file: what was just written comes from memory anyway.
        self._file.seek(offset)
        return self._file.read(size)
