"""A clock that stands still until somebody moves it or sleeps by it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Result = TypeVar("Result")

_STEPS = 50
"""More than any test's work takes on the loop between two sleeps."""


class Clock:
    """Call it for the time; `sleep` passes at once and is written down in `naps`."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


class Timeline(Clock):
    """A clock by which many sleep at once: in `run` it goes on to the next of them when nothing else can run."""

    def __init__(self, now: float = 0.0) -> None:
        super().__init__(now)
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        until = self.now + seconds
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((until, waking))
        await waking

    async def run(self, work: Awaitable[Result]) -> Result:
        """The result of the work, however long it takes by this clock."""
        task = asyncio.ensure_future(work)
        while not await _settled(task):
            self._wake_next()
        return task.result()

    async def wait(self, seconds: float) -> None:
        """Let so many seconds pass for all sleepers."""
        await self.run(self.sleep(seconds))

    def _wake_next(self) -> None:
        self._sleepers = [(until, waking) for until, waking in self._sleepers if not waking.done()]
        self.now, waking = min(self._sleepers, key=lambda sleeper: sleeper[0])
        waking.set_result(None)


async def _settled(task: asyncio.Future[Any]) -> bool:
    """Let everything run that can; whether the task is done then."""
    for _ in range(_STEPS):
        await asyncio.sleep(0)
    return task.done()
