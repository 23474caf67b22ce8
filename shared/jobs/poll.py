"""One look at a job of ours, which may be several jobs of an upstream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from shared.errors import GenerationFailed, NotFound
from shared.providers import Jobs
from shared.results import Failed, Queued, Ref, Running, Status, Succeeded

VISIBLE_WITHIN = 15.0
"""Seconds in which an upstream may not know yet what it has just taken: it answers from several places."""


class Poller:
    """Looks at all upstream jobs of one of ours, and never again at one that has ended.

    While `is_young` says so, one that was not seen yet is not lost.
    """

    def __init__(self, adapter: Jobs, refs: tuple[Ref, ...], is_young: Callable[[], bool] = lambda: False) -> None:
        self._adapter = adapter
        self._refs = refs
        self._is_young = is_young
        self._seen: set[Ref] = set()
        self._ended: dict[Ref, Status] = {}

    async def __call__(self) -> Status:
        if len(self._refs) == 1:  # as nearly always, and gather would make a task of it
            return await self._poll(self._refs[0])
        return _merged(await asyncio.gather(*(self._poll(ref) for ref in self._refs)))

    async def _poll(self, ref: Ref) -> Status:
        status = self._ended.get(ref) or await self._news(ref)
        if isinstance(status, Succeeded | Failed):
            self._ended[ref] = status
        return status

    async def _news(self, ref: Ref) -> Status:
        try:
            status = await self._adapter.poll(ref)
        except NotFound as error:
            if ref not in self._seen and self._is_young():
                return Queued()
            if len(self._refs) == 1:
                raise
            return Failed(error)  # the other jobs' pictures are still to be had
        self._seen.add(ref)
        if isinstance(status, Succeeded) and not status.outputs:
            return Failed(GenerationFailed("The upstream says that the job is done, but gave nothing."))
        return status


def _merged(statuses: list[Status]) -> Status:
    """One state for several upstream jobs: done when all have ended, failed when none of them gave anything."""
    open_ones = [status for status in statuses if isinstance(status, Queued | Running)]
    if open_ones:
        if len(open_ones) == len(statuses) and all(isinstance(status, Queued) for status in statuses):
            return max(open_ones, key=lambda status: getattr(status, "position", None) or 0)
        wish = max(status.check_after or 0.0 for status in open_ones)
        return Running(sum(map(_progress, statuses)) // len(statuses), wish or None)
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
