"""The pending record of a request that is being submitted, which a crash of its holder ends."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from shared.errors import EaselError
from shared.state import State, if_possible

PENDING = "pending"
LEASE_SECONDS = 12.0
"""With the pauses of those who wait for it, a crash is noticed within 15 seconds."""
_RENEWAL_SECONDS = 5.0


class Lease:
    """Holds a record while its request is submitted.

    The record outlives its lease, so that no request is submitted again after a crash. The lease only says until when
    it makes sense to wait for the holder.
    """

    def __init__(self, state: State, name: str, body: str, ttl: float, clock: Callable[[], float]) -> None:
        self.name = name
        self._state = state
        self._body = body
        self._ttl = ttl
        self._clock = clock
        self._mine = f"{body} {PENDING} {uuid4().hex} "
        self._text = ""
        self._writing = asyncio.Lock()

    async def add(self) -> bool:
        """Write the record unless there is one."""
        self._text = self._pending()
        return await self._state.add(self.name, self._text, self._ttl)

    async def put(self) -> None:
        """Write the record over any other."""
        self._text = self._pending()
        await self._state.put(self.name, self._text, self._ttl)

    async def release(self) -> None:
        """Remove the record: the request may be submitted again."""
        if text := self._text or await self._current():
            await self._state.remove(self.name, text)

    async def end(self, outcome: str) -> None:
        """Replace the pending record with the submit's outcome."""
        await self._state.put(self.name, f"{self._body} {outcome}", self._ttl)

    @asynccontextmanager
    async def renewed(self, sleep: Callable[[float], Awaitable[None]]) -> AsyncIterator[None]:
        """Renew the lease now and then while the block runs."""
        renewing = asyncio.ensure_future(self._keep_renewing(sleep))
        try:
            yield
        finally:
            async with self._writing:  # a write is not cancelled: it could arrive after what the holder writes next
                renewing.cancel()

    async def _keep_renewing(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        while True:
            await sleep(_RENEWAL_SECONDS)
            async with self._writing:
                with if_possible(EaselError):
                    await self._renew()

    async def _renew(self) -> None:
        self._text = ""  # a write whose response is lost may have happened: from now on the record is read first
        if text := await self._current():
            await self._state.swap(self.name, text, self._pending(), self._ttl)

    async def _current(self) -> str | None:
        """The record, if it is ours still."""
        text = await self._state.get(self.name)
        return text if text and text.startswith(self._mine) else None

    def _pending(self) -> str:
        return f"{self._mine}{self._clock() + LEASE_SECONDS:.1f}"


def valid_until(pending: str) -> float:
    """When the lease of a pending record ends."""
    _, _, until = pending.rpartition(" ")
    try:
        return float(until)
    except ValueError:  # written by a version without leases
        return math.inf
