"""A lazily fetched value with a TTL, cached in this process only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

ValueT = TypeVar("ValueT")


class Cached(Generic[ValueT]):
    """Fetch a value once for concurrent callers; there is one lock per event loop, as asyncio locks are bound to one.

    `fetch` returns the value and its TTL in seconds. An `initial` value is valid until a caller rejects it.
    """

    def __init__(self, fetch: Callable[[], Awaitable[tuple[ValueT, float]]], initial: ValueT | None = None) -> None:
        self._fetch = fetch
        self._value = initial
        self._until = 0.0 if initial is None else float("inf")
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def get(self, instead_of: ValueT | None = None) -> ValueT:
        """Return the cached value; fetch it if it has expired or equals `instead_of`, a value that did not work."""
        if (value := self._alive(instead_of)) is not None:
            return value
        async with self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            if (value := self._alive(instead_of)) is not None:
                return value
            value, seconds = await self._fetch()
            self._value, self._until = value, time.monotonic() + seconds
            return value

    def _alive(self, instead_of: ValueT | None) -> ValueT | None:
        return self._value if time.monotonic() < self._until and self._value != instead_of else None
