"""Compressed request bodies: `Content-Encoding: gzip`, or `deflate` in zlib's format."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from shared.errors import BadRequest
from shared.http import GZIP, ZLIB, inflated

_FORMATS = {"gzip": GZIP, "x-gzip": GZIP, "deflate": ZLIB}


class Decoder:
    """Decodes one body in pieces of bounded size. Raises BadRequest for an unknown encoding and for damaged data."""

    def __init__(self, encoding: str) -> None:
        if encoding not in _FORMATS:
            message = f"Content-Encoding: '{encoding[:20]}' is not supported. Send the body as gzip or uncompressed."
            raise BadRequest(message, code="unsupported_encoding")
        self._inflater = zlib.decompressobj(_FORMATS[encoding])

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes decode to."""
        try:
            yield from inflated(self._inflater, data)
        except zlib.error:
            raise _damaged() from None

    def end(self) -> None:
        """Raise BadRequest unless the data were complete."""
        if not self._inflater.eof or self._inflater.unused_data:
            raise _damaged()


def _damaged() -> BadRequest:
    return BadRequest("The compressed body is damaged or cut off. Send it again.", code="invalid_encoding")
