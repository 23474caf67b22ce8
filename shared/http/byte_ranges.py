"""Which bytes of a file an answer brings, and which of them are wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from shared.errors import RangeInvalid, Unavailable
from shared.http.redirects import OpenResponse
from shared.media import ByteRange

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:(\d{1,18})|\*)", re.ASCII | re.IGNORECASE)
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})", re.ASCII | re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)


class ContentRange(NamedTuple):
    """Wanted is `start` up to `stop` in a file of `total` bytes; the answer brings `first` up to `last`, exclusive."""

    start: int
    stop: int | None
    total: int | None
    first: int
    last: int | None

    @property
    def length(self) -> int | None:
        return None if self.stop is None else self.stop - self.start

    def cut(self, part: bytes, offset: int) -> bytes:
        """What is wanted of `part`, which lies at `offset`."""
        stop = len(part) if self.stop is None else self.stop - offset
        return part[max(0, self.start - offset) : max(0, stop)]


def span_of(response: OpenResponse, asked: ByteRange | None) -> ContentRange:
    """What a 200 or a 206 brings of what was asked for.

    A 200 to a range is cut to it, unless the file's size is unknown: then the whole file is what there is.
    """
    if response.status == 206:
        return _partial(response.headers, asked)
    total = _content_length(response.headers)
    if asked is None or total is None:
        return ContentRange(0, total, total, 0, total)
    start, stop = asked.within(total)
    return ContentRange(start, stop, total, 0, total)


def continues(response: OpenResponse, offset: int, total: int | None, etag: str | None) -> bool:
    """Whether this answer goes on with the same file, exactly at `offset`."""
    try:
        first, _, size = content_range(response.headers)
    except Unavailable:
        return False
    same = etag in (None, strong_etag(response.headers) or etag) and (size or total) == (total or size)
    return response.status == 206 and is_plain(response.headers) and first == offset and same


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int | None]:
    """First offset, last offset (exclusive) and total size, as a 206 states them."""
    match = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if not match or int(match[2]) < int(match[1]):
        raise Unavailable("The upstream sent a part of the result without saying which.")
    return int(match[1]), int(match[2]) + 1, int(match[3]) if match[3] else None


def is_plain(headers: Mapping[str, str]) -> bool:
    """Whether the bytes that come are the file's own."""
    return headers.get("content-encoding", "identity").lower() == "identity"


def refused_range(headers: Mapping[str, str]) -> RangeInvalid:
    """What a 416 says."""
    match = _UNSATISFIED.fullmatch(headers.get("content-range", ""))
    return RangeInvalid(int(match[1]) if match else None)


def strong_etag(headers: Mapping[str, str]) -> str | None:
    """The ETag, where it vouches for each byte."""
    etag = headers.get("etag", "")
    return etag if etag.startswith('"') else None


def _partial(headers: Mapping[str, str], asked: ByteRange | None) -> ContentRange:
    first, last, total = content_range(headers)
    if asked is None:
        fits = first == 0 and last == total
    elif asked.start < 0:
        fits = last == total and first == max(0, last + asked.start)
    else:
        fits = first == asked.start and (asked.end is None or last <= asked.end + 1)
    if not fits:
        raise Unavailable("The upstream sent another part of the result than it was asked for.")
    return ContentRange(first, last, total, first, last)


def _content_length(headers: Mapping[str, str]) -> int | None:
    length = headers.get("content-length", "")
    return int(length) if _LENGTH.fullmatch(length) and "transfer-encoding" not in headers else None
