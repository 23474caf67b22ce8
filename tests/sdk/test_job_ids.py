"""Streaming clients know the job's id before the job is done: if the server dies, they go on with it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from tests.emulators.faults import Slow
from tests.emulators.zimage import Fate, ZImage
from tests.functions.conftest import DONE_AT_ONCE
from tests.functions.helpers import SUBMIT, look
from tests.rig import Gateway
from tests.sdk.clients import Node, Wish

WISH = Wish("", timeout=30)
PROMPT = openai.types.chat.ChatCompletionUserMessageParam(role="user", content=WISH.prompt)
ROLE = {"role": "assistant", "content": ""}
LONGER_THAN_THE_HEAD_WAITS = 10.5


@pytest.fixture
def gateway(serve: Callable[..., Gateway], zimage: ZImage) -> Gateway:
    """In front of an upstream that is never done."""
    zimage.next_fate(*[Fate.NEVER_ENDS] * 4)
    return serve(PROVIDERS="zimage", ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=DONE_AT_ONCE)


@pytest.fixture
def wish(gateway: Gateway) -> Wish:
    return Wish(f"{gateway.url}/v1", timeout=30)


@pytest.fixture
def sdk(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with gateway.openai(max_retries=0) as client:
        yield client


def is_under_way(gateway: Gateway, job: str) -> bool:
    with gateway.client() as client:
        return look(client, job)["status"] in ("queued", "in_progress")


def test_python_reads_it_in_the_head_of_a_stream_of_pictures(gateway: Gateway, sdk: openai.OpenAI) -> None:
    with sdk.images.generate(prompt=WISH.prompt, stream=True) as stream:
        assert is_under_way(gateway, stream.response.headers["easel-job"])


def test_javascript_reads_it_in_the_head_of_a_stream_of_pictures(gateway: Gateway, wish: Wish, node: Node) -> None:
    assert is_under_way(gateway, node.ask("js-stream-job", wish)["job"])


def test_python_reads_it_in_the_first_chunk_of_a_conversation(gateway: Gateway, sdk: openai.OpenAI) -> None:
    with sdk.chat.completions.create(model=WISH.model, messages=[PROMPT], stream=True) as stream:
        chunk = next(stream)
        job = stream.response.headers["easel-job"]
    assert chunk.id == f"chatcmpl-{job}"
    assert chunk.choices[0].delta.model_dump(exclude_none=True) == ROLE
    assert is_under_way(gateway, job)


@pytest.mark.parametrize("name", ["js-chat-job", "ai-chat-job"])
def test_javascript_reads_it_in_the_first_chunk_of_a_conversation(
    gateway: Gateway, wish: Wish, node: Node, name: str
) -> None:
    seen = node.ask(name, wish)
    assert seen["delta"] == ROLE
    assert seen.get("job") in (None, seen["completion"].removeprefix("chatcmpl-"))
    assert is_under_way(gateway, seen["completion"])


def test_after_a_slow_submit_it_is_an_event(
    gateway: Gateway, wish: Wish, sdk: openai.OpenAI, node: Node, zimage: ZImage
) -> None:
    zimage.plan(SUBMIT, *[Slow(LONGER_THAN_THE_HEAD_WAITS)] * 2)
    with sdk.images.generate(prompt=WISH.prompt, stream=True) as stream:
        assert "easel-job" not in stream.response.headers
        event: Any = next(stream)
    assert event.type == "image_generation.in_progress"
    assert is_under_way(gateway, event.job)
    seen = node.ask("js-stream-event", wish)
    assert seen["type"] == "image_generation.in_progress"
    assert is_under_way(gateway, seen["job"])


@pytest.mark.parametrize("key", [None, "mine"])
def test_all_that_starts_a_job_names_it(gateway: Gateway, zimage: ZImage, key: str | None) -> None:
    zimage.reset()
    headers = {"idempotency-key": key} if key else {}
    body = {"model": WISH.model, "prompt": WISH.prompt, "response_format": "url"}
    talk = {"model": WISH.model, "messages": [PROMPT]}
    with gateway.client() as client:
        for path, sent, more in (
            ("/v1/images/generations", body, {}),
            ("/v1/images/generations", body | {"n": 2}, {"prefer": "respond-async"}),
            ("/v1/chat/completions", talk, {}),
            ("/api/v1/chat/completions", talk, {}),
        ):
            keyed = {name: f"{value}-{path}-{more}" for name, value in headers.items()}
            answers = [client.post(path, json=sent, headers=keyed | more) for _ in range(2)]
            jobs = [answer.headers["easel-job"] for answer in answers]
            assert all(job in answer.text for job, answer in zip(jobs, answers, strict=True))
            assert (len(set(jobs)) == 1) == bool(key)
        zimage.next_fate(Fate.FAILS)
        failed = client.post("/v1/images/generations", json=body)
        assert failed.headers["easel-job"] == failed.json()["error"]["job"]
