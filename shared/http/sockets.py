"""One TCP or TLS connection on asyncio: bytes in, bytes out, in httpx's errors."""

from __future__ import annotations

import asyncio
import functools
import selectors
import ssl
from collections.abc import Iterator
from contextlib import nullcontext
from typing import cast

import httpx

# Beyond this the socket is left alone until somebody reads: what is held per connection stays flat.
_HIGH_WATER = 128 << 10

# As much is handed to asyncio at a time, which copies what the socket does not take, and TLS all of it.
_PIECE = 64 << 10

# Windows has no poll.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Made at the first https request and not before: reading the certificates takes 25 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def connect(host: str, port: int, *, tls: bool, timeout: float | None, name: str | None = None) -> Socket:
    """`name` is what the certificate has to say where that is not the `host`."""
    loop = asyncio.get_running_loop()
    context = tls_context() if tls else None
    try:
        async with asyncio.timeout(timeout):
            # Not with asyncio's happy eyeballs: those leave a socket open when they are cancelled.
            _, wire = await loop.create_connection(
                lambda: Socket(loop), host, port, ssl=context, server_hostname=name if tls else None
            )
    except TimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except (OSError, ValueError, OverflowError) as error:  # the latter two: a name or a port that cannot be one
        raise httpx.ConnectError(str(error)) from error
    return wire


class Socket(asyncio.Protocol):
    """Speaks asyncio's protocol on one side; on the other, one task at a time reads, writes and waits."""

    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._selector = _Selector()
        self._arrived: list[bytes] = []
        self._held = 0
        self._full = False
        self._ended = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._selector.register(transport.get_extra_info("socket").fileno(), selectors.EVENT_READ)

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

    # ours

    async def read(self, timeout: float | None = None) -> bytes:
        """All that has arrived; nothing at the end."""
        while not self._arrived and not self._ended:
            await self._wait(timeout, httpx.ReadTimeout)
        data = self._arrived[0] if len(self._arrived) == 1 else b"".join(self._arrived)
        self._arrived.clear()
        if self._held > _HIGH_WATER and not self._transport.is_closing():
            self._transport.resume_reading()
        self._held = 0
        if not data and self._failure:
            raise httpx.ReadError(str(self._failure)) from self._failure
        return data

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        """Hand over all of it, no faster than it is taken; but an answer that comes by then is not kept waiting."""
        for piece in _pieces(data):
            if not self._ended:
                self._transport.write(piece)
            while self._full and not (self._ended or self._arrived):
                await self._wait(timeout, httpx.WriteTimeout)
        if self._ended:
            raise httpx.WriteError("the other side does not listen any more")

    def is_written(self) -> bool:
        """Whether the kernel has taken all that was written."""
        return not self._transport.get_write_buffer_size()

    def is_readable(self) -> bool:
        """Whether there is something to read, or the end.

        Asks the kernel too: after a freeze, it knows of the end of a connection before the loop has had time to see it.
        """
        return self._ended or bool(self._arrived) or bool(self._selector.select(0))

    async def aclose(self) -> None:
        self._transport.abort()
        await asyncio.sleep(0)  # asyncio closes the socket in the loop's next round, which may be its last

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, timeout: float | None, error: type[httpx.TimeoutException]) -> None:
        self._waiter = self._loop.create_future()
        try:
            async with nullcontext() if timeout is None else asyncio.timeout(timeout):
                await self._waiter
        except TimeoutError:
            raise error("the other side is silent") from None
        finally:
            self._waiter = None


def _pieces(data: bytes) -> Iterator[bytes | memoryview]:
    if len(data) <= _PIECE:
        yield data
        return
    view = memoryview(data)
    for start in range(0, len(data), _PIECE):
        yield view[start : start + _PIECE]
