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
    """The response to a request that is sent once: iterate `lines` or `events`, or `read` it if it is an error."""

    def __init__(self, response: httpx.Response, redaction: Redaction) -> None:
        self.redaction = redaction
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._pieces = decoded(response)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield each line as soon as it is complete, without its line ending; the last one even if it has none.

        Raises ResultLost if the connection breaks, because the upstream has begun to respond by then.
        """
        begun = bytearray()
        total = 0
        try:
            async for piece in self._pieces:
                *ended, open_end = piece.split(b"\n")
                for end in ended:
                    begun += end
                    yield bytes(begun).removesuffix(b"\r")
                    begun.clear()
                begun += open_end
                total += len(piece)
                if len(begun) > _LONGEST_LINE or total > LARGEST_BODY:
                    raise ResultLost("The upstream's answer, or a line of it, is too long.")
        except BROKEN as error:
            raise ResultLost("The upstream broke its answer off.") from error
        if begun:
            yield bytes(begun)

    async def events(self) -> AsyncIterator[bytes]:
        """Yield the data of each server-sent event; comments and event names are dropped."""
        data: list[bytes] = []
        async for line in self.lines():
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data = []
        if data:
            yield b"\n".join(data)

    async def read(self) -> Response:
        """Return the complete response. Raises Uncertain if the connection breaks."""
        try:
            return Response(self.status, self.headers, await collected(self._pieces), True, self.redaction)
        except BROKEN as error:
            raise error_of_send(error) from error
