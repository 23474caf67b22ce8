"""State in the memory of one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

_MAX_ENTRIES = 10_000


class MemoryState:
    """Other instances see nothing of it."""

    shared: ClassVar[bool] = False

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[str, tuple[float, str]] = {}

    async def get(self, key: str) -> str | None:
        return self._live(key)

    async def put(self, key: str, value: str, ttl: float) -> None:
        if len(self._entries) >= _MAX_ENTRIES:
            self._prune()
        self._entries[key] = (self._clock() + ttl, value)

    async def add(self, key: str, value: str, ttl: float) -> bool:
        if self._live(key) is not None:
            return False
        await self.put(key, value, ttl)
        return True

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        if self._live(key) != old:
            return False
        await self.put(key, new, ttl)
        return True

    async def remove(self, key: str, value: str) -> None:
        if self._live(key) == value:
            del self._entries[key]

    def _live(self, key: str) -> str | None:
        expiry, value = self._entries.get(key, (0.0, ""))
        return value if expiry > self._clock() else None

    def _prune(self) -> None:
        now = self._clock()
        alive = [(key, entry) for key, entry in self._entries.items() if entry[0] > now]
        self._entries = dict(alive[-_MAX_ENTRIES // 2 :])
