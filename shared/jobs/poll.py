"""Poll a job once; one job may stand for several upstream jobs."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from shared.errors import GenerationFailed, NotFound
from shared.providers import Jobs
from shared.results import Failed, Queued, Ref, Running, Status, Succeeded

VISIBLE_WITHIN = 15.0
"""Seconds in which an upstream may not yet know a job it just accepted, because its servers are not in sync."""


class Poller:
    """Polls all upstream jobs of a job, except those that have ended.

    Until `visible_by` on this clock, an upstream job that has never been seen counts as queued, not as lost.
    """

    def __init__(
        self,
        provider: Jobs,
        refs: tuple[Ref, ...],
        clock: Callable[[], float] = time.monotonic,
        visible_by: float = -math.inf,
    ) -> None:
        self._provider = provider
        self._refs = refs
        self._clock = clock
        self._visible_by = visible_by
        self._seen: set[Ref] = set()
        self._ended: dict[Ref, Status] = {}

    async def poll(self) -> Status:
        if len(self._refs) == 1:  # as nearly always, and gather would create a task
            return await self._poll(self._refs[0])
        return _merged(await asyncio.gather(*(self._poll(ref) for ref in self._refs)))

    async def _poll(self, ref: Ref) -> Status:
        if ref in self._ended:
            return self._ended[ref]
        try:
            status = await self._provider.poll(ref)
        except NotFound as error:
            if ref not in self._seen and self._clock() < self._visible_by:
                return Queued()
            if len(self._refs) == 1:
                raise
            status = Failed(error)  # the outputs of the other upstream jobs are still available
        self._seen.add(ref)
        if isinstance(status, Succeeded) and not status.outputs:
            status = Failed(GenerationFailed("The upstream reports success, but returned no output."))
        if isinstance(status, Succeeded | Failed):
            self._ended[ref] = status
        return status


def _merged(statuses: list[Status]) -> Status:
    """Merge the statuses: ended when all have ended, failed when none of them has outputs."""
    pending = [status for status in statuses if isinstance(status, Queued | Running)]
    if not pending:
        return _ended(statuses)
    queued = [status for status in pending if isinstance(status, Queued)]
    if len(queued) == len(statuses):
        return max(queued, key=lambda status: status.position or 0)
    wish = max(status.check_after or 0.0 for status in pending)
    return Running(sum(map(_progress, statuses)) // len(statuses), wish or None)


def _ended(statuses: list[Status]) -> Status:
    outputs = tuple(output for status in statuses if isinstance(status, Succeeded) for output in status.outputs)
    failed = [status for status in statuses if isinstance(status, Failed)]
    return failed[0] if failed and not outputs else Succeeded(outputs)


def _progress(status: Status) -> int:
    match status:
        case Running(progress):
            return progress or 0
        case Queued():
            return 0
        case _:
            return 100
