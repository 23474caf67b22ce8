"""Response bodies without their content encoding, decoded in pieces of bounded size."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import cast

import httpx

LARGEST_BODY = 64 << 20
"""Bytes of one response, as it is after decoding."""

_PIECE = 256 << 10
_HEAD = 2
_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15  # `wbits`, by which zlib knows its formats


def decoded(response: httpx.Response) -> AsyncIterator[bytes]:
    """The content of `response`. Reading it raises DecodingError unless its encoding is gzip, deflate or none."""
    stream = cast(httpx.AsyncByteStream, response.stream)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    return aiter(stream) if encoding in ("", "identity") else _inflated(stream, encoding)


async def collected(pieces: AsyncIterable[bytes]) -> bytes:
    """The whole content; DecodingError where it is larger than LARGEST_BODY."""
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
        for piece in _pieces(inflater, data):
            yield piece
            if len(piece) == _PIECE:  # a few bytes can become gigabytes: let others run meanwhile
                await asyncio.sleep(0)
    if head and not (inflater and inflater.eof):
        raise httpx.RemoteProtocolError("the compressed body is cut off")


def _pieces(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    piece = b""
    while data or len(piece) == _PIECE:
        try:
            piece = inflater.decompress(data, _PIECE)
        except zlib.error as error:
            raise httpx.RemoteProtocolError("the compressed body is damaged") from error
        data = inflater.unconsumed_tail
        yield piece


def _format(encoding: str, head: bytes) -> int:
    """A chain of encodings is refused: each of them can multiply the size by a thousand."""
    match encoding:
        case "gzip" | "x-gzip":
            return _GZIP
        case "deflate":
            # The standard means zlib's format, but some servers leave out its header, whose two bytes are checked here.
            return _ZLIB if head[0] & 15 == 8 and int.from_bytes(head[:_HEAD]) % 31 == 0 else _RAW_DEFLATE
    raise httpx.DecodingError("the body has an encoding that was not asked for")
