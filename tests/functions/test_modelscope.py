"""ModelScope behind the endpoints: OpenAI's clients, and Z-Image's that do not notice the change of upstream."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import openai
import pytest

from tests.emulators.faults import Drop, Reply
from tests.emulators.modelscope import ModelScope
from tests.emulators.zimage import ZImage
from tests.functions.helpers import assert_error, finished_job, order, png_size, start_job
from tests.rig import Gateway

SUBMIT = "POST /v1/images/generations"
DONE_AT_ONCE = '{"zimage-turbo": {"typical_seconds": 0}}'


@pytest.fixture(scope="module")
def running_modelscope() -> Iterator[ModelScope]:
    with ModelScope() as emulator:
        yield emulator


@pytest.fixture
def modelscope(running_modelscope: ModelScope) -> ModelScope:
    running_modelscope.reset()
    running_modelscope.steps = 0
    return running_modelscope


@pytest.fixture
def gateway(serve: Callable[..., Gateway], modelscope: ModelScope) -> Gateway:
    return serve(**modelscope.environment(), MODELSCOPE_MODELS=DONE_AT_ONCE)


def test_the_sdk_makes_pictures(sdk: openai.OpenAI, client: httpx.Client, modelscope: ModelScope) -> None:
    answer = sdk.images.generate(
        model="dall-e-3", prompt="a cat", size="1792x1024", n=3, response_format="url", extra_body={"seed": 5}
    )
    assert answer.data
    contents = [client.get(picture.url or "").content for picture in answer.data]
    assert len(set(contents)) == 3
    assert {png_size(content) for content in contents} == {(1792, 1024)}
    assert sorted(call.json["seed"] for call in modelscope.calls if call.method == "POST") == [5, 6, 7]


def test_a_small_size_becomes_what_the_upstream_has(client: httpx.Client, modelscope: ModelScope) -> None:
    answer = order(client, size="256x256")
    assert answer.headers["easel-ignored"] == "size"
    assert modelscope.calls[0].json["size"] == "512x512"


def test_it_comes_before_the_site_that_serves_the_same_models(
    gateway: Gateway, client: httpx.Client, modelscope: ModelScope, zimage: ZImage
) -> None:
    gateway.environment.update(zimage.environment())
    start_job(client, model="zimage-turbo")
    assert (len(modelscope.tasks), len(zimage.submits)) == (1, 0)
    start_job(client, model="zimage/zimage-turbo")
    assert (len(modelscope.tasks), len(zimage.submits)) == (1, 1)


def test_clients_of_the_site_do_not_notice(client: httpx.Client) -> None:
    job_id = finished_job(client, model="zimage-turbo")["id"]
    task = client.get(f"/v1/tasks/{job_id}").json()["data"]["task"]
    assert task["taskStatus"] == "completed"
    images = client.get(f"/v1/images/{job_id}").json()
    assert images["image_urls"] == task["resultUrls"]
    assert client.get(images["image_urls"][0]).status_code == 200


def test_a_link_that_runs_out_is_looked_up_when_the_file_is_wanted(
    client: httpx.Client, modelscope: ModelScope
) -> None:
    modelscope.signed = True
    url = order(client).json()["data"][0]["url"]
    assert [client.get(url).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Reply(400, {"errors": {"message": "size is wrong"}}), 400, "invalid_value"),
        (Reply(400, {"errors": {"message": "inappropriate content"}}), 400, "moderation_blocked"),
        (Reply(401, {"errors": {"message": "bad key"}}), 502, "upstream_account_rejected"),
        (Reply(429, {"errors": {"message": "slow down"}}), 429, "rate_limit_exceeded"),
        (Reply(500, {"errors": {"message": "oops"}}), 424, "upstream_failed"),
        (Reply(200, "<html>"), 424, "upstream_failed"),
        (Drop(after=True), 424, "upstream_failed"),
    ],
    ids=repr,
)
def test_trouble(client: httpx.Client, modelscope: ModelScope, fault: Reply, status: int, code: str) -> None:
    modelscope.plan(SUBMIT, fault)
    answer = order(client)
    assert_error(answer, status, code, "prompt" if code == "moderation_blocked" else None)
    assert modelscope.key not in answer.text
    assert len(modelscope.calls) == 1


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("[fails]", "generation_failed"),
        ("[fails-as-unsafe]", "moderation_blocked"),
        ("[no-result]", "generation_failed"),
        ("[no-task]", "upstream_failed"),
    ],
)
def test_jobs_that_fail(client: httpx.Client, prompt: str, code: str) -> None:
    assert_error(order(client, prompt=prompt), 424, code)
