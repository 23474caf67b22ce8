"""Download of a result: checked first, cut to the requested range, resumed when the connection breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from shared.errors import NotFound, ResultLost, Unavailable
from shared.http.byte_ranges import ContentRange, continues, is_plain, refused_range, span_of, strong_etag
from shared.http.error_mapping import BROKEN
from shared.http.media_types import HEAD_BYTES, MEDIA_TYPES, detect_media_type
from shared.http.redirects import OpenResponse, RedirectChain
from shared.http.retry import TRANSIENT, RetryPolicy, repeat
from shared.media import ByteRange, Media

_MOST_RESUMPTIONS = 3
_TRANSIENT = TRANSIENT | {404}
"""A new result may be missing for a moment, until the upstream's storage has copied it everywhere."""


class Download:
    """One file as an iterator over the requested bytes."""

    _span: ContentRange
    _parts: AsyncIterator[bytes]
    _received: int
    _etag: str | None

    def __init__(self, source: RedirectChain, patience: RetryPolicy, media_type: str = "") -> None:
        self._source = source
        self._patience = patience
        self._expected_type = media_type
        self._response: OpenResponse | None = None
        self._head = b""
        self._resumptions = 0
        self._resumed_at = -1

    async def open(self, asked: ByteRange | None) -> Media:
        extra = {"range": str(asked)} if asked else {}
        response = await repeat(lambda: self._source.open(extra), self._patience, _TRANSIENT)
        self._adopt(response)
        _require_file(response)
        self._span = span_of(response, asked)
        self._received = self._span.first
        self._etag = strong_etag(response.headers)
        media_type = await self._media_type(response.headers)
        return Media(media_type, self, self._span.start, self._span.length, self._span.total)

    def __aiter__(self) -> Download:
        return self

    async def __anext__(self) -> bytes:
        while not self._satisfied():
            part, self._head = self._head or await self._next(), b""
            if not part:
                break
            if wanted := self._span.cut(part, self._received - len(part)):
                return wanted
        raise StopAsyncIteration

    def rest(self) -> Any:
        """See `HostStream`. Once the host has taken over, a broken download is not resumed."""
        span, response = self._span, self._response
        plain = not self._head and span.stop == span.last and self._received >= span.start
        take_over = getattr(response.stream, "rest", None) if plain and response else None
        return take_over() if take_over else None

    async def aclose(self) -> None:
        """Return the connection to the pool, or close it if bytes are unread."""
        if response := self._response:
            self._response = None
            await response.stream.aclose()

    def _adopt(self, response: OpenResponse) -> None:
        self._response = response
        self._parts = aiter(response.stream)

    async def _media_type(self, headers: Mapping[str, str]) -> str:
        """Detect the type from the first bytes; if the range omits them, use the declared or expected type.

        Raises Unavailable if it is not an image or a video.
        """
        while self._span.first == 0 and len(self._head) < HEAD_BYTES and (part := await self._next()):
            self._head += part
        if media_type := detect_media_type(self._head):
            return media_type
        declared = headers.get("content-type", "").partition(";")[0].strip().lower()
        told = declared if declared in MEDIA_TYPES else self._expected_type
        if self._lacks_head() and told:
            return told
        raise Unavailable("The result is not an image or a video.")

    def _lacks_head(self) -> bool:
        span = self._span
        return span.first > 0 or (len(self._head) < HEAD_BYTES and span.last not in (None, span.total))

    def _satisfied(self) -> bool:
        """Return whether the rest of the response is not needed.

        A response that ends where the range does is read to its end, so that `aclose` can reuse the connection.
        """
        span = self._span
        return span.stop is not None and span.stop != span.last and self._received >= span.stop and not self._head

    async def _next(self) -> bytes:
        """Return the next bytes, over a new connection if this one breaks; empty at the end."""
        while True:
            cause = None
            try:
                part = await anext(self._parts, b"")
            except BROKEN as error:
                part, cause = b"", error
            self._received += len(part)
            if part or not (cause or self._received < (self._span.stop or 0)):
                return part
            await self._resume(cause)

    async def _resume(self, cause: Exception | None) -> None:
        await self.aclose()
        while self._resumptions < _MOST_RESUMPTIONS:
            await self._before_resuming()
            try:
                response = await self._source.open(self._rest())
            except BROKEN as error:
                cause = error
                continue
            if response.status in TRANSIENT:
                continue
            self._adopt(response)
            if continues(response, self._received, self._span.total, self._etag):
                return
            break
        raise ResultLost("The result broke off while it was fetched, and could not be taken up again.") from cause

    async def _before_resuming(self) -> None:
        if self._received == self._resumed_at:  # the last attempt brought no bytes
            await asyncio.sleep(self._patience.pause * 2**self._resumptions)
        self._resumptions += 1
        self._resumed_at = self._received

    def _rest(self) -> dict[str, str]:
        last = "" if self._span.stop is None else self._span.stop - 1
        condition = {"if-range": self._etag} if self._etag else {}
        return {"range": f"bytes={self._received}-{last}", **condition}


def _require_file(response: OpenResponse) -> None:
    if response.status in (404, 410):
        raise NotFound("The upstream does not have this result any more.")
    if response.status == 416:
        raise refused_range(response.headers)
    if response.status not in (200, 206):
        raise Unavailable(f"The upstream answered with status {response.status} instead of the result.")
    if not is_plain(response.headers):
        raise Unavailable("The upstream sent the result in an encoding that it was not asked for.")
