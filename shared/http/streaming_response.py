"""An answer that is heard while it comes, line by line: models speak that way, and nobody waits for their end."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import cast

import httpx

from shared.errors import ResultLost
from shared.http.error_mapping import BROKEN, error_of_send
from shared.http.response import Response

_LARGEST_ANSWER = 64 << 20
_LONGEST_LINE = 16 << 20


class StreamingResponse:
    """What answers a request that went out once: it is read as `lines` or, where it is an error after all, `read`."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._pieces = response.aiter_bytes() if "content-encoding" in response.headers else _plain(response)

    async def lines(self) -> AsyncIterator[bytes]:
        """Each line as soon as its end is there, without that; the last one also where it has none.

        ResultLost where the connection breaks, for the upstream has begun to answer by then.
        """
        begun: list[bytes] = []
        length = 0
        try:
            async for piece in self._pieces:
                *ended, open_end = piece.split(b"\n")
                for end in ended:
                    yield b"".join([*begun, end]).removesuffix(b"\r")
                    begun, length = [], 0
                begun.append(open_end)
                length += len(open_end)
                if length > _LONGEST_LINE:
                    raise ResultLost("The upstream's answer has a line that is far too long.")
        except BROKEN as error:
            raise ResultLost("The upstream broke its answer off.") from error
        if length:
            yield b"".join(begun)

    async def events(self) -> AsyncIterator[bytes]:
        """The data of each server-sent event; comments and the events' names are left out."""
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
        """All of it at once. Uncertain where the connection breaks."""
        try:
            return Response(self.status, self.headers, await collected(self._pieces), sent=True)
        except BROKEN as error:
            raise error_of_send(error) from error


def _plain(response: httpx.Response) -> AsyncIterator[bytes]:
    return aiter(cast(httpx.AsyncByteStream, response.stream))


async def collected(pieces: AsyncIterable[bytes]) -> bytes:
    """A body of bearable size."""
    parts: list[bytes] = []
    size = 0
    async for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > _LARGEST_ANSWER:
            raise httpx.RemoteProtocolError("the answer is too large")
    return b"".join(parts)
