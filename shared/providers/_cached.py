"""A value that is fetched when it is needed and kept while it lives, by this instance alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

ValueT = TypeVar("ValueT")


class Cached(Generic[ValueT]):
    """One caller at a time fetches it, the others wait for that; one per event loop, for locks belong to theirs.

    `fetch` gives the value and how many seconds it lives. An `initial` one lives until somebody asks for another.
    """

    def __init__(self, fetch: Callable[[], Awaitable[tuple[ValueT, float]]], initial: ValueT | None = None) -> None:
        self._fetch = fetch
        self._value = initial
        self._until = 0.0 if initial is None else float("inf")
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def get(self, instead_of: ValueT | None = None) -> ValueT:
        """The value; another one than `instead_of`, which somebody found to be of no use."""
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
