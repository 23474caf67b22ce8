"""The protocol of an artifact store, and a file-like decoder of base64."""

from __future__ import annotations

import binascii
import io
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from shared.media import ByteRange, Media
from shared.results import InlineResult


class Artifacts(Protocol):
    """A private store of files by key, which may be deleted after a while.

    Each call may raise StoreUnavailable if the store cannot be reached, or Misconfigured if it never will be.
    """

    async def put(self, key: str, made: InlineResult) -> None:
        """Store a result as a file of its type, with at most one decoded chunk in memory."""

    def open(self, key: str, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        """Stream a file, or a range of it. Raises NotFound or RangeInvalid; ResultLost in mid-file."""


class Decoded:
    """A base64 result as a file that is decoded while it is read."""

    def __init__(self, base64: bytes) -> None:
        self._base64 = base64
        self._at = 0
        self.size = len(base64) // 4 * 3 - base64[-2:].count(b"=")

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        wanted = self.size - self._at if size < 0 else size
        group, skipped = divmod(self._at, 3)
        groups = -(-(skipped + wanted) // 3)
        piece = binascii.a2b_base64(self._base64[4 * group : 4 * (group + groups)])[skipped : skipped + wanted]
        self._at += len(piece)
        return piece
