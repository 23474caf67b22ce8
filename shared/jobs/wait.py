"""The polling loop: when to poll a job, and when to stop."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from shared.errors import AccountLimited, Unavailable
from shared.results import Failed, Queued, Running, Status, Succeeded

_SHORTEST = 0.1
_FRESH = 1.5  # seconds; job ids have a resolution of one second
_LONGEST_BLIND = 2.0
_LONGEST_FORESEEN = 4.0
_TELLING_PROGRESS = 5
LAST_LOOK_SECONDS = 3.0


class Waiter:
    """Polls a job repeatedly, at intervals chosen from what is known about it.

    A poll that hangs is abandoned `last_look` seconds after the deadline.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        last_look: float = LAST_LOOK_SECONDS,
    ) -> None:
        self.clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._last_look = last_look

    async def watch(
        self,
        look: Callable[[], Awaitable[Status]],
        deadline: float,
        typical: float | None = None,
        age: float = 0.0,
    ) -> AsyncIterator[Status]:
        """Yield the status from each poll, until the job has ended or the clock has reached `deadline`.

        `typical` is the usual duration of such a job and `age` the time since its submit, both in seconds: an older
        job may have ended long ago, and is polled without delay. If a poll fails because the upstream is unavailable
        or limits the account, the last known status is yielded again and polling continues.
        """
        fresh = age < _FRESH
        start = self.clock() - (0 if fresh else age)
        status: Status = Queued()
        looks = 0
        while True:
            wait = pause(self.clock() - start, looks, status, typical) * (0.95 + 0.1 * self._jitter())
            if looks == 0 and not fresh:
                wait = 0
            left = deadline - self.clock()
            if left <= 0:
                return
            await self._sleep(min(wait, left))
            status = await _seen(look, status, max(deadline - self.clock(), 0) + self._last_look)
            looks += 1
            yield status
            if isinstance(status, Succeeded | Failed):
                return


async def _seen(look: Callable[[], Awaitable[Status]], last: Status, seconds: float) -> Status:
    try:
        async with asyncio.timeout(seconds):
            return await look()
    except TimeoutError:
        return last
    except (Unavailable, AccountLimited) as error:
        assert isinstance(last, Queued | Running)
        return last._replace(check_after=error.retry_after)


def pause(elapsed: float, looks: int, status: Status, typical: float | None) -> float:
    """Return the seconds until the next poll, `elapsed` seconds and `looks` polls after the start.

    Without an estimate of the end, pauses grow to a tenth of the elapsed time. With one, polls converge on it. A
    typical time of 0 means that the job finishes at once.
    """
    wish = (status.check_after if isinstance(status, Queued | Running) else None) or 0.0
    end = _foreseen_end(elapsed, status, typical)
    if end == 0 and looks == 0:
        return wish
    if end is None or elapsed > 2 * end:
        wait = min(0.25 * 1.6**looks, max(_LONGEST_BLIND, elapsed / 10))
    else:
        wait = _approach(elapsed, end - elapsed)
    return max(wait, wish)


def _approach(elapsed: float, left: float) -> float:
    """Return a third of the time left; the last step goes just past the end, later ones are a tenth of `elapsed`."""
    step = max(elapsed / 10, _SHORTEST)
    if left < 0:
        return step
    if left < 2 * step:
        return max(left * 1.05, _SHORTEST)
    return min(max(left / 3, step), max(_LONGEST_FORESEEN, elapsed / 2))


def _foreseen_end(elapsed: float, status: Status, typical: float | None) -> float | None:
    """Return the estimated end of the job, in seconds after the start; None without an estimate."""
    match status:
        case Running(progress=int(progress)) if progress >= _TELLING_PROGRESS and elapsed > 0:
            return elapsed * 100 / progress
        case Queued(position=int(position)) if typical and position > 1:
            return elapsed + position * typical
        case _:
            return typical
