"""One TCP or TLS connection on asyncio that raises httpx's errors."""

from __future__ import annotations

import asyncio
import functools
import selectors
import ssl
from collections.abc import Iterator
from contextlib import nullcontext
from typing import cast

import httpx

# Beyond this many unread bytes reading pauses, which bounds the memory per connection.
_HIGH_WATER = 128 << 10

# Bytes passed to asyncio at a time: it copies what the socket does not accept, and with TLS all of it.
_PIECE = 64 << 10

# Windows has no poll.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the shared TLS context, built at the first https request because loading the certificates takes 25 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def connect(host: str, port: int, *, tls: bool, timeout: float | None, name: str | None = None) -> Socket:
    """Open a connection. `name` is the certificate's name if it is not the `host`."""
    loop = asyncio.get_running_loop()
    context = tls_context() if tls else None
    try:
        async with asyncio.timeout(timeout):
            # Without asyncio's happy eyeballs: cancelling those leaks a socket.
            _, wire = await loop.create_connection(
                lambda: Socket(loop), host, port, ssl=context, server_hostname=name if tls else None
            )
    except TimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except (OSError, ValueError, OverflowError) as error:  # the latter two: an invalid name or port
        raise httpx.ConnectError(str(error)) from error
    return wire


class Socket(asyncio.Protocol):
    """An asyncio Protocol that one task at a time reads from and writes to."""

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

    # asyncio.Protocol callbacks

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

    # For the task that uses the connection

    async def read(self, timeout: float | None = None) -> bytes:
        """Return all bytes that have arrived, at least one; empty at the end."""
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
        """Write all of `data` with backpressure, which ends as soon as response data arrives."""
        for piece in _pieces(data):
            if not self._ended:
                self._transport.write(piece)
            while self._full and not (self._ended or self._arrived):
                await self._wait(timeout, httpx.WriteTimeout)
        if self._ended:
            raise httpx.WriteError("the other side does not listen any more")

    def is_written(self) -> bool:
        """Return whether the kernel has accepted all written bytes."""
        return not self._transport.get_write_buffer_size()

    def is_readable(self) -> bool:
        """Return whether there are bytes to read, or the end.

        Asks the kernel too: after a freeze, it knows that a connection was closed before the event loop does.
        """
        return self._ended or bool(self._arrived) or bool(self._selector.select(0))

    async def aclose(self) -> None:
        self._transport.abort()
        await asyncio.sleep(0)  # asyncio closes the socket in the loop's next iteration, which may be its last

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
