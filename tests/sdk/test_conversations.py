"""Conversations as the real clients have them: in Python and JavaScript, whole and streamed, well and badly ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam

from tests.emulators.faults import Reply
from tests.emulators.openai_compatible import OpenAICompatible
from tests.rig import API_KEY, Gateway
from tests.sdk.clients import Node, Wish

TALK = "POST /v1/chat/completions"
TEXT = 'wörld 中文 😀\n\n"quoted" back\\slash \u2028'
JAVASCRIPT = ("js-chat", "js-chat-stream", "ai-chat")
BROKEN = b'data: {"choices":[{"index":0,"delta":{"content":"Well"}}]}\n\ndata: {"error":{"message":"boom"}}\n\n'


@pytest.fixture
def service() -> Iterator[OpenAICompatible]:
    with OpenAICompatible(cut=5, words=list(TEXT)) as emulator:
        yield emulator


@pytest.fixture
def gateway(serve: Callable[..., Gateway], service: OpenAICompatible) -> Gateway:
    return serve(**service.environment())


def message(text: str) -> ChatCompletionUserMessageParam:
    return {"role": "user", "content": text}


def test_python_whole(gateway: Gateway) -> None:
    with gateway.openai() as client:
        answer = client.chat.completions.create(model="parrot", messages=[message("hi")], temperature=0)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage
    assert answer.usage.total_tokens == 16


def test_python_streamed(gateway: Gateway) -> None:
    with gateway.openai() as client:
        chunks = list(client.chat.completions.create(model="parrot", messages=[message("hi")], stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == TEXT
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason] == ["stop"]


def test_python_streamed_by_its_helper(gateway: Gateway) -> None:
    async def talk() -> Any:
        async with (
            openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=API_KEY) as client,
            client.chat.completions.stream(
                model="parrot", messages=[message("hi")], stream_options={"include_usage": True}
            ) as stream,
        ):
            return await stream.get_final_completion()

    completion = asyncio.run(talk())
    assert completion.choices[0].message.content == TEXT
    assert completion.usage.total_tokens == 16


@pytest.mark.parametrize("script", JAVASCRIPT)
def test_javascript(script: str, node: Node, gateway: Gateway) -> None:
    assert node.ask(script, Wish(f"{gateway.url}/v1", model="parrot")) == {"text": TEXT, "finish": "stop", "tokens": 16}


@pytest.mark.parametrize("script", JAVASCRIPT)
def test_javascript_is_told_what_went_wrong(
    script: str, node: Node, gateway: Gateway, service: OpenAICompatible
) -> None:
    unknown = node.ask(script, Wish(f"{gateway.url}/v1", model="no-such-model"))
    assert unknown["code"] == "model_not_found"
    assert "no-such-model" in unknown["message"]
    service.plan(TALK, *[Reply(500, {"error": {"message": "boom"}})] * 3)
    doubtful = node.ask(script, Wish(f"{gateway.url}/v1", model="parrot"))
    assert (doubtful["status"], doubtful["code"]) == (424, "upstream_failed")
    assert sum(call.path == "/v1/chat/completions" for call in service.calls) == 1


@pytest.mark.parametrize("script", JAVASCRIPT)
def test_javascript_is_told_in_the_midst(script: str, node: Node, gateway: Gateway, service: OpenAICompatible) -> None:
    service.plan(TALK, *[Reply(200, BROKEN, {"content-type": "text/event-stream"})] * 3)
    assert "boom" in str(node.ask(script, Wish(f"{gateway.url}/v1", model="parrot")))
