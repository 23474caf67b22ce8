"""Three accounts, one dead and one out of quota, under many concurrent requests: every caller is served."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import httpx
import openai
import pytest

from shared.account import ProviderInfo
from shared.providers import PROVIDERS
from tests.conformance.cases import CASES, Case, GeminiCase, GeminiWebCase
from tests.emulators.faults import Reply, Slow
from tests.emulators.gemini import Fate
from tests.functions.helpers import eventually, leaving_post
from tests.rig import API_KEY, Gateway

ADMIN_KEY = "an-operators-key"
COOLDOWN = 3
AT_ONCE = 10
TABLE: dict[str, ProviderInfo] = {provider.name: provider for provider in PROVIDERS}
WITH_ACCOUNTS = sorted(name for name in TABLE if "credentials" not in CASES[name].lacks)


class Trio(NamedTuple):
    """An upstream of its own for each account, so that what each of them was asked can be counted."""

    alive: Case
    dead: Case
    spent: Case

    def environment(self) -> dict[str, str]:
        variable = self.alive.name.upper()
        credential = TABLE[self.alive.name].credential or ""
        settings = {
            "alive": self.alive.environment(),
            "dead": self.dead.environment_with_wrong_credentials(),
            "spent": self.spent.environment(),
        }
        accounts = [
            {"id": id, "provider": self.alive.name, "key": own[credential], "base_url": own[f"{variable}_BASE_URL"]}
            for id, own in settings.items()
        ]
        models = {name: text for name, text in settings["alive"].items() if name.endswith("_MODELS")}
        return {"ACCOUNTS": json.dumps(accounts), "ACCOUNT_COOLDOWN_SECONDS": str(COOLDOWN), **models}


@pytest.fixture(params=WITH_ACCOUNTS)
def trio(request: pytest.FixtureRequest) -> Iterator[Trio]:
    trio = Trio(*(CASES[request.param]() for _ in range(3)))
    for case in trio:
        case.start()
    run_dry(trio.spent)
    yield trio
    for case in trio:
        case.stop()


@pytest.fixture
def gateway(serve: Callable[..., Gateway], trio: Trio) -> Gateway:
    return serve(**trio.environment(), ADMIN_KEYS=ADMIN_KEY)


def run_dry(case: Case) -> None:
    """Each in its own words where it has such, which say when the quota is back: not within this test."""
    match case:
        case GeminiCase():
            case.emulator.next_fate(*[Fate.DAY_IS_OVER] * 100)
        case GeminiWebCase():
            case.emulator.outcomes = [1037] * 100
        case _:
            case.emulator.plan(case.submit_path, *[Reply(429, "slow down", {"retry-after": "3600"})] * 100)


def most_asked(case: Case) -> int:
    """How often an upstream was asked the same thing."""
    return max(Counter(call.path for call in case.emulator.calls).values(), default=0)


async def order(client: openai.AsyncOpenAI, case: Case, number: int) -> None:
    asked: dict[str, Any] = {"prompt": f"a cat, {number}", "extra_headers": {"prefer": "respond-async"}}
    if case.media_type.startswith("video/"):
        await client.videos.create(**asked)
    else:
        await client.images.generate(**asked)


async def orders(gateway: Gateway, case: Case, number: int) -> None:
    """So many, some of them at once, without a second try for any of them."""
    numbers = iter(range(number))
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=API_KEY, max_retries=0) as client:

        async def one_after_the_other() -> None:
            for number in numbers:
                await order(client, case, number)

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


def resting(gateway: Gateway) -> set[str]:
    answer = httpx.get(f"{gateway.url}/health", headers={"authorization": f"Bearer {ADMIN_KEY}"})
    return {account["account_id"] for account in answer.json()["accounts"] if account["in_cooldown"]}


@pytest.mark.filterwarnings("ignore:The Sora API")
def test_none_fails_and_the_dead_account_is_tried_once_per_cooldown(trio: Trio, gateway: Gateway) -> None:
    began = time.monotonic()
    asyncio.run(orders(gateway, trio.alive, 100))
    assert trio.alive.taken() == 100
    rests = 1 + int((time.monotonic() - began) / COOLDOWN)  # more than one only where the machine has no time for us
    assert 1 <= most_asked(trio.dead) <= rests
    assert most_asked(trio.spent) == 1

    eventually(lambda: resting(gateway) == {"spent"}, seconds=10 * COOLDOWN)
    before, began = most_asked(trio.dead), time.monotonic()
    asyncio.run(orders(gateway, trio.alive, 20))
    assert trio.alive.taken() == 120
    rests = 1 + int((time.monotonic() - began) / COOLDOWN)
    assert 1 <= most_asked(trio.dead) - before <= rests
    assert most_asked(trio.spent) == 1


@pytest.mark.parametrize("trio", ["openai_compatible"], indirect=True)
def test_conversations_try_the_dead_account_once_as_well(trio: Trio, gateway: Gateway) -> None:
    trio.spent.emulator.plan(trio.spent.talk_path, Reply(429, "slow down", {"retry-after": "3600"}))
    trio.dead.emulator.plan(trio.dead.talk_path, Reply(401, "who?", {"retry-after": "3600"}))

    async def talk(client: openai.AsyncOpenAI, number: int) -> str:
        said = [{"role": "user", "content": f"hello, {number}"}]
        async with client.chat.completions.stream(model="parrot", messages=said) as stream:  # type: ignore[arg-type]
            return (await stream.get_final_completion()).choices[0].message.content or ""

    async def talks() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=API_KEY, max_retries=0) as client:
            return await asyncio.gather(*(talk(client, number) for number in range(AT_ONCE)))

    assert all(asyncio.run(talks()))
    tried = [sum(case.talk_path in call.path for call in case.emulator.calls) for case in trio]
    assert tried == [AT_ONCE, 1, 1]


@pytest.mark.parametrize("trio", ["openai_compatible"], indirect=True)
def test_who_leaves_before_the_first_word_leaves_the_trial_to_the_next(trio: Trio, gateway: Gateway) -> None:
    """The others' answers do not come: what is seen is who is asked, and when."""
    for case in trio:
        case.emulator.plan(case.talk_path, *[Slow(60)] * 3)
    body = {"model": "parrot", "messages": [{"role": "user", "content": "hello"}], "stream": True}

    def asked() -> list[int]:
        return [sum(case.talk_path in call.path for call in case.emulator.calls) for case in trio]

    with ExitStack() as others:
        with leaving_post(gateway, "/v1/chat/completions", body):
            eventually(lambda: sum(asked()) == 1, seconds=5)
            first = asked().index(1)
            for _ in range(2):
                others.enter_context(leaving_post(gateway, "/v1/chat/completions", body))
            eventually(lambda: asked() == [1, 1, 1], seconds=5)
        eventually(lambda: bool(trio[first].emulator.closed_early), seconds=5)
        others.enter_context(leaving_post(gateway, "/v1/chat/completions", body))
        eventually(lambda: asked()[first] == 2, seconds=5)
