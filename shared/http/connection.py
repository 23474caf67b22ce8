"""The client side of one HTTP/1.1 connection: h11 over a Socket."""

from __future__ import annotations

from typing import NamedTuple, cast

import h11
import httpx

from shared.http.sockets import Socket

_LONGEST_HEAD = 100 << 10
_TOGETHER = 64 << 10


class Head(NamedTuple):
    """The status and headers of a response."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Connection:
    """One request at a time, each response read to its end. A request that fails or is cancelled closes it."""

    def __init__(self, wire: Socket) -> None:
        self._wire = wire
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._read_timeout: float | None = None

    async def ask(self, request: httpx.Request) -> Head:
        """Send the request and return the head of the response."""
        timeouts = request.extensions.get("timeout", {})
        self._read_timeout = timeouts.get("read")
        try:
            await self._write(request, timeouts.get("write"))
            return await self._head()
        except BaseException:
            await self.aclose()
            raise

    async def part(self) -> bytes:
        """Return the next bytes of the response body; empty at its end."""
        event = await self._event()
        return bytes(event.data) if type(event) is h11.Data else b""

    def renew(self) -> bool:
        """Prepare for the next request; return False if the connection cannot be reused (unread data or closing)."""
        protocol = self._protocol
        ended = protocol.our_state is h11.DONE and protocol.their_state is h11.DONE
        if ended and self._wire.is_written() and not protocol.trailing_data[0]:
            protocol.start_next_cycle()
            return True
        return False

    def is_stale(self) -> bool:
        """Return whether the peer has closed it, or sent unsolicited data, since the last response."""
        return self._wire.is_readable()

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def _write(self, request: httpx.Request, timeout: float | None) -> None:
        """Write the request; head and body go out together if they are small."""
        say = self._protocol.send
        target = request.url.raw_path
        try:
            unsent = say(h11.Request(method=request.method, target=target, headers=request.headers.raw))
            async for part in cast(httpx.AsyncByteStream, request.stream):
                words = say(h11.Data(data=part))
                if len(unsent) + len(words) > _TOGETHER:
                    await self._wire.write(unsent, timeout)
                    unsent = b""
                unsent += words
            await self._wire.write(unsent + say(h11.EndOfMessage()), timeout)
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        except httpx.WriteError:
            # A server may close early after it has sent a response, such as a 413: read that.
            self._protocol.send_failed()

    async def _head(self) -> Head:
        while type(event := await self._event()) is not h11.Response:
            pass  # 100 and 103 precede the response
        return Head(event.status_code, event.headers.raw_items())

    async def _event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            try:
                event = self._protocol.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                return cast(h11.Event, event)
            self._protocol.receive_data(await self._wire.read(self._read_timeout))
