"""One TCP or TLS connection on asyncio, in the shape that httpcore asks for."""

from __future__ import annotations

import asyncio
import functools
import selectors
import ssl
from typing import Any, cast

import httpcore
import httpx

# Beyond this the socket is left alone until somebody reads: what is held per connection stays flat.
_HIGH_WATER = 128 << 10

# Windows has no poll.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Made at the first https request and not before: reading the certificates takes 25 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def connect(host: str, port: int, *, tls: bool, timeout: float | None) -> Wire:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            # Not with asyncio's happy eyeballs: those leave a socket open when they are cancelled.
            _, wire = await loop.create_connection(lambda: Wire(loop), host, port, ssl=tls_context() if tls else None)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except (OSError, ValueError, OverflowError) as error:  # the latter two: a name or a port that cannot be one
        raise httpcore.ConnectError(str(error)) from error
    return wire


class Wire(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """Speaks asyncio's protocol on one side and httpcore's stream on the other. One task at a time waits on it."""

    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: list[bytes] = []
        self._held = 0
        self._full = False
        self._ended = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._arrived.append(data)
        self._held += len(data)
        if self._held > _HIGH_WATER:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = exc
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    # httpcore's side

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """All that has arrived, whatever `max_bytes` says: h11 takes any amount, and fewer rounds are faster."""
        if not self._arrived and not self._ended:
            await self._wait(timeout, httpcore.ReadTimeout)
        data = self._arrived[0] if len(self._arrived) == 1 else b"".join(self._arrived)
        self._arrived.clear()
        if self._held > _HIGH_WATER and not self._transport.is_closing():
            self._transport.resume_reading()
        self._held = 0
        if not data and self._failure:
            raise httpcore.ReadError(str(self._failure)) from self._failure
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not self._ended:
            self._transport.write(buffer)
        while self._full and not self._ended:
            await self._wait(timeout, httpcore.WriteTimeout)
        if self._ended:  # httpcore then looks for an answer that came early, a 413 say
            raise httpcore.WriteError("the other side does not listen any more")

    async def aclose(self) -> None:
        self._transport.abort()
        await asyncio.sleep(0)  # asyncio closes the socket in the loop's next round, which may be its last

    def get_extra_info(self, info: str) -> Any:
        """httpcore asks for "is_readable" alone: whether anything, or the end, came while nobody had asked for it."""
        return self._ended or bool(self._arrived) or _readable(self._transport.get_extra_info("socket"))

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, timeout: float | None, error: type[httpcore.TimeoutException]) -> None:
        self._waiter = self._loop.create_future()
        try:
            async with asyncio.timeout(timeout):
                await self._waiter
        except TimeoutError:
            raise error from None
        finally:
            self._waiter = None


def _readable(socket: Any) -> bool:
    """Asks the kernel: after a freeze, the end of a connection is there before the loop has had time to see it."""
    with _Selector() as selector:
        selector.register(socket, selectors.EVENT_READ)
        return bool(selector.select(0))
