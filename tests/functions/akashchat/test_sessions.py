"""Sessions: fetched when they are needed, once; renewed when they end, once; and nobody notices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx
import openai
import pytest

from shared.account import Account
from shared.http import Http
from shared.providers.akashchat import AkashChat as Provider
from shared.requests import ChatRequest
from tests.emulators.akashchat import WORDS, AkashChat
from tests.emulators.faults import Reply, Slow
from tests.functions.akashchat.test_text import HELLO, streamed, text_of
from tests.rig import API_KEY, Gateway

AT_ONCE = 50


@pytest.fixture
def fetched(akashchat: AkashChat) -> Callable[[], int]:
    """How many sessions were fetched."""
    return lambda: sum(call.path == "/api/auth/session/" for call in akashchat.calls)


def chats(akashchat: AkashChat) -> int:
    return sum(call.path == "/api/chat/" for call in akashchat.calls)


def test_one_session_serves_until_it_is_old(
    sdk: openai.OpenAI, each_akashchat: AkashChat, fetched: Callable[[], int]
) -> None:
    each_akashchat.session_seconds, each_akashchat.other_cookie = 1, True
    for _ in range(3):
        streamed(sdk)
    assert (fetched(), chats(each_akashchat)) == (1, 3)
    time.sleep(0.85)
    streamed(sdk)
    assert (fetched(), chats(each_akashchat)) == (2, 4)


def test_a_session_that_ends_early_costs_one_renewal_and_no_error(
    sdk: openai.OpenAI, each_akashchat: AkashChat, fetched: Callable[[], int]
) -> None:
    streamed(sdk)
    each_akashchat.end_sessions()
    assert text_of(streamed(sdk)) == "".join(WORDS)
    assert (fetched(), chats(each_akashchat)) == (2, 3)


def test_a_session_that_is_refused_in_other_words_is_renewed_as_well(
    sdk: openai.OpenAI, akashchat: AkashChat, fetched: Callable[[], int]
) -> None:
    akashchat.plan("POST /api/chat", Reply(403, {"success": False, "message": "Session expired"}))
    assert text_of(streamed(sdk)) == "".join(WORDS)
    assert (fetched(), chats(akashchat)) == (2, 2)


def test_a_session_that_was_brought_is_replaced_when_it_has_ended(
    serve: Callable[..., Gateway], akashchat: AkashChat, fetched: Callable[[], int]
) -> None:
    gateway = serve(AKASHCHAT_SESSION_TOKEN="a" * 64, AKASHCHAT_BASE_URL=akashchat.url)
    with gateway.openai(max_retries=0) as sdk:
        for _ in range(2):
            assert text_of(streamed(sdk)) == "".join(WORDS)
    assert (fetched(), chats(akashchat)) == (1, 3)


async def test_many_first_requests_fetch_one_session(
    gateway: Gateway, akashchat: AkashChat, fetched: Callable[[], int]
) -> None:
    akashchat.plan("GET /api/auth/session", Slow(0.1))
    headers = {"authorization": f"Bearer {API_KEY}"}
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30, verify=False) as client:
        posts = (client.post("/v1/chat/completions", json=HELLO) for _ in range(AT_ONCE))
        answers = await asyncio.gather(*posts)
    assert {answer.status_code for answer in answers} == {200}
    assert (fetched(), chats(akashchat)) == (1, AT_ONCE)
    assert sum(call.path == "/api/models/" for call in akashchat.calls) == 1


def test_an_instance_may_serve_on_one_event_loop_after_the_other(
    akashchat: AkashChat, fetched: Callable[[], int]
) -> None:
    provider = Provider(Http(), Account("open", "akashchat", akashchat.url))

    async def talk() -> str:
        [model] = [model for model in await provider.models() if model.id == HELLO["model"]]
        request = ChatRequest(model, tuple(HELLO["messages"]))
        return "".join([delta.text async for delta in provider.chat(request)])

    async def several() -> list[str]:
        return await asyncio.gather(*(talk() for _ in range(5)))

    for _ in range(2):
        assert asyncio.run(several()) == ["".join(WORDS)] * 5
        akashchat.end_sessions()
    assert fetched() == 2
