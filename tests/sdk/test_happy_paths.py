"""What clients get when nothing goes wrong, and what they make of our errors when they ask for the impossible."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import httpx
import openai
import pytest

from tests.emulators.zimage import ZImage
from tests.rig import Gateway
from tests.sdk.clients import CLIENTS, Client, Node, Wish
from tests.sdk.scenario import originals

OPENAI = ("python", "python-async", "python-stream", "js", "js-stream")
WHOLE = ("python", "python-async", "js")

# What is asked for, status, the exception's class (alike in Python and JavaScript), and the code.
IMPOSSIBLE: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "wrong key": ({"api_key": "wrong"}, 401, "AuthenticationError", "invalid_api_key"),
    "unknown model": ({"model": "no-such-model"}, 404, "NotFoundError", "model_not_found"),
    "malformed size": ({"size": "banana"}, 400, "BadRequestError", "invalid_value"),
    "too large": ({"size": "99999x99999"}, 400, "BadRequestError", "invalid_value"),
    "empty prompt": ({"prompt": ""}, 400, "BadRequestError", "invalid_value"),
}


@pytest.fixture(autouse=True)
def _done_at_once(zimage: ZImage) -> None:
    zimage.steps = 0


@pytest.fixture
def wish(gateway: Gateway) -> Wish:
    return Wish(f"{gateway.url}/v1")


@pytest.mark.parametrize("client", WHOLE)
def test_url(client: str, clients: dict[str, Client], wish: Wish, zimage: ZImage) -> None:
    outcome = clients[client](replace(wish, response_format="url"))
    [url] = outcome.urls
    assert url
    assert url.endswith(".png")
    assert outcome.pictures == (None,)
    assert (httpx.get(url).content,) == originals(zimage)


@pytest.mark.parametrize("client", OPENAI)
def test_b64_json(client: str, clients: dict[str, Client], wish: Wish, zimage: ZImage) -> None:
    outcome = clients[client](replace(wish, response_format="b64_json"))
    assert outcome.pictures == originals(zimage)
    assert outcome.urls == (None,)


@pytest.mark.parametrize("client", OPENAI)
def test_both_when_nothing_is_said(client: str, clients: dict[str, Client], wish: Wish, zimage: ZImage) -> None:
    outcome = clients[client](wish)
    assert outcome.pictures == originals(zimage)
    assert tuple(httpx.get(url).content for url in outcome.urls if url) == originals(zimage)


@pytest.mark.parametrize("batch", ["one-task", "parent"])
@pytest.mark.parametrize("client", CLIENTS)
def test_four(
    client: str, batch: Literal["one-task", "parent"], clients: dict[str, Client], wish: Wish, zimage: ZImage
) -> None:
    zimage.batch = batch
    outcome = clients[client](replace(wish, n=4))
    assert len(set(outcome.pictures)) == 4
    if client == "ai-openai":  # four calls, whose order is nobody's business
        assert len(zimage.submits) == 4
        assert set(outcome.pictures) == set(originals(zimage))
    else:
        assert len(zimage.submits) == 1
        assert outcome.pictures == originals(zimage)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_same_wish_twice_is_two_orders(client: str, clients: dict[str, Client], wish: Wish, zimage: ZImage) -> None:
    outcomes = [clients[client](wish), clients[client](wish)]
    assert len(zimage.submits) == 2
    assert tuple(picture for outcome in outcomes for picture in outcome.pictures) == originals(zimage)


@pytest.mark.parametrize("model", ["zimage-turbo", "gpt-image-1"])
@pytest.mark.parametrize("client", CLIENTS)
def test_size_and_alias(client: str, model: str, clients: dict[str, Client], wish: Wish, zimage: ZImage) -> None:
    outcome = clients[client](replace(wish, model=model, size="512x768"))
    assert outcome.pictures == originals(zimage)
    [job] = zimage.submits
    assert (job.order.width, job.order.height, job.order.model_type) == (512, 768, "turbo")


@pytest.mark.parametrize("case", IMPOSSIBLE)
@pytest.mark.parametrize("client", CLIENTS)
def test_impossible(client: str, case: str, clients: dict[str, Client], wish: Wish, zimage: ZImage) -> None:
    change, status, kind, code = IMPOSSIBLE[case]
    outcome = clients[client](replace(wish, **change))
    assert (outcome.status, outcome.code) == (status, code)
    assert outcome.error == ("APICallError" if client.startswith("ai-") else kind)
    assert outcome.message.endswith(".")
    assert not zimage.submits


@pytest.mark.parametrize("client", OPENAI)  # the AI SDK makes several calls of so many pictures
def test_too_many(client: str, clients: dict[str, Client], wish: Wish, zimage: ZImage) -> None:
    outcome = clients[client](replace(wish, n=11))
    assert (outcome.status, outcome.code, outcome.error) == (400, "invalid_value", "BadRequestError")
    assert not zimage.submits


def test_python_models(gateway: Gateway) -> None:
    with gateway.openai() as client:
        names = [model.id for model in client.models.list()]
        assert {"zimage-turbo", "sketch", "gpt-image-1"} <= set(names)
        assert client.models.retrieve("zimage-turbo").owned_by == "zimage"
        with pytest.raises(openai.NotFoundError) as unknown:
            client.models.retrieve("no-such-model")
    assert unknown.value.code == "model_not_found"


def test_js_models(node: Node, wish: Wish) -> None:
    answer = node.ask("js-models", wish)
    assert {"zimage-turbo", "sketch", "gpt-image-1"} <= set(answer["models"])
    assert answer["model"] == wish.model
    assert node.ask("js-models", replace(wish, model="no-such-model"))["code"] == "model_not_found"
