"""Without room for a record the server promises nothing: a key is refused, and a request without one is told so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from shared.results import Submitted
from tests.functions.helpers import assert_error
from tests.functions.studio import Gateway, Studio

AGAIN = {"x-stainless-retry-count": "1"}
ROOM_FOR_A_FEW = 4000


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def client(studio: Studio) -> Iterator[httpx.Client]:
    gateway = Gateway(studio, room=ROOM_FOR_A_FEW)
    with gateway.client() as client:
        yield client
    gateway.close()


def order(client: httpx.Client, number: int, **headers: str) -> httpx.Response:
    body = {"prompt": f"a cat, number {number}", "model": "easel"}
    return client.post("/v1/images/generations", json=body, headers=headers)


def test_a_request_without_a_key_is_served_unrecorded_and_its_retry_is_refused(
    client: httpx.Client, studio: Studio
) -> None:
    assert "easel-idempotency" not in order(client, 0).headers
    number = next(number for number in count(1) if "easel-idempotency" in order(client, number).headers)
    answer = order(client, number)
    assert (answer.status_code, answer.headers["easel-idempotency"]) == (200, "unrecorded")
    bought = len(studio.requests)
    refused = order(client, number, **AGAIN)
    assert_error(refused, 503, "store_unavailable", None)
    assert len(studio.requests) == bought


def test_a_key_is_refused_before_anything_is_submitted(client: httpx.Client, studio: Studio) -> None:
    for number in range(20):
        assert order(client, number).status_code == 200
    answers = [order(client, number, **{"idempotency-key": str(number)}) for number in range(20)]
    taken = [answer for answer in answers if answer.status_code == 200]
    assert 0 < len(taken) < 20
    assert len(studio.requests) == 20 + len(taken)
    for answer in answers[len(taken) :]:
        assert_error(answer, 503, "store_unavailable", None)
        assert float(answer.headers["retry-after"]) > 0


def test_an_id_that_is_too_long_for_a_header_is_an_event(client: httpx.Client, studio: Studio) -> None:
    studio.answers = [Submitted(("short",)), Submitted(("r" * 2500,))]
    body = {"prompt": "a cat", "model": "easel", "stream": True}
    for in_head in (True, False):
        answer = client.post("/v1/images/generations", json=body)
        first, *_ = answer.text.split("\n\n")
        assert ("easel-job" in answer.headers) == in_head
        assert first.startswith(": job " if in_head else "event: image_generation.in_progress\ndata: ")


def test_an_error_names_such_a_job_in_its_body_alone(client: httpx.Client, studio: Studio) -> None:
    for length, in_head in ((5, True), (2500, False)):
        studio.answers = [Submitted(("r" * length,))]
        answer = client.post("/v1/images/generations", json={"prompt": f"a cat, {length}", "model": "easel"})
        assert answer.status_code == 424
        job = answer.json()["error"]["job"]
        assert answer.headers.get("easel-job") == (job if in_head else None)
