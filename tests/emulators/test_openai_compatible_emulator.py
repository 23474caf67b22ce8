"""The fake OpenAI-compatible service refuses what real ones refuse, and forgets nothing that it took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.openai_compatible import OpenAICompatible

TALK = {"model": "parrot", "messages": [{"role": "user", "content": "hi"}]}
ORDER = {"model": "flux-emulated", "prompt": "a cat"}


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAICompatible]:
    with OpenAICompatible() as emulator:
        yield emulator


@pytest.fixture
def service(running: OpenAICompatible) -> OpenAICompatible:
    running.reset()
    return running


@pytest.fixture
def client(service: OpenAICompatible) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {service.key}"}
    with httpx.Client(base_url=f"{service.url}/v1", headers=headers, verify=False) as client:
        yield client


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": [{"role": "king", "content": "hi"}]},
        {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
        {"temperature": 3},
        {"temperature": "0.5"},
        {"topP": 1},
        {"waitForImage": True},
        {"n": 1.5},
    ],
)
def test_a_message_is_read_strictly(client: httpx.Client, service: OpenAICompatible, change: dict[str, Any]) -> None:
    answer = client.post("/chat/completions", json=TALK | change)
    assert answer.status_code == 400
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert not service.talks


@pytest.mark.parametrize("change", [{"prompt": ""}, {"size": "big"}, {"n": 11}, {"seed": "7"}, {"steps": 8}])
def test_an_order_is_read_strictly(client: httpx.Client, service: OpenAICompatible, change: dict[str, Any]) -> None:
    assert client.post("/images/generations", json=ORDER | change).status_code == 400
    assert not service.orders


def test_who_has_no_key_and_what_is_not_there(client: httpx.Client, service: OpenAICompatible) -> None:
    assert httpx.get(f"{service.url}/v1/models").status_code == 401
    assert client.post("/chat/completions", json=TALK | {"model": "nope"}).status_code == 404
    assert httpx.get(f"{service.url}/files/0_0.png").status_code == 404


def test_a_talk_and_an_order(client: httpx.Client, service: OpenAICompatible) -> None:
    answer = client.post("/chat/completions", json=TALK).json()
    assert answer["choices"][0]["message"]["content"] == "You said: hi"
    [picture] = client.post("/images/generations", json=ORDER | {"size": "64x32"}).json()["data"]
    assert httpx.get(picture["url"]).content.startswith(b"\x89PNG")
    assert (len(service.talks), len(service.orders)) == (1, 1)
