"""Compressed request bodies: `Content-Encoding: gzip`, or `deflate` in zlib's format."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from shared.errors import BadRequest

_PIECE = 256 << 10
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Values of zlib's `wbits`, which select the format."""


class Decoder:
    """Decodes one body in pieces of bounded size. Raises BadRequest for an unknown encoding and for damaged data."""

    def __init__(self, encoding: str) -> None:
        if encoding not in _WINDOW_BITS:
            message = f"Content-Encoding: '{encoding[:20]}' is not supported. Send the body as gzip or uncompressed."
            raise BadRequest(message, code="unsupported_encoding")
        self._inflater = zlib.decompressobj(_WINDOW_BITS[encoding])

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes decode to."""
        piece = b""
        while data or len(piece) == _PIECE:
            try:
                piece = self._inflater.decompress(data, _PIECE)
            except zlib.error:
                raise _damaged() from None
            data = self._inflater.unconsumed_tail
            yield piece

    def end(self) -> None:
        """Raise BadRequest unless the data were complete."""
        if not self._inflater.eof or self._inflater.unused_data:
            raise _damaged()


def _damaged() -> BadRequest:
    return BadRequest("The compressed body is damaged or cut off. Send it again.", code="invalid_encoding")
