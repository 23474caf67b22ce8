"""A server that does to each request what the test says, and remembers what it saw."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeAlias

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


class Call:
    """One request. `number` counts the server's requests from 1, `connection` its connections."""

    def __init__(
        self, head: bytes, number: int, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.head = head
        first, *rest = head.decode("ascii").split("\r\n")
        self.method, self.target, _ = first.split(" ")
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest if line)}
        self.number = number
        self.connection = connection
        self.body = b""
        self.reader = reader
        self.writer = writer

    async def answer(self, status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; a content-length among `headers` is taken as it is, right or wrong."""
        lines = {"content-length": str(len(body))} | dict(headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await self.write(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body)

    async def write(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    def cut(self) -> None:
        """End the connection here. What was written still arrives."""
        self.writer.close()

    def reset(self) -> None:
        """Break the connection, which the other side can tell from an end."""
        no_lingering = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Until the other side has closed the connection."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(1 << 16):
                pass


Handler: TypeAlias = Callable[[Call], Awaitable[None]]
Server: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Upstream:
    """Where it is, and what it saw."""

    origin: str

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.calls: list[Call] = []
        self.connections = 0
        self.open_now = 0

    def url(self, path: str = "/") -> str:
        return self.origin + path

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        try:
            await self._converse(self.connections, reader, writer)
        finally:
            self.open_now -= 1

    async def _converse(self, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            head = await reader.readuntil(b"\r\n\r\n")
            call = Call(head, len(self.calls) + 1, connection, reader, writer)
            call.body = await reader.readexactly(int(call.headers.get("content-length", "0")))
            self.calls.append(call)
            await self.handler(call)


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Upstream]:
    upstream = Upstream(handler)
    async with listening(upstream.serve, host, port, tls) as upstream.origin:
        yield upstream


@contextlib.asynccontextmanager
async def listening(
    serve: Server, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """`serve` is called for each connection, and is over when the block is left. Gives the origin."""
    tasks = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(connected(reader, writer)))

    server = await asyncio.start_server(accepted, host, port, ssl=tls)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.close()
        await asyncio.sleep(0.01)  # a connection may be on its way from the kernel to `accepted`
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        await asyncio.sleep(0)
