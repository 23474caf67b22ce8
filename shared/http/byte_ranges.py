"""The byte ranges that a response contains and that the caller requested."""

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
    """Requested are `start` to `stop` of `total` bytes; the response has `first` to `last`. Ends are exclusive."""

    start: int
    stop: int | None
    total: int | None
    first: int
    last: int | None

    @property
    def length(self) -> int | None:
        return None if self.stop is None else self.stop - self.start

    def cut(self, part: bytes, offset: int) -> bytes:
        """Return the requested bytes of `part`, which is at `offset` in the file."""
        stop = len(part) if self.stop is None else self.stop - offset
        return part[max(0, self.start - offset) : max(0, stop)]


def span_of(response: OpenResponse, asked: ByteRange | None) -> ContentRange:
    """Return the ranges of a 200 or 206.

    A 200 in response to a range request is cut to that range; if the file's size is unknown, the whole file is served.
    """
    if response.status == 206:
        return _partial(response.headers, asked)
    total = _content_length(response.headers)
    if asked is None or total is None:
        return ContentRange(0, total, total, 0, total)
    start, stop = asked.within(total)
    return ContentRange(start, stop, total, 0, total)


def continues(response: OpenResponse, offset: int, total: int | None, etag: str | None) -> bool:
    """Return whether this response continues the same file exactly at `offset`."""
    try:
        first, _, size = content_range(response.headers)
    except Unavailable:
        return False
    same = etag in (None, strong_etag(response.headers) or etag) and (size or total) == (total or size)
    return response.status == 206 and is_plain(response.headers) and first == offset and same


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int | None]:
    """Return the first offset, the last offset (exclusive) and the total size that a 206 states."""
    match = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if not match or int(match[2]) < int(match[1]):
        raise Unavailable("The upstream sent a part of the result without saying which.")
    return int(match[1]), int(match[2]) + 1, int(match[3]) if match[3] else None


def is_plain(headers: Mapping[str, str]) -> bool:
    """Return whether the body has no content encoding."""
    return headers.get("content-encoding", "identity").lower() == "identity"


def refused_range(headers: Mapping[str, str]) -> RangeInvalid:
    """Return the error for a 416, with the total size if it is stated."""
    match = _UNSATISFIED.fullmatch(headers.get("content-range", ""))
    return RangeInvalid(int(match[1]) if match else None)


def strong_etag(headers: Mapping[str, str]) -> str | None:
    """Return the ETag if it is a strong one."""
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
