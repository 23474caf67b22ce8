"""Decoding of response bodies (gzip, deflate) in chunks of bounded size."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import cast

import httpx

LARGEST_BODY = 64 << 20
"""Bytes of one response after decoding."""

_PIECE = 256 << 10
_HEAD = 2
GZIP, ZLIB, _RAW_DEFLATE = 31, 15, -15  # `wbits` values that select the format in zlib


def decoded(response: httpx.Response) -> AsyncIterator[bytes]:
    """Return the decoded body. Reading it raises DecodingError unless its encoding is gzip, deflate or none."""
    stream = cast(httpx.AsyncByteStream, response.stream)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    return aiter(stream) if encoding in ("", "identity") else _inflated(stream, encoding)


async def collected(pieces: AsyncIterable[bytes]) -> bytes:
    """Return the whole content. Raises DecodingError if it is larger than LARGEST_BODY."""
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > LARGEST_BODY:
            raise httpx.DecodingError("the body is too large")
    return bytes(body)


async def _inflated(stream: AsyncIterable[bytes], encoding: str) -> AsyncIterator[bytes]:
    head, inflater = b"", None
    async for data in stream:
        if inflater is None:
            head += data
            if len(head) < _HEAD:
                continue
            inflater, data = zlib.decompressobj(_format(encoding, head)), head
        try:
            for piece in inflated(inflater, data):
                yield piece
                if len(piece) == _PIECE:  # a few bytes can become gigabytes: let other tasks run
                    await asyncio.sleep(0)
        except zlib.error as error:
            raise httpx.RemoteProtocolError("the compressed body is damaged") from error
    if head and not (inflater and inflater.eof):
        raise httpx.RemoteProtocolError("the compressed body is cut off")


def inflated(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Yield what these bytes decode to, in pieces of bounded size. Raises zlib.error if they are damaged."""
    piece = b""
    while data or len(piece) == _PIECE:
        piece = inflater.decompress(data, _PIECE)
        data = inflater.unconsumed_tail
        yield piece


def _format(encoding: str, head: bytes) -> int:
    """Return the `wbits` value. Rejects chained encodings: each of them can multiply the size by a thousand."""
    match encoding:
        case "gzip" | "x-gzip":
            return GZIP
        case "deflate":
            # The standard requires zlib's format, but some servers omit its two-byte header, which is checked here.
            return ZLIB if head[0] & 15 == 8 and int.from_bytes(head[:_HEAD]) % 31 == 0 else _RAW_DEFLATE
    raise httpx.DecodingError("the body has an encoding that was not asked for")
