"""Connection pool, one per event loop, behind httpx's transport interface so that other transports can replace it."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import NamedTuple, TypeAlias

import httpx

from shared.errors import Misconfigured
from shared.http.connection import Connection
from shared.http.sockets import connect, tls_context

if sys.platform == "emscripten":
    from shared.http.js_transport import FetchTransport

KEEP_ALIVE = 15.0
# If a server closes an idle connection while we write to it, the outcome is unknown; most wait at least five seconds.
IDLE_BEFORE_SEND = 3.0
MAX_IDLE = 64

_Place: TypeAlias = tuple[bytes, bytes, int, str | None]
"""Scheme, host, port, and the certificate's name if it is not the host."""


def new_transport(proxy: str | None) -> httpx.AsyncBaseTransport:
    """Return the transport for this platform and proxy. Raises Misconfigured if the proxy cannot be used."""
    if sys.platform == "emscripten":
        if proxy:
            raise Misconfigured("PROXY: Workers has no way through a proxy.")
        return FetchTransport()
    if not proxy:
        return ConnectionPool()
    # httpx has a single expiry for all its connections, so reads use that of sends.
    limits = httpx.Limits(max_keepalive_connections=MAX_IDLE, keepalive_expiry=IDLE_BEFORE_SEND)
    try:
        return httpx.AsyncHTTPTransport(verify=tls_context(), proxy=proxy, limits=limits)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise Misconfigured("PROXY is not the address of a proxy that can be used here.") from error


class _Idle(NamedTuple):
    connection: Connection
    since: float


class ConnectionPool(httpx.AsyncBaseTransport):
    """A stack of idle connections per origin: the newest is taken first, without scanning the others.

    httpx's own pool scans all its connections for each request and each response.
    """

    def __init__(self, keep_alive: float = KEEP_ALIVE) -> None:
        self._keep_alive = keep_alive
        self._idle: defaultdict[_Place, list[_Idle]] = defaultdict(list)
        self._kept = 0
        self._closed = False
        # Freeing this much at once raises glibc's mmap threshold, which makes large reads cheaper.
        bytes(31 << 20)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        place = _place(request)
        connection = await self._take(place, request) or await self._connect(place, request)
        head = await connection.ask(request)
        return httpx.Response(head.status, headers=head.headers, stream=_Body(self, place, connection))

    async def aclose(self) -> None:
        """Close the idle connections; those in use are closed when they are returned."""
        self._closed = True
        for stack in list(self._idle.values()):
            while stack:
                self._kept -= 1
                await stack.pop().connection.aclose()

    async def give_back(self, place: _Place, connection: Connection) -> None:
        """Return `connection` to the pool if another request can use it, else close it."""
        if self._closed or self._kept >= MAX_IDLE or not connection.renew():
            await connection.aclose()
        else:
            self._idle[place].append(_Idle(connection, time.monotonic()))
            self._kept += 1

    async def _take(self, place: _Place, request: httpx.Request) -> Connection | None:
        """Return the newest idle connection if it is recent enough for this request; those below it are older."""
        oldest = time.monotonic() - request.extensions.get("idle", self._keep_alive)
        stack = self._idle[place]
        while stack and stack[-1].since > oldest:
            connection, _ = stack.pop()
            self._kept -= 1
            if not connection.is_stale():
                return connection
            await connection.aclose()
        return None

    async def _connect(self, place: _Place, request: httpx.Request) -> Connection:
        await self._sweep()
        scheme, host, port, name = place
        timeout = request.extensions.get("timeout", {}).get("connect")
        wire = await connect(host.decode("ascii"), port, tls=scheme == b"https", timeout=timeout, name=name)
        return Connection(wire)

    async def _sweep(self) -> None:
        """Close connections that have been idle for too long."""
        oldest = time.monotonic() - self._keep_alive
        for stack in list(self._idle.values()):
            while stack and stack[0].since <= oldest:
                self._kept -= 1
                await stack.pop(0).connection.aclose()


class _Body(httpx.AsyncByteStream):
    """A response body. Closing it returns the connection to the pool, or closes the connection if bytes are unread."""

    def __init__(self, pool: ConnectionPool, place: _Place, connection: Connection) -> None:
        self._pool = pool
        self._place = place
        self._connection = connection
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._closed and (part := await self._connection.part()):
            yield part

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            await self._pool.give_back(self._place, self._connection)


def _place(request: httpx.Request) -> _Place:
    url = request.url
    port = url.port or (443 if url.scheme == "https" else 80)
    return url.raw_scheme, url.raw_host, port, request.extensions.get("sni_hostname")
