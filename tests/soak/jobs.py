"""Jobs by the thousand over three servers that are killed at random: what is bought twice, and what is lost.

`SOAK_JOBS` is how many, `SOAK_STATES` which states, and `SOAK_ROOT` the folder of other code to run.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from tests.bench.processes import ROOT
from tests.hosts.aws.moto import Moto
from tests.rig import API_KEY, SIGNING_KEY
from tests.soak.customers import MANNERS, Fruit, Manner, Order
from tests.soak.fleet import SIZE, Balancer, Fleet
from tests.soak.ledger import Ledger

_JOBS = int(os.environ.get("SOAK_JOBS", "10000"))
_STATES = os.environ.get("SOAK_STATES", "memory,dynamodb").split(",")
_ROOT = Path(os.environ.get("SOAK_ROOT", ROOT))
_AT_ONCE = 64
_WORK_SECONDS = 4.0
_KILL_SECONDS = 15.0
"""Between two kills, on average: commit ae3ce89 loses 2 % of the jobs that way."""
_STEADY = 0.2
"""The share of the jobs that is ordered again at the end with nobody killed, to see whether memory is flat."""


class Sold(NamedTuple):
    """One order and what came of it; `manner` is how it was placed."""

    prompt: str
    manner: str
    fruit: Fruit


def attack() -> Iterator[str]:
    for state in _STATES:
        with _setting(state) as setting, Ledger(seconds=_WORK_SECONDS, random=Random(1)) as ledger:
            yield from (f"{state:8} {line}" for line in asyncio.run(_soak(setting, ledger)))


@contextmanager
def _setting(state: str) -> Iterator[dict[str, str]]:
    """What the servers need to share this state."""
    if state == "memory":
        yield {"STATE": "memory"}
        return
    moto = Moto()
    try:
        moto.client("dynamodb").create_table(
            TableName="soak",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        yield {"STATE": "dynamodb://soak", **moto.environment()}
    finally:
        moto.stop()


async def _soak(setting: dict[str, str], ledger: Ledger) -> list[str]:
    fleet = Fleet(setting | _environment(ledger.url), _ROOT)
    random = Random(2)
    client = DefaultAsyncHttpxClient(transport=Balancer(fleet.ports, random))
    try:
        async with AsyncOpenAI(base_url="http://127.0.0.1:1/v1", api_key=API_KEY, http_client=client) as sdk:
            await _listening(sdk)
            began = time.monotonic()
            sold, sizes = await _under_fire(sdk, fleet, random)
            seconds = time.monotonic() - began
            return [
                f"{len(sold)} jobs in {seconds:.0f} s, {fleet.kills} kills of {SIZE} processes",
                *_told(sold, ledger),
                *_grown(sizes),
                await _flat(sdk, fleet),
            ]
    finally:
        fleet.stop()


def _environment(upstream: str) -> dict[str, str]:
    return {
        "API_KEYS": API_KEY,
        "SIGNING_KEYS": SIGNING_KEY,
        "PROVIDERS": "zimage",
        "ZIMAGE_BASE_URL": upstream,
        "ZIMAGE_MODELS": '{"zimage-turbo": {"typical_seconds": 4}}',
    }


async def _listening(sdk: AsyncOpenAI) -> None:
    for _ in range(SIZE):
        await sdk.with_options(max_retries=10).models.list()


async def _under_fire(sdk: AsyncOpenAI, fleet: Fleet, random: Random) -> tuple[list[Sold], list[list[float]]]:
    sizes: list[list[float]] = []

    async def fire() -> None:
        while True:
            await asyncio.sleep(random.expovariate(1 / _KILL_SECONDS))
            sizes.append(fleet.megabytes())
            fleet.kill(random)

    firing = asyncio.ensure_future(fire())
    try:
        return await _sold(sdk, [f"soak {number}" for number in range(_JOBS)]), sizes
    finally:
        firing.cancel()


async def _sold(sdk: AsyncOpenAI, prompts: list[str]) -> list[Sold]:
    waiting = iter(enumerate(prompts))
    sold: list[Sold] = []

    async def customer() -> None:
        for number, prompt in waiting:
            manner: Manner = MANNERS[number % len(MANNERS)]
            sold.append(Sold(prompt, manner.__name__, await Order(sdk, prompt).fruit(manner)))

    await asyncio.gather(*(customer() for _ in range(_AT_ONCE)))
    return sold


def _told(sold: list[Sold], ledger: Ledger) -> Iterator[str]:
    taken = ledger.taken()
    empty = [each for each in sold if not each.fruit.picture]
    paid = [each for each in empty if taken[each.prompt]]
    by_kills = [each for each in paid if each.prompt not in ledger.answer_lost]
    twice = [each for each in sold if taken[each.prompt] > 1]
    yield f"{len(taken)} jobs bought; bought twice: {len(twice)}{_by_manner(twice)}"
    yield f"bought and lost by kills: {len(by_kills)} ({len(by_kills) / len(sold):.2%}){_by_manner(by_kills)}"
    yield f"bought and lost because the upstream's answer was lost: {len(paid) - len(by_kills)}"
    yield f"ended with an error, and nothing was bought: {len(empty) - len(paid)}{_by_error(empty, taken)}"


def _by_manner(sold: list[Sold]) -> str:
    return "".join(f", {number} {name}" for name, number in sorted(Counter(each.manner for each in sold).items()))


def _by_error(empty: list[Sold], taken: Mapping[str, int]) -> str:
    errors = Counter(each.fruit.error for each in empty if not taken[each.prompt])
    return "".join(f", {number} {error}" for error, number in errors.most_common(6))


def _grown(sizes: list[list[float]]) -> Iterator[str]:
    quarter = max(1, len(sizes) // 4)
    parts = [sizes[start : start + quarter] for start in range(0, len(sizes), quarter)][:4]
    peaks = [max((size for each in part for size in each), default=0.0) for part in parts]
    yield "largest process in each quarter: " + ", ".join(f"{peak:.0f} MB" for peak in peaks)


async def _flat(sdk: AsyncOpenAI, fleet: Fleet) -> str:
    """Memory with nobody killed: after a fifth of the orders, which warm all up, and at their end."""
    number = int(_JOBS * _STEADY)
    await _sold(sdk, [f"warm {each}" for each in range(number // 5)])
    before = fleet.megabytes()
    await _sold(sdk, [f"steady {each}" for each in range(number)])
    after = fleet.megabytes()
    return f"without kills, {number} jobs: {median(before):.0f} MB before, {median(after):.0f} MB after"
