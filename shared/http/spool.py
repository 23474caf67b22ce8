"""Buffered bytes: in memory up to 1 MiB, beyond that in an unnamed temporary file."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO

from shared.http.media_types import HEAD_BYTES

_IN_MEMORY = 1 << 20
_PIECE = 96 << 10  # a multiple of three: base64 has no remainder to carry over


class Spool:
    """Can be read repeatedly and concurrently; closed when it is garbage collected.

    A request's images are sent upstream even after the client disconnects, so no single owner can close it.
    `file` is an already written file.
    """

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file: IO[bytes] = file or SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._file.seek(0, os.SEEK_END)
        self.size = self._file.tell()
        weakref.finalize(self, self._file.close)

    def write(self, data: bytes) -> None:
        """Append `data`."""
        self._file.seek(self.size)
        self._file.write(data)
        self.size += len(data)

    @property
    def head(self) -> bytes:
        """The first HEAD_BYTES bytes, for `detect_media_type`."""
        return self._part(0, HEAD_BYTES)

    async def read(self) -> AsyncIterator[bytes]:
        """Yield the content from the start in chunks."""
        for offset in range(0, self.size, _PIECE):
            yield self._part(offset, _PIECE)
            await asyncio.sleep(0)

    def _part(self, offset: int, size: int) -> bytes:
        # Synchronous, without an await between seek and read, because readers share the file; recent writes are cached.
        self._file.seek(offset)
        return self._file.read(size)
