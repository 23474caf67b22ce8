"""An answer that is heard while it comes, line by line: models speak that way, and nobody waits for their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx

from shared.errors import ResultLost
from shared.http.answer import Answer
from shared.http.decoding import LARGEST_BODY, collected, decoded
from shared.http.faults import BROKEN, unless_unsent
from shared.http.redaction import Redaction

_LONGEST_LINE = 16 << 20


class Listening:
    """What answers a request that went out once: it is read as `lines` or, where it is an error after all, `whole`."""

    def __init__(self, response: httpx.Response, redaction: Redaction) -> None:
        self.redaction = redaction
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._pieces = decoded(response)

    async def lines(self) -> AsyncIterator[bytes]:
        """Each line as soon as its end is there, without that; the last one also where it has none.

        ResultLost where the connection breaks, for the upstream has begun to answer by then.
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

    async def whole(self) -> Answer:
        """All of it at once. Uncertain where the connection breaks."""
        try:
            return Answer(self.status, self.headers, await collected(self._pieces), True, self.redaction)
        except BROKEN as error:
            raise unless_unsent(error) from error
