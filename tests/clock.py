"""A clock that stands still until somebody moves it or sleeps by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


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


@contextmanager
def virtual_time(loop: Any) -> Iterator[Clock]:
    """The loop's own time, which goes on to the next timer when nothing else can run."""
    clock, selector = Clock(), loop._selector
    real_select, real_time = selector.select, loop.time

    def select(timeout: float | None) -> Any:
        if timeout is None:
            return real_select(None)
        ready = real_select(0)
        if not ready:
            clock.now += timeout
        return ready

    loop.time, selector.select = clock, select
    yield clock
    loop.time, selector.select = real_time, real_select
