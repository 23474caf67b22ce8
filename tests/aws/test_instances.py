"""Two instances that share a table: what one of them was told or has bought, the other knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import openai
import pytest

from tests.aws.front import Front
from tests.conftest import QUICK_MODELS
from tests.emulators.faults import Reply
from tests.emulators.zimage import ZImage
from tests.functions.helpers import SUBMIT, Json, assert_error, order
from tests.rig import Gateway

Serve = Callable[..., Gateway]
KEY = {"idempotency-key": "order-1"}
AGAIN = {"x-stainless-retry-count": "1"}


@pytest.fixture
def instances(serve: Serve, zimage: ZImage, table: str) -> list[Gateway]:
    settings = {"STATE": f"dynamodb://{table}", "ZIMAGE_BASE_URL": zimage.url, "ZIMAGE_MODELS": QUICK_MODELS}
    accounts = json.dumps([{"id": name, "provider": "zimage"} for name in ("a", "b")])
    return [serve(ACCOUNTS=accounts, **settings) for _ in range(2)]


@pytest.fixture
def clients(instances: list[Gateway]) -> Iterator[list[httpx.Client]]:
    clients = [instance.client() for instance in instances]
    yield clients
    for client in clients:
        client.close()


@pytest.mark.parametrize("headers", [(KEY, KEY), ({}, AGAIN)], ids=["key", "retry"])
def test_a_repetition_on_another_instance_joins_the_job(
    clients: list[httpx.Client], zimage: ZImage, headers: tuple[Json, Json]
) -> None:
    answers = [order(client, sent) for client, sent in zip(clients, headers, strict=True)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["job"] == answers[1].json()["job"]
    assert len(zimage.submits) == 1


def test_at_the_same_time_on_both_of_them_it_is_bought_once(clients: list[httpx.Client], zimage: ZImage) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda number: order(clients[number % 2], KEY), range(4)))
    assert len({answer.json()["job"] for answer in answers}) == 1
    assert len(zimage.submits) == 1


def test_another_body_under_the_key_is_refused_by_the_other_too(clients: list[httpx.Client], zimage: ZImage) -> None:
    assert order(clients[0], KEY).status_code == 200
    assert_error(order(clients[1], KEY, prompt="a dog"), 422, "idempotency_key_reused", "Idempotency-Key")
    assert len(zimage.submits) == 1


def test_an_account_that_one_of_them_saw_refused_is_left_alone_by_the_other(
    clients: list[httpx.Client], zimage: ZImage
) -> None:
    zimage.plan(SUBMIT, Reply(429))
    assert order(clients[0]).status_code == 200
    for client in clients:
        health = client.get("/health").json()
        assert (health["accounts_total"], health["accounts_available"]) == (3, 2)


def test_ten_orders_on_all_of_them_at_once_try_a_dead_account_once(serve: Serve, zimage: ZImage, table: str) -> None:
    zimage.auth, zimage.cookie = "cookie", "visitor=alive"
    accounts = [{"id": name, "provider": "zimage", "key": f"visitor={name}"} for name in ("alive", "dead")]
    settings = {"STATE": f"dynamodb://{table}", "ZIMAGE_BASE_URL": zimage.url, "ZIMAGE_MODELS": QUICK_MODELS}
    instances = [serve(ACCOUNTS=json.dumps(accounts), **settings) for _ in range(5)]
    with ExitStack() as stack, ThreadPoolExecutor(10) as threads:
        clients = [stack.enter_context(instance.client()) for instance in instances]
        answers = list(threads.map(lambda number: order(clients[number % 5], prompt=f"a cat, {number}"), range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert sum(call.headers.get("cookie") == "visitor=dead" for call in zimage.calls) == 1


def test_out_of_reach_a_first_order_is_served_and_a_repetition_is_not_bought_again(
    instances: list[Gateway], clients: list[httpx.Client], zimage: ZImage, front: Front
) -> None:
    front.down = True
    assert order(clients[0]).status_code == 200
    for headers in (KEY, AGAIN):
        answer = order(clients[1], headers)
        assert_error(answer, 503, "store_unavailable", None)
        assert answer.headers["x-should-retry"] == "true"
    with instances[0].openai(max_retries=0) as sdk, pytest.raises(openai.InternalServerError):
        sdk.images.generate(prompt="a cat", extra_headers=KEY)
    assert len(zimage.submits) == 1


def test_a_table_that_is_not_there_is_told_by_the_setting(serve: Serve, zimage: ZImage) -> None:
    with serve(STATE="dynamodb://no-such-table", PROVIDERS="zimage", ZIMAGE_BASE_URL=zimage.url).client() as client:
        answer = order(client)
    assert_error(answer, 500, "misconfigured", None)
    assert answer.json()["error"]["message"].startswith("STATE: ")
    assert zimage.submits == []
