"""A clock that stands still until somebody moves it or sleeps by it."""

from __future__ import annotations


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
