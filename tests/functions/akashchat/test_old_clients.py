"""Clients of AkashGen2API and akashchat-api-go go on as before: their documented calls, and what they read of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.emulators.akashchat import WORDS, AkashChat, Fate
from tests.functions.akashchat.conftest import TEXT_MODEL
from tests.functions.helpers import eventually
from tests.rig import API_KEY, Gateway

PREFIXES = ["", "hf", "/hf", "/hf/", "/"]
ORDER: dict[str, Any] = {"messages": [{"role": "user", "content": "a cat on a roof"}], "model": "AkashGen"}


def chat(client: httpx.Client, prefix: str = "", **body: Any) -> httpx.Response:
    return client.post(f"{prefix}/v1/chat/completions", json=body)


@pytest.fixture(params=PREFIXES)
def prefix(request: pytest.FixtureRequest, gateway: Gateway) -> str:
    """The prefix as it stands in paths, without a slash at its end."""
    gateway.environment["API_PREFIX"] = request.param
    inner = str(request.param).strip("/")
    return f"/{inner}" if inner else ""


def test_akashgen2api_waits_for_the_picture_unless_it_is_told_not_to(
    client: httpx.Client, gateway: Gateway, each_akashchat: AkashChat, prefix: str
) -> None:
    answer = chat(client, prefix, **ORDER).json()
    assert (answer["model"], answer["status"]) == ("AkashGen", "completed")
    assert answer["response"].startswith("<image_generation> jobId='")
    assert "prompt='A detailed a cat on a roof'" in answer["response"]
    assert answer["response"].endswith(f"\n![Generated Image]({answer['imageUrl']})")
    assert answer["imageUrl"].startswith(f"{gateway.url}{prefix}/images/")
    anybody = httpx.get(answer["imageUrl"])
    assert (anybody.status_code, anybody.headers["content-type"]) == (200, "image/webp")
    assert len(each_akashchat.jobs) == 1


def test_akashgen2api_fetches_a_picture_by_its_job_and_without_a_key(
    client: httpx.Client, gateway: Gateway, each_akashchat: AkashChat, prefix: str
) -> None:
    answer = chat(client, prefix, **ORDER, waitForImage=False).json()
    assert answer["status"] == "pending"
    assert answer["imageUrl"] == f"{gateway.url}{prefix}/images?id={answer['id'].removeprefix('chatcmpl-')}"
    anybody = httpx.get(answer["imageUrl"])
    assert (anybody.status_code, anybody.headers["content-type"]) == (200, "image/webp")
    assert httpx.get(f"{gateway.url}{prefix}/images").status_code == 400
    assert httpx.get(f"{gateway.url}{prefix}/images?id=nobody").status_code == 404


def test_akashgen2api_knows_by_text_that_it_is_up(client: httpx.Client, prefix: str) -> None:
    assert "API service is running" in client.get(f"{prefix}/").text
    assert client.get(f"{prefix}/ping").text == "pong"


def test_akashgen2api_is_told_why_a_picture_failed(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.next_fate(Fate.FAILS)
    answer = chat(client, **ORDER)
    assert answer.status_code == 424
    assert "Failed to parse worker response" in answer.json()["details"]


@pytest.mark.parametrize("authorization", [f"Bearer {API_KEY}", f"Token {API_KEY}"])
def test_the_word_before_the_key_does_not_matter(gateway: Gateway, akashchat: AkashChat, authorization: str) -> None:
    headers = {"authorization": authorization}
    url = f"{gateway.url}/v1/chat/completions"
    assert httpx.post(url, json=ORDER, headers=headers, timeout=30).status_code == 200
    assert httpx.post(url, json=ORDER).status_code == 401
    eventually(lambda: len(akashchat.jobs) == 1)


def test_akashchat_api_go_answers_a_text(client: httpx.Client, each_akashchat: AkashChat) -> None:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    answer = chat(client, model=TEXT_MODEL, messages=messages, temperature=0.85, topP=1.0, stream=False).json()
    assert (answer["object"], answer["model"]) == ("chat.completion", TEXT_MODEL)
    assert answer["id"].startswith("chatcmpl-")
    assert answer["choices"][0]["message"]["content"] == "".join(WORDS)
    assert answer["usage"] == {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    assert (each_akashchat.talks[-1].temperature, each_akashchat.talks[-1].top_p) == (0.85, 1.0)


def test_akashchat_api_go_answers_with_a_picture(client: httpx.Client, each_akashchat: AkashChat) -> None:
    answer = chat(client, **ORDER).json()
    assert answer["code"] == 200
    assert (answer["data"]["model"], answer["data"]["prompt"]) == ("AkashGen", "A detailed a cat on a roof")
    assert answer["data"]["jobId"]
    assert httpx.get(answer["data"]["pic"]).headers["content-type"] == "image/webp"


def test_akashchat_api_go_lists_models(client: httpx.Client, each_akashchat: AkashChat) -> None:
    listed = {model["id"]: model for model in client.get("/v1/models").json()["data"]}
    model = listed["Kimi-K2-Instruct"]
    assert model["object"] == "model"
    assert (model["permission"], model["root"], model["parent"]) == (None, "Kimi-K2-Instruct", None)


@pytest.mark.parametrize("path", ["/health", "/v1/health"])
def test_akashchat_api_go_is_well_without_a_key(gateway: Gateway, path: str) -> None:
    answer = httpx.get(f"{gateway.url}{path}")
    assert answer.status_code == 200
    assert answer.json().keys() >= {"status", "message"}


@pytest.mark.parametrize("body", [{"messages": ORDER["messages"], "model": "nobody"}, {"model": TEXT_MODEL}])
def test_akashchat_api_go_is_told_what_is_wrong(client: httpx.Client, akashchat: AkashChat, body: Any) -> None:
    answer = chat(client, **body)
    assert answer.status_code in (400, 404)
    assert answer.json()["code"] == answer.status_code
    assert answer.json()["data"]["msg"]
