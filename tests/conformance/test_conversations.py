"""What every provider with text models promises, each promise written once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from shared.errors import AccountError, AccountLimited, EaselError, TakenError
from shared.providers import ChatProvider, MediaProvider
from shared.requests import ChatRequest
from shared.results import ChatDelta
from tests.conformance.cases import Case
from tests.conformance.conftest import Build
from tests.emulators.faults import Cut, Drop, Fault, Reply


@pytest.fixture(autouse=True)
def _only_those_that_talk(case: Case) -> None:
    if not case.talk_path:
        pytest.skip(f"{case.name} has no text models")


async def answered(provider: MediaProvider, text: str = "how do you do?") -> list[ChatDelta]:
    async with aclosing(await asked(provider, text)) as deltas:
        return [delta async for delta in deltas]


async def asked(provider: MediaProvider, text: str = "how do you do?") -> AsyncGenerator[ChatDelta, None]:
    assert isinstance(provider, ChatProvider)
    model = next(model for model in await provider.models() if model.kind == "chat")
    options = {name: value for name, value in (("temperature", 0),) if name in model.knobs}
    return provider.chat(ChatRequest(model, ({"role": "user", "content": text},), options))


async def test_a_conversation_is_text_and_then_one_finish_reason(provider: MediaProvider) -> None:
    deltas = await answered(provider)
    assert "".join(delta.text for delta in deltas).strip()
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["stop"]
    assert deltas[-1].finish_reason == "stop"
    assert all(delta.usage is None for delta in deltas[:-1])


async def test_an_instance_keeps_its_conversations_apart(provider: MediaProvider) -> None:
    both = await asyncio.gather(answered(provider, "one, please"), answered(provider, "two, please"))
    texts = ["".join(delta.text for delta in deltas) for deltas in both]
    assert "one" in texts[0]
    assert "two" in texts[1]


@pytest.mark.parametrize("fault", [Reply(500, "<html>"), Reply(502, "<html>"), Drop(), Drop(after=True), Cut(1)])
async def test_a_message_is_sent_exactly_once(case: Case, provider: MediaProvider, fault: Fault) -> None:
    case.emulator.plan(case.talk_path, fault)
    with pytest.raises(TakenError):
        await answered(provider)
    assert sum(case.talk_path in call.path for call in case.emulator.calls) == 1


@pytest.mark.parametrize("body", ["<html>", "[]", "null", "{}"])
async def test_an_answer_that_makes_no_sense_is_an_error(case: Case, provider: MediaProvider, body: str) -> None:
    case.emulator.plan(case.talk_path, Reply(200, body))
    with pytest.raises(EaselError):
        await answered(provider)


async def test_a_limit_on_messages_says_how_long_it_lasts(case: Case, provider: MediaProvider) -> None:
    case.emulator.plan(case.talk_path, Reply(429, "slow down", {"retry-after": "7"}))
    with pytest.raises(AccountLimited) as caught:
        await answered(provider)
    assert caught.value.retry_after == 7


@pytest.mark.needs("credentials")
async def test_wrong_credentials_are_an_account_error_in_a_conversation(case: Case, build: Build) -> None:
    with pytest.raises(AccountError):
        await answered(build(case.environment_with_wrong_credentials()))


async def test_leaving_a_conversation_closes_the_upstream(case: Case, provider: MediaProvider) -> None:
    case.emulator.plan(case.talk_path, case.endless_answer())
    async with aclosing(await asked(provider)) as deltas:
        await anext(deltas)
    for _ in range(200):
        if case.emulator.closed_early:
            break
        await asyncio.sleep(0.01)
    assert len(case.emulator.closed_early) == 1
