"""Connections that are kept and used again, one pool per event loop; in httpx's shape, so that others can stand in."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import NamedTuple, TypeAlias

import httpx

from shared.errors import Misconfigured
from shared.http.connection import Connection
from shared.http.network import connect, tls_context

if sys.platform == "emscripten":
    from shared.http.fetch import FetchTransport

KEEP_ALIVE = 15.0
# A server that closes an idle connection while we write to it leaves us in doubt; most wait five seconds at least.
IDLE_BEFORE_SEND = 3.0
KEEP_MOST = 64

_Place: TypeAlias = tuple[bytes, bytes, int, str | None]
"""Scheme, host, port, and the name that a certificate has to have where that is not the host."""


def new_transport(proxy: str | None) -> httpx.AsyncBaseTransport:
    """The one place where it is decided which way requests go."""
    if sys.platform == "emscripten":
        if proxy:
            raise Misconfigured("PROXY: Workers has no way through a proxy.")
        return FetchTransport()
    if not proxy:
        return Pool()
    # httpx has one age limit for all its connections, so reads keep to that of sends.
    limits = httpx.Limits(max_keepalive_connections=KEEP_MOST, keepalive_expiry=IDLE_BEFORE_SEND)
    try:
        return httpx.AsyncHTTPTransport(verify=tls_context(), proxy=proxy, limits=limits)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise Misconfigured("PROXY is not the address of a proxy that can be used here.") from error


class _Idle(NamedTuple):
    connection: Connection
    since: float


class Pool(httpx.AsyncBaseTransport):
    """A stack of idle connections per origin: the newest is taken first, and the others are not looked at.

    httpx's own pool walks over all its connections at each request and at each answer.
    """

    def __init__(self, keep_alive: float = KEEP_ALIVE) -> None:
        self._keep_alive = keep_alive
        self._idle: defaultdict[_Place, list[_Idle]] = defaultdict(list)
        self._kept = 0
        self._closed = False
        # Freeing this much at once lifts glibc's threshold for mmap, and with it the price of each big read.
        bytes(31 << 20)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        place = _place(request)
        connection = await self._take(place, request) or await self._connect(place, request)
        head = await connection.ask(request)
        return httpx.Response(head.status, headers=head.headers, stream=_Body(self, place, connection))

    async def aclose(self) -> None:
        """Close the idle connections; those in use follow when they are given back."""
        self._closed = True
        for stack in list(self._idle.values()):
            while stack:
                self._kept -= 1
                await stack.pop().connection.aclose()

    async def give_back(self, place: _Place, connection: Connection) -> None:
        """Keep `connection` if another request can use it."""
        if self._closed or self._kept >= KEEP_MOST or not connection.renew():
            await connection.aclose()
        else:
            self._idle[place].append(_Idle(connection, time.monotonic()))
            self._kept += 1

    async def _take(self, place: _Place, request: httpx.Request) -> Connection | None:
        """The newest idle connection, if it is young enough for this request: what lies below is older still."""
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
        """Close what nobody has asked for in time."""
        oldest = time.monotonic() - self._keep_alive
        for stack in list(self._idle.values()):
            while stack and stack[0].since <= oldest:
                self._kept -= 1
                await stack.pop(0).connection.aclose()


class _Body(httpx.AsyncByteStream):
    """An answer's bytes. Closing it gives the connection back, or closes that where bytes are still to come."""

    def __init__(self, pool: Pool, place: _Place, connection: Connection) -> None:
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
