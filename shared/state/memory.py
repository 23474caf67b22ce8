"""State in the memory of one process."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import ClassVar

from shared.errors import StoreUnavailable

ROOM = (4 if sys.platform == "emscripten" else 32) << 20
"""Bytes that one kind of texts may take."""
_OVERHEAD = 350
"""Bytes that an entry takes beside its characters, at most."""


class MemoryState:
    """Other instances see nothing of it.

    Texts whose keys have the same beginning, up to the first colon, are of one kind and share `room` bytes: no kind
    crowds out another. A text stays for its whole `ttl`. While there is no room for a new one, StoreUnavailable is
    raised.
    """

    shared: ClassVar[bool] = False

    def __init__(self, clock: Callable[[], float] = time.monotonic, room: int = ROOM) -> None:
        self._clock = clock
        self._size = room
        self._rooms: dict[str, _Room] = {}

    async def get(self, key: str) -> str | None:
        return self._room(key).get(key)

    async def put(self, key: str, value: str, ttl: float) -> None:
        self._room(key).put(key, value, ttl)

    async def add(self, key: str, value: str, ttl: float) -> bool:
        return self._room(key).add(key, value, ttl)

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        if await self.get(key) != old:
            return False
        await self.put(key, new, ttl)
        return True

    async def remove(self, key: str, value: str) -> None:
        if await self.get(key) == value:
            self._room(key).remove(key)

    def _room(self, key: str) -> _Room:
        beginning, colon, _ = key.partition(":")
        kind = beginning if colon else ""
        if kind not in self._rooms:
            self._rooms[kind] = _Room(self._size, self._clock)
        return self._rooms[kind]


class _Room:
    """The texts of one kind. They are dropped by the second in which they expire."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        self._free = size
        self._clock = clock
        self._entries: dict[str, tuple[float, str]] = {}
        self._due: dict[int, set[str]] = {}
        self._dropped = -math.inf
        self._refused_until = -math.inf

    def get(self, key: str) -> str | None:
        expiry, value = self._entries.get(key, (-math.inf, ""))
        return value if expiry > self._clock() else None

    def put(self, key: str, value: str, ttl: float) -> None:
        now = self._clock()
        try:
            self._store(key, value, now, now + ttl)
        except StoreUnavailable:
            self._refused_until = max(self._refused_until, now + ttl)
            raise

    def add(self, key: str, value: str, ttl: float) -> bool:
        """Raise StoreUnavailable while it is unknown whether there is a text, because `put` had no room for some."""
        now = self._clock()
        if self.get(key) is not None:
            return False
        if now < self._refused_until:
            raise _full(self._refused_until - now)
        self._store(key, value, now, now + ttl)
        return True

    def remove(self, key: str) -> None:
        expiry, value = self._entries.pop(key)
        self._free += _size(key, value)
        keys = self._due[math.ceil(expiry)]
        keys.remove(key)
        if not keys:
            del self._due[math.ceil(expiry)]

    def _store(self, key: str, value: str, now: float, expiry: float) -> None:
        self._drop_expired(now)
        if key in self._entries:  # always replaced: only the few that are being written grow beyond the room
            self.remove(key)
        elif self._free < _size(key, value):
            raise _full(min(self._due) - now if self._due else 1.0)
        self._free -= _size(key, value)
        self._entries[key] = (expiry, value)
        self._due.setdefault(math.ceil(expiry), set()).add(key)

    def _drop_expired(self, now: float) -> None:
        if math.floor(now) == self._dropped:
            return
        self._dropped = math.floor(now)
        for second in [second for second in self._due if second <= now]:
            for key in tuple(self._due[second]):
                self.remove(key)


def _size(key: str, value: str) -> int:
    return len(key) + len(value) + _OVERHEAD


def _full(seconds: float) -> StoreUnavailable:
    return StoreUnavailable("STATE: there is no room in memory for another record. Retry later.", retry_after=seconds)
