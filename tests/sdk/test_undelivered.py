"""An answer that did not arrive is owed: the next try gets the same job, also from clients that do not say `again`."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from tests.emulators.faults import Cut
from tests.emulators.zimage import ZImage
from tests.rig import OTHER_KEY, Gateway
from tests.sdk.clients import Client, Wish
from tests.sdk.scenario import originals

WHOLE_ANSWER = 4  # one request for the picture, and three to take it up again

Leave = Callable[..., None]


def order(client: httpx.Client, prompt: str = "a lighthouse at dusk", **headers: str) -> httpx.Response:
    body = {"model": "zimage-turbo", "prompt": prompt, "response_format": "url"}
    return client.post("/v1/images/generations", json=body, headers=headers)


@pytest.fixture
def leave(gateway: Gateway, zimage: ZImage) -> Leave:
    """Orders a picture and goes away before it is there."""

    def order_and_leave(**headers: str) -> None:
        zimage.seconds = 1.0
        with gateway.client() as client:
            client.timeout = httpx.Timeout(0.3)
            with pytest.raises(httpx.ReadTimeout):
                order(client, **headers)
        time.sleep(0.2)  # nobody tries again sooner, and the gateway has to notice

    return order_and_leave


@pytest.mark.parametrize("client", ["python", "python-async", "ai-openai", "ai-compatible"])
def test_an_answer_that_broke_is_made_good_once(
    client: str, clients: dict[str, Client], gateway: Gateway, zimage: ZImage
) -> None:
    zimage.steps, zimage.payload = 0, 300_000
    zimage.plan("GET /output", *[Cut(1000)] * WHOLE_ANSWER)
    wish = Wish(f"{gateway.url}/v1")
    assert clients[client](wish).pictures == originals(zimage)
    assert len(zimage.submits) == 1
    assert clients[client](wish).pictures
    assert len(zimage.submits) == 2


def test_who_left_is_given_the_same_job_once(gateway: Gateway, zimage: ZImage, leave: Leave) -> None:
    leave()
    with gateway.client() as client:
        assert order(client).status_code == 200
        assert len(zimage.submits) == 1
        assert order(client).status_code == 200
        assert len(zimage.submits) == 2


def test_who_waited_in_vain_is_given_the_same_job(gateway: Gateway, zimage: ZImage) -> None:
    zimage.seconds = 1.0
    with gateway.client() as client:
        assert order(client, **{"x-stainless-read-timeout": "1"}).json()["error"]["code"] == "generation_pending"
        assert order(client).status_code == 200
    assert len(zimage.submits) == 1


def test_it_is_owed_to_nobody_else_and_for_nothing_else(gateway: Gateway, zimage: ZImage, leave: Leave) -> None:
    leave()
    with gateway.client(OTHER_KEY) as other:
        assert order(other).status_code == 200
    with gateway.client() as client:
        assert order(client, prompt="another one").status_code == 200
    assert len(zimage.submits) == 3


def test_a_key_still_names_one_request(gateway: Gateway, zimage: ZImage, leave: Leave) -> None:
    leave(**{"idempotency-key": "mine"})
    with gateway.client() as client:
        assert order(client, prompt="another one", **{"idempotency-key": "mine"}).status_code == 422
        assert order(client, **{"idempotency-key": "mine"}).status_code == 200
    assert len(zimage.submits) == 1
