"""Open results: streams of bytes, and ranges of them."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol, runtime_checkable

from shared.errors import RangeInvalid


class ByteRange(NamedTuple):
    """One range of RFC 9110: from `start` through `end`; a negative `start` counts from the file's end."""

    start: int
    end: int | None = None

    def __str__(self) -> str:
        return f"bytes={self.start}" if self.start < 0 else f"bytes={self.start}-{'' if self.end is None else self.end}"

    def within(self, total: int) -> tuple[int, int]:
        """Where it starts in a file of so many bytes, and where it stops; RangeInvalid where nothing of it is there."""
        start = max(0, total + self.start) if self.start < 0 else self.start
        stop = total if self.end is None else min(self.end + 1, total)
        if start >= stop:
            raise RangeInvalid(total)
        return start, stop


class Media(NamedTuple):
    """An open result. `chunks` are the bytes asked for, as they arrive.

    `media_type` is sniffed from the first bytes, or what the upstream calls it where a range leaves those out.
    `start` is the offset of the first byte, `length` how many bytes will come, `total` the whole file's size;
    the latter two are None where the upstream does not say.
    """

    media_type: str
    chunks: AsyncIterator[bytes]
    start: int = 0
    length: int | None = None
    total: int | None = None


@runtime_checkable
class HostStream(Protocol):
    """Chunks of a Media that the host may carry on by itself, without their passing through Python."""

    def rest(self) -> Any:
        """A stream of the host's own, from the next chunk on. None where it has to come as chunks, or has ended."""
