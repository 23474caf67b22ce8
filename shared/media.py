"""Open results (streams of bytes) and byte ranges."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol, runtime_checkable

from shared.errors import RangeInvalid


class ByteRange(NamedTuple):
    """One RFC 9110 byte range, from `start` through `end`; a negative `start` counts from the file's end."""

    start: int
    end: int | None = None

    def __str__(self) -> str:
        return f"bytes={self.start}" if self.start < 0 else f"bytes={self.start}-{'' if self.end is None else self.end}"

    def within(self, total: int) -> tuple[int, int]:
        """Return start and stop (exclusive) in a file of `total` bytes. Raises RangeInvalid if the range is empty."""
        start = max(0, total + self.start) if self.start < 0 else self.start
        stop = total if self.end is None else min(self.end + 1, total)
        if start >= stop:
            raise RangeInvalid(total)
        return start, stop


class Media(NamedTuple):
    """An open result. `chunks` are the requested bytes as they arrive.

    `media_type` is detected from the first bytes, or declared by the upstream if the range omits those.
    `start` is the offset of the first byte, `length` the number of bytes in `chunks`, `total` the whole file's size;
    the latter two are None if the upstream does not state them.
    """

    media_type: str
    chunks: AsyncIterator[bytes]
    start: int = 0
    length: int | None = None
    total: int | None = None


@runtime_checkable
class HostStream(Protocol):
    """Chunks of a Media that the host can forward itself, bypassing Python."""

    def rest(self) -> Any:
        """Return the host's own stream from the next chunk on; None if it must be read as chunks, or has ended."""
