"""Streaming response, read line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx

from shared.errors import ResultLost
from shared.http.decoding import LARGEST_BODY, collected, decoded
from shared.http.error_mapping import BROKEN, error_of_send
from shared.http.redaction import Redaction
from shared.http.response import Response

_LONGEST_LINE = 16 << 20


class StreamingResponse:
    """The response to a request that is sent once: iterate its `lines`, or `read` it if it is an error."""

    def __init__(self, response: httpx.Response, redaction: Redaction) -> None:
        self.redaction = redaction
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._pieces = decoded(response)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield each line as soon as it is complete, without its line ending; the last one even if it has none.

        Lines end with LF, CR or CR LF, as in server-sent events. Raises ResultLost if the connection breaks, because
        the upstream has begun to respond by then.
        """
        begun = bytearray()
        total = 0
        after_cr = False
        try:
            async for piece in self._pieces:
                total += len(piece)
                if after_cr and piece.startswith(b"\n"):
                    piece = piece[1:]
                    after_cr = False
                after_cr = piece.endswith(b"\r") if piece else after_cr
                for part in piece.splitlines(keepends=True):
                    end = part.rstrip(b"\r\n")
                    begun += end
                    if len(end) < len(part):
                        yield bytes(begun)
                        begun.clear()
                if len(begun) > _LONGEST_LINE or total > LARGEST_BODY:
                    raise ResultLost("The upstream's answer, or a line of it, is too long.")
        except BROKEN as error:
            raise ResultLost("The upstream broke its answer off.") from error
        if begun:
            yield bytes(begun)

    async def read(self) -> Response:
        """Return the complete response. Raises Uncertain if the connection breaks."""
        try:
            return Response(self.status, self.headers, await collected(self._pieces), True, self.redaction)
        except BROKEN as error:
            raise error_of_send(error) from error
