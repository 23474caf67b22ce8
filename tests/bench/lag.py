"""How long after the upstream was done a waiting caller has the answer, and how many looks that took.

Jobs take their real time, many of them side by side. A blind gateway is told nothing; another knows how long such jobs
usually take, give or take a fifth; to the third the upstream tells its progress.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

import httpx
from starlette.requests import Request

from tests.bench.figures import Figure, at_most
from tests.bench.servers import KEY, easel
from tests.emulators.zimage import ZImage
from tests.emulators.zimage.jobs import Sight, Task

_JOBS = 36
_SHORTEST, _LONGEST = 0.5, 20.0
_ALLOWED, _ALLOWED_SECONDS = 0.06, 1.0
_WORTH_FORESEEING = 3.0


class _Wait(NamedTuple):
    """One job: how long it took, how much later the answer came, and after how many looks."""

    seconds: float
    lag: float
    looks: int


class _SilentSight(Sight):
    @property
    def progress(self) -> int:
        return 0


class _Silent(ZImage):
    """Never says how far a job has come."""

    def _look(self, request: Request) -> tuple[Task, Sight]:
        task, sight = super()._look(request)
        return task, _SilentSight(sight.state, sight.share)


def measure() -> Iterator[Figure]:
    blind, typical, telling = asyncio.run(_all())
    full = [wait for wait in blind if wait.seconds == _LONGEST]
    yield Figure(
        "lag",
        f"blind: lag / max({_ALLOWED_SECONDS:g} s, {_ALLOWED:.0%})",
        [wait.lag / max(_ALLOWED_SECONDS, _ALLOWED * wait.seconds) for wait in blind],
        f"{len(blind)} jobs, lag {median(wait.lag for wait in blind):.2f} s",
        at_most(1),
    )
    yield Figure(
        "lag", f"blind: looks at {_LONGEST:g} s", [wait.looks for wait in full], f"{len(full)} jobs", at_most(14)
    )
    yield from _foreseen("typical time", typical)
    yield from _foreseen("progress", telling)


def _foreseen(what: str, waits: list[_Wait]) -> Iterator[Figure]:
    waits = [wait for wait in waits if wait.seconds >= _WORTH_FORESEEING]
    jobs = f"{len(waits)} jobs of {_WORTH_FORESEEING:g} s and more"
    lag = f"lag {median(wait.lag for wait in waits):.2f} s"
    yield Figure(
        "lag",
        f"{what}: lag, % of the job",
        [100 * wait.lag / wait.seconds for wait in waits],
        f"{jobs}, {lag}",
        at_most(6),
        " %",
    )
    yield Figure("lag", f"{what}: looks", [wait.looks for wait in waits], jobs, at_most(12))


async def _all() -> tuple[list[_Wait], list[_Wait], list[_Wait]]:
    return await asyncio.gather(_waits(_Silent()), _waits(_Silent(), foretold=True), _waits(ZImage()))


async def _waits(emulator: ZImage, *, foretold: bool = False) -> list[_Wait]:
    """One gateway with one emulator, and a model for each job."""
    chance = random.Random(2)
    times = [chance.uniform(_SHORTEST, _LONGEST) for _ in range(_JOBS)] + [_LONGEST] * (_JOBS // 4)
    typical = [seconds * chance.uniform(0.8, 1.2) if foretold else None for seconds in times]
    models = {f"model-{n}": {"upstream": "turbo", "typical_seconds": each} for n, each in enumerate(typical)}
    with emulator, easel(emulator.url, models) as gateway:
        headers = {"authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=60) as client:
            ends = [await _start(client, emulator, number, seconds) for number, seconds in enumerate(times)]
            ended = await asyncio.gather(*ends)
        return _found(emulator, times, ended)


async def _start(client: httpx.AsyncClient, emulator: ZImage, number: int, seconds: float) -> asyncio.Task[float]:
    """Send an order, and wait until the upstream has it; the task ends with the time of the answer."""
    emulator.seconds = seconds
    end = asyncio.create_task(_end(client, {"model": f"model-{number}", "prompt": "a lighthouse at dusk"}))
    while len(emulator.submits) <= number and not end.done():
        await asyncio.sleep(0.001)
    return end


async def _end(client: httpx.AsyncClient, order: dict[str, Any]) -> float:
    answer = await client.post("/v1/images/generations", json={**order, "response_format": "url"})
    answer.raise_for_status()
    return time.monotonic()


def _found(emulator: ZImage, times: list[float], ended: list[float]) -> list[_Wait]:
    looks = Counter(call.path.rpartition("/")[2] for call in emulator.calls)
    return [
        _Wait(seconds, end - (job.done_at or 0), looks[job.uuid])
        for seconds, end, job in zip(times, ended, emulator.submits, strict=True)
    ]
