"""The pending record of a request that is being submitted; its lease ends if the holder crashes."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable

from shared.errors import EaselError
from shared.state import State, if_possible

PENDING = "pending"
LEASE_SECONDS = 12.0
"""Including the pauses of waiting requests, a crash is noticed within 15 seconds."""
_RENEWAL_SECONDS = 5.0


class Lease:
    """Holds a record while its request is submitted.

    The record outlives its lease, so that no request is submitted again after a crash. The lease only limits how long
    other requests wait for the holder.
    """

    def __init__(self, state: State, name: str, body: str, ttl: float, clock: Callable[[], float]) -> None:
        self.name = name
        self._state = state
        self._body = body
        self._ttl = ttl
        self._clock = clock
        self._mine = f"{body} {PENDING} {os.urandom(12).hex()} "
        self._text = ""
        self._renewal: asyncio.Future[None] | None = None

    async def add(self) -> bool:
        """Write the record unless there is one."""
        self._text = self._pending()
        return await self._state.add(self.name, self._text, self._ttl)

    async def put(self) -> None:
        """Write the record, replacing any other."""
        self._text = self._pending()
        await self._state.put(self.name, self._text, self._ttl)

    async def release(self) -> None:
        """Remove the record: the request may be submitted again."""
        if text := self._text or await self._current():
            await self._state.remove(self.name, text)

    async def end(self, outcome: str) -> None:
        """Replace the pending record with the submit's outcome."""
        await self._state.put(self.name, f"{self._body} {outcome}", self._ttl)

    async def __aenter__(self) -> None:
        """Renew the lease periodically while the block runs."""
        self._held = True
        self._schedule()

    async def __aexit__(self, *raised: object) -> None:
        self._held = False
        self._timer.cancel()
        if self._renewal:  # never cancelled: its write could arrive after what the holder writes next
            await asyncio.wait({self._renewal})

    def _schedule(self) -> None:
        # A timer: a task costs each request much more, and few requests take so long.
        self._timer = asyncio.get_running_loop().call_later(_RENEWAL_SECONDS, self._start_renewal)

    def _start_renewal(self) -> None:
        self._renewal = asyncio.ensure_future(self._renew())

    async def _renew(self) -> None:
        self._text = ""  # a write whose response is lost may have happened: from now on the record is read first
        with if_possible(EaselError):
            if text := await self._current():
                await self._state.swap(self.name, text, self._pending(), self._ttl)
        if self._held:
            self._schedule()

    async def _current(self) -> str | None:
        """Return the record if it is still ours."""
        text = await self._state.get(self.name)
        return text if text and text.startswith(self._mine) else None

    def _pending(self) -> str:
        return f"{self._mine}{self._clock() + LEASE_SECONDS:.1f}"


def valid_until(pending: str) -> float:
    """Return when the lease of a pending record ends, in Unix seconds."""
    _, _, until = pending.rpartition(" ")
    try:
        return float(until)
    except ValueError:  # written by a version without leases
        return math.inf
