"""POST /v1/images/generations: its manners, what it gives, what it names, and what it never buys twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from openai.types import ImageGenCompletedEvent

from tests.emulators.faults import Cut, Drop, Reply, Slow
from tests.emulators.files import CHUNK
from tests.emulators.png import BigFile
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import (
    GENERATIONS,
    OUTPUT,
    SUBMIT,
    Json,
    assert_error,
    assert_falls_silent,
    decoded,
    eventually,
    fetches,
    finished_job,
    leaving_client,
    look,
    looks,
    order,
    png_size,
    received_until_cut,
    start_job,
)
from tests.rig import OTHER_KEY, Gateway

ASYNC = {"prefer": "respond-async"}
LIVELY = 0.4
"""Seconds for jobs that show progress by the clock: a gateway looks at them several times a second."""


# The manners: wait, stream, come back


def test_it_waits_for_the_picture(sdk: openai.OpenAI, client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 2
    answer = sdk.images.generate(prompt="a lighthouse at dusk", model="zimage-turbo", size="512x768")
    assert answer.data
    [picture] = answer.data
    content = decoded(picture.b64_json)
    assert png_size(content) == (512, 768)
    assert picture.url
    assert client.get(picture.url).content == content
    assert abs(answer.created - time.time()) < 60
    assert answer.size == "512x768"
    assert len(zimage.submits) == 1
    assert looks(zimage) == 3


def test_the_built_in_sketch_needs_no_upstream(serve: Callable[..., Gateway]) -> None:
    gateway = serve()
    with gateway.openai() as sdk:
        first, same, other = (
            decoded(picture.b64_json)
            for prompt in ("dusk", "dusk", "dawn")
            for picture in sdk.images.generate(prompt=prompt, model="sketch", size="64x96").data or []
        )
    assert png_size(first) == (64, 96)
    assert first == same != other


def test_respond_async_hands_out_the_job(sdk: openai.OpenAI, zimage: ZImage) -> None:
    raw = sdk.images.with_raw_response.generate(prompt="a cat", extra_headers=ASYNC)
    assert raw.status_code == 202
    answer: Any = raw.parse()
    assert (answer.data, answer.status, answer.object) == ([], "queued", "job")
    assert raw.headers["location"] == f"/v1/jobs/{answer.id}"
    assert raw.headers["preference-applied"] == "respond-async"
    assert int(raw.headers["openai-poll-after-ms"]) > 0
    assert looks(zimage) == 0
    assert len(zimage.submits) == 1


@pytest.mark.parametrize("prefer", ["wait=5", "respond-async, wait=5", "wait=5; other=1, RESPOND-ASYNC"])
def test_a_wait_that_suffices_gives_the_picture(client: httpx.Client, prefer: str) -> None:
    answer = order(client, {"prefer": prefer})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"][0]["url"]
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [("wait=1", "wait=1"), ("wait=0", "wait=0"), ("respond-async,wait=1", "respond-async, wait=1")],
)
def test_a_wait_that_does_not_suffice_gives_the_job(
    client: httpx.Client, zimage: ZImage, prefer: str, applied: str
) -> None:
    zimage.next_fate(Fate.NEVER_ENDS)
    answer = order(client, {"prefer": prefer})
    assert answer.status_code == 202, answer.text
    assert answer.headers["preference-applied"] == applied
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    assert look(client, answer.json()["id"])["status"] == "in_progress"


@pytest.mark.parametrize("prefer", ["handling=lenient", "wait=soon", "wait=-1", ""])
def test_other_preferences_change_nothing(client: httpx.Client, prefer: str) -> None:
    answer = order(client, {"prefer": prefer})
    assert answer.status_code == 200, answer.text
    assert "preference-applied" not in answer.headers


def test_the_sdk_reads_the_stream(sdk: openai.OpenAI, client: httpx.Client, zimage: ZImage) -> None:
    with sdk.images.generate(prompt="a cat", size="512x512", n=2, stream=True) as stream:
        events: list[Any] = list(stream)
    assert [type(event) for event in events] == [ImageGenCompletedEvent] * 2
    assert [event.type for event in events] == ["image_generation.completed"] * 2
    assert [event.index for event in events] == [0, 1]
    assert {event.size for event in events} == {"512x512"}
    assert {event.output_format for event in events} == {"png"}
    assert {event.usage.total_tokens for event in events} == {0}
    contents = [decoded(event.b64_json) for event in events]
    assert [client.get(event.url).content for event in events] == contents
    assert contents[0] != contents[1]
    assert len(zimage.submits) == 1


def test_the_stream_on_the_wire(client: httpx.Client) -> None:
    answer = order(client, stream=True, partial_images=2)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["easel-ignored"] == "partial_images"
    comment, event, rest = answer.text.split("\n\n")
    job_id = comment.removeprefix(": job ")
    assert look(client, job_id)["status"] == "completed"
    name, data = event.split("\n")
    payload = json.loads(data.removeprefix("data: "))
    assert name == f"event: {payload['type']}"
    assert "b64_json" not in payload
    assert rest == ""


def test_the_stream_begins_before_the_picture_is_there_and_shows_that_it_is_alive(
    client: httpx.Client, zimage: ZImage
) -> None:
    zimage.next_fate(Fate.NEVER_ENDS)
    with client.stream("POST", GENERATIONS, json={"prompt": "a cat", "stream": True}) as answer:
        comments = (line for line in answer.iter_lines() if line)
        assert next(comments).startswith(": job ")
        assert next(comments) == ": keep-alive"


@pytest.mark.parametrize(
    ("fate", "code"), [(Fate.FAILS, "generation_failed"), (Fate.FAILS_AS_UNSAFE, "moderation_blocked")]
)
def test_the_sdk_raises_what_goes_wrong_in_a_stream(
    sdk: openai.OpenAI, client: httpx.Client, zimage: ZImage, fate: Fate, code: str
) -> None:
    zimage.next_fate(fate)
    with sdk.images.generate(prompt="a cat", stream=True) as stream, pytest.raises(openai.APIError) as raised:
        list(stream)
    assert (raised.value.code, raised.value.type) == (code, "upstream_error")
    body: Any = raised.value.body
    assert look(client, body["job"])["status"] == "failed"
    assert len(zimage.submits) == 1


def test_a_stream_that_runs_out_of_time_says_so(gateway: Gateway, sdk: openai.OpenAI, zimage: ZImage) -> None:
    gateway.environment["MAX_WAIT_SECONDS"] = "1"
    zimage.next_fate(Fate.NEVER_ENDS)
    with sdk.images.generate(prompt="a cat", stream=True) as stream, pytest.raises(openai.APIError) as raised:
        list(stream)
    assert raised.value.code == "generation_pending"


def test_what_goes_wrong_before_the_stream_has_a_status(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.next_fate(Fate.REFUSED)
    with pytest.raises(openai.BadRequestError) as raised:
        sdk.images.generate(prompt="a cat", stream=True)
    assert raised.value.code == "moderation_blocked"


def test_a_picture_that_breaks_off_in_a_stream_never_looks_whole(client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload = 20 * CHUNK
    zimage.plan(OUTPUT, *[Cut(2 * CHUNK)] * 8)
    received = received_until_cut(client, "POST", GENERATIONS, json={"prompt": "a cat", "stream": True})
    assert b"b64_json" in received
    assert b"event: error" not in received
    assert not received.endswith(b"\n\n")


# What the answer holds


@pytest.mark.parametrize(
    ("body", "default", "members"),
    [
        ({}, None, {"url", "b64_json"}),
        ({"response_format": None}, None, {"url", "b64_json"}),
        ({"response_format": "url"}, None, {"url"}),
        ({"response_format": "b64_json"}, None, {"b64_json"}),
        ({}, "url", {"url"}),
        ({}, "b64_json", {"b64_json"}),
        ({}, "both", {"url", "b64_json"}),
        ({"response_format": "url"}, "b64_json", {"url"}),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_url_or_b64_json(
    gateway: Gateway,
    client: httpx.Client,
    zimage: ZImage,
    body: Json,
    default: str | None,
    members: set[str],
    stream: bool,
) -> None:
    gateway.environment |= {"DEFAULT_RESPONSE_FORMAT": default} if default else {}
    answer = client.post(GENERATIONS, json={"prompt": "a cat", "stream": stream} | body)
    [picture] = events(answer) if stream else answer.json()["data"]
    assert picture.keys() & {"url", "b64_json"} == members


def events(answer: httpx.Response) -> list[Json]:
    lines = [line for line in answer.text.split("\n") if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize("length", [1_000_000, 1_000_001, 1_000_002])
def test_the_bytes_are_the_upstreams_own(sdk: openai.OpenAI, zimage: ZImage, length: int) -> None:
    zimage.payload = length
    raw = sdk.images.with_raw_response.generate(prompt="a cat")
    assert int(raw.headers["content-length"]) == len(raw.content)
    answer = raw.parse()
    assert answer.data
    assert decoded(answer.data[0].b64_json) == BigFile(length)[:length]


@pytest.mark.parametrize(("n", "jobs"), [(1, [1]), (4, [4]), (6, [2, 4]), (10, [2, 4, 4])])
def test_as_many_pictures_as_asked_for(sdk: openai.OpenAI, zimage: ZImage, n: int, jobs: list[int]) -> None:
    answer = sdk.images.generate(prompt="a cat", n=n, size="512x512")
    assert answer.data
    contents = {decoded(picture.b64_json) for picture in answer.data}
    assert len(contents) == len(answer.data) == n
    assert sorted(job.order.batch_size for job in zimage.submits) == jobs
    assert "missing" not in (answer.model_extra or {})


def test_several_pictures_have_a_length_too(client: httpx.Client, zimage: ZImage) -> None:
    answer = order(client, n=10, response_format="b64_json")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-type"] == "application/json"


def test_a_part_of_the_order_that_is_refused_is_said_to_be_missing(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.COMPLETES, Fate.REFUSED)
    answer = order(client, n=6)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == 4
    assert answer.json()["missing"] == 2
    assert look(client, answer.json()["job"])["missing"] == 2


def test_a_part_of_the_order_that_fails_is_said_to_be_missing(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS, Fate.COMPLETES)
    answer = order(client, n=6).json()
    assert (len(answer["data"]), answer["missing"]) == (2, 4)


def test_seeds_differ_from_job_to_job_of_one_order(client: httpx.Client, zimage: ZImage) -> None:
    order(client, n=6, seed=7)
    assert [job.order.seed for job in zimage.submits] == ["7", "11"]


@pytest.mark.parametrize("shape", ["url", "json-array-string", "resultUrls"])
@pytest.mark.parametrize("batch", ["one-task", "parent"])
@pytest.mark.parametrize("n", [1, 3])
def test_every_result_shape(client: httpx.Client, zimage: ZImage, shape: Any, batch: Any, n: int) -> None:
    zimage.shape, zimage.batch = shape, batch
    answer = order(client, n=n)
    assert answer.status_code == 200, answer.text
    contents = {client.get(picture["url"]).content for picture in answer.json()["data"]}
    assert len(contents) == n


# Sizes, models, generations of the upstream


@pytest.mark.parametrize(
    ("body", "made", "ignored"),
    [
        ({}, (1024, 1024), None),
        ({"size": "auto"}, (1024, 1024), None),
        ({"size": "1536x1024"}, (1536, 1024), None),
        ({"size": "512X512"}, (512, 512), None),
        ({"size": "640*480"}, (640, 480), None),
        ({"size": "32x64"}, (64, 64), "size"),
        ({"width": 640, "height": 480}, (640, 480), None),
        ({"width": 640}, (1024, 1024), "width"),
        ({"aspect_ratio": "16:9"}, (1368, 768), None),
        ({"size": "auto", "aspect_ratio": "1:1"}, (1024, 1024), None),
        ({"size": "512x512", "aspect_ratio": "16:9"}, (512, 512), "aspect_ratio"),
        ({"aspectRatio": "9:16", "resolution": "512"}, (384, 680), None),
        ({"aspect_ratio": "16:9", "size": "4K"}, (2048, 1152), "resolution"),
        ({"size": "512x512", "width": 64, "height": 64}, (512, 512), "height, width"),
    ],
)
def test_sizes(client: httpx.Client, zimage: ZImage, body: Json, made: tuple[int, int], ignored: str | None) -> None:
    answer = order(client, **body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["size"] == "{}x{}".format(*made)
    assert answer.headers.get("easel-ignored") == ignored
    assert png_size(client.get(answer.json()["data"][0]["url"]).content) == made


@pytest.mark.parametrize(
    ("size", "fitted"),
    [("1024x1024", "512x512"), ("768x512", "768x512"), ("1792x1024", "768x512"), ("1024x1536", "512x768")],
)
def test_a_size_that_the_model_lacks_becomes_its_nearest(
    gateway: Gateway, client: httpx.Client, zimage: ZImage, size: str, fitted: str
) -> None:
    models = {"zimage-turbo": {"sizes": ["512x512", "768x512", "512x768"], "typical_seconds": 0}}
    gateway.environment["ZIMAGE_MODELS"] = json.dumps(models)
    answer = order(client, size=size)
    assert answer.json()["size"] == fitted
    assert answer.headers.get("easel-ignored") == (None if fitted == size else "size")


@pytest.mark.parametrize(
    ("asked", "upstream"),
    [
        (None, "turbo"),
        ("zimage-turbo", "turbo"),
        ("zimage/zimage-turbo", "turbo"),
        ("zimage/qwen-image", "qwen-image"),
        ("dall-e-3", "turbo"),
        ("gpt-image-1", "turbo"),
        ("gpt-image-9-of-the-future", "turbo"),
        ("chatgpt-image-latest", "turbo"),
        ("fast", "redcraft"),
        ("dall-e-2", "qwen-image"),
    ],
)
def test_names_of_models(
    gateway: Gateway, client: httpx.Client, zimage: ZImage, asked: str | None, upstream: str
) -> None:
    gateway.environment["MODEL_ALIASES"] = '{"fast": "redcraft", "dall-e-2": "zimage/qwen-image"}'
    start_job(client, model=asked)
    assert zimage.submits[0].order.model_type == upstream


def test_a_configured_model_is_one_like_any_other(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    models = {"landscape": {"upstream": "base", "default_size": "1024x512", "batch": 1, "typical_seconds": 0}}
    gateway.environment["ZIMAGE_MODELS"] = json.dumps(models)
    answer = order(client, model="landscape", n=2).json()
    assert (answer["model"], answer["size"], len(answer["data"])) == ("landscape", "1024x512", 2)
    assert [job.order.model_type for job in zimage.submits] == ["base", "base"]


def test_sketch_is_the_default_only_where_nothing_else_is(serve: Callable[..., Gateway]) -> None:
    with serve().client() as client:
        assert order(client, size="64x64").json()["model"] == "sketch"
        assert order(client, size="64x64", model="dall-e-3").json()["model"] == "sketch"


def test_the_generation_with_a_cookie(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    zimage.auth = "cookie"
    gateway.environment["ZIMAGE_COOKIE"] = zimage.cookie
    assert order(client).status_code == 200
    gateway.environment["ZIMAGE_COOKIE"] = "stale=1"
    answer = order(client, prompt="another cat")
    error = assert_error(answer, 502, "upstream_account_rejected")
    assert answer.headers["x-should-retry"] == "false"
    assert "stale" not in str(error)
    assert len(zimage.submits) == 1


def test_the_generation_with_moderation(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    zimage.auth = "moderation"
    gateway.environment["ZIMAGE_MODERATION"] = "true"
    assert order(client).status_code == 200
    assert_error(order(client, prompt="something forbidden"), 400, "moderation_blocked", "prompt")
    assert len(zimage.submits) == 1


# One order, one job


def test_an_idempotency_key_makes_two_requests_one(client: httpx.Client, zimage: ZImage) -> None:
    first = order(client, {"idempotency-key": "order-1"})
    again = order(client, {"idempotency-key": '"order-1"'})
    other = order(client, {"idempotency-key": "order-2"})
    assert first.json()["job"] == again.json()["job"] != other.json()["job"]
    assert len(zimage.submits) == 2


def test_an_idempotency_key_goes_with_one_body(client: httpx.Client, zimage: ZImage) -> None:
    order(client, {"idempotency-key": "order-1"})
    answer = order(client, {"idempotency-key": "order-1"}, prompt="a dog")
    assert_error(answer, 422, "idempotency_key_reused", "Idempotency-Key")
    assert answer.headers["x-should-retry"] == "false"
    assert len(zimage.submits) == 1


def test_an_idempotency_key_is_its_callers_own(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    headers = {"idempotency-key": "order-1"}
    with gateway.client(OTHER_KEY) as other:
        assert order(client, headers).json()["job"] != order(other, headers).json()["job"]
    assert len(zimage.submits) == 2


def test_requests_at_the_same_time_with_one_idempotency_key(client: httpx.Client, zimage: ZImage) -> None:
    headers = {"idempotency-key": "order-1"}
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: order(client, headers), range(4)))
    assert len({answer.json()["job"] for answer in answers}) == 1
    assert len(zimage.submits) == 1


def test_after_a_refusal_the_same_idempotency_key_orders_anew(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.REFUSED)
    headers = {"idempotency-key": "order-1"}
    assert_error(order(client, headers), 400, "moderation_blocked", "prompt")
    assert order(client, headers).status_code == 200


@pytest.mark.parametrize("manner", [{}, {"stream": True}])
def test_a_retry_of_the_sdk_joins_the_job(client: httpx.Client, zimage: ZImage, manner: Json) -> None:
    order(client, {"x-stainless-retry-count": "0"}, **manner)
    order(client, {"x-stainless-retry-count": "1"}, **manner)
    order(client, {"x-stainless-retry-count": "2"}, **manner)
    assert len(zimage.submits) == 1
    order(client, {"x-stainless-retry-count": "0"}, **manner)
    assert len(zimage.submits) == 2, "no retry, but the same wish once more"


def test_the_sdks_own_retry_after_a_broken_answer_buys_nothing(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.payload = 20 * CHUNK
    zimage.plan(OUTPUT, *[Cut(2 * CHUNK)] * 4)
    answer = sdk.images.generate(prompt="a cat")
    assert answer.data
    assert decoded(answer.data[0].b64_json) == BigFile(20 * CHUNK)[: 20 * CHUNK]
    assert len(zimage.submits) == 1


def test_beyond_the_limit_nothing_is_bought(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    gateway.environment["MAX_CONCURRENT_TASKS"] = "1"
    with leaving_client(gateway, prompt="[never-ends]"):
        eventually(lambda: len(zimage.submits) == 1)
        answer = order(client)
        error = assert_error(answer, 429, "rate_limit_exceeded")
        assert error["type"] == "rate_limit_error"
        assert int(answer.headers["retry-after-ms"]) > 0
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert answer.headers["x-should-retry"] == "true"
        assert len(zimage.submits) == 1
    eventually(lambda: order(client).status_code == 200)


# What goes wrong


@pytest.mark.parametrize("manner", [{}, {"n": 6}])
@pytest.mark.parametrize(
    ("fate", "code"),
    [
        (Fate.FAILS, "generation_failed"),
        (Fate.FAILS_SILENTLY, "generation_failed"),
        (Fate.NO_RESULT, "generation_failed"),
        (Fate.FAILS_AS_UNSAFE, "moderation_blocked"),
    ],
)
def test_a_job_that_fails(client: httpx.Client, zimage: ZImage, fate: Fate, code: str, manner: Json) -> None:
    zimage.next_fate(fate, fate)
    answer = order(client, **manner)
    error = assert_error(answer, 424, code)
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["location"] == f"/v1/jobs/{error['job']}"
    assert "retry-after" not in answer.headers
    job = look(client, error["job"])
    assert (job["status"], job["data"], job["error"]["code"]) == ("failed", [], code)
    assert error["message"].startswith(job["error"]["message"])


def test_the_message_of_a_failed_job_names_it(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS)
    error = assert_error(order(client), 424, "generation_failed")
    assert error["job"] in error["message"]


def test_the_sdk_never_orders_again_what_failed(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS)
    with pytest.raises(openai.APIStatusError) as raised:
        sdk.images.generate(prompt="a cat")
    assert raised.value.status_code == 424
    assert raised.value.code == "generation_failed"
    assert len(zimage.submits) == 1


def test_content_that_is_refused_at_once(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.next_fate(Fate.REFUSED)
    with pytest.raises(openai.BadRequestError) as raised:
        sdk.images.generate(prompt="a cat")
    assert (raised.value.code, raised.value.type) == ("moderation_blocked", "image_generation_user_error")
    assert raised.value.param == "prompt"
    assert sum(call.path.endswith("/generate") for call in zimage.calls) == 1


def test_a_job_that_never_ends_is_told_of_and_can_be_found(
    gateway: Gateway, client: httpx.Client, zimage: ZImage
) -> None:
    gateway.environment["MAX_WAIT_SECONDS"] = "1"
    zimage.seconds = 1.5
    answer = order(client)
    error = assert_error(answer, 424, "generation_pending")
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["location"] == f"/v1/jobs/{error['job']}"
    assert error["job"] in error["message"]
    eventually(lambda: client.get(answer.headers["location"]).json()["status"] == "completed", seconds=3)
    [picture] = look(client, error["job"])["data"]
    assert client.get(picture["url"]).status_code == 200
    assert len(zimage.submits) == 1


def test_the_callers_own_patience_counts_as_well(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.NEVER_ENDS)
    assert_error(order(client, {"x-stainless-read-timeout": "2"}), 424, "generation_pending")


@pytest.mark.parametrize("hint", ["0", "soon", "-1", "9" * 5000])
def test_an_odd_patience_is_no_patience(client: httpx.Client, zimage: ZImage, hint: str) -> None:
    assert order(client, {"x-stainless-read-timeout": hint}).status_code == 200


@pytest.mark.parametrize("fault", [Drop(after=True), Reply(502, "<html>Bad Gateway</html>"), Reply(200, "<html>")])
def test_an_order_that_may_have_been_taken_is_never_sent_again(
    sdk: openai.OpenAI, zimage: ZImage, fault: Drop | Reply
) -> None:
    zimage.plan(SUBMIT, fault)
    with pytest.raises(openai.APIStatusError) as raised:
        sdk.images.generate(prompt="a cat")
    assert (raised.value.status_code, raised.value.code) == (424, "upstream_failed")
    assert sum(call.path.endswith("/generate") for call in zimage.calls) == 1


def test_an_order_that_was_refused_for_now_is_sent_again(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.plan(SUBMIT, Reply(503, {"success": False, "error": "busy"}, {"retry-after": "0"}))
    assert sdk.images.generate(prompt="a cat").data
    assert len(zimage.submits) == 1


def test_a_502_while_waiting_is_looked_past(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.plan("/task/", *[Reply(502, "<html>Bad Gateway</html>")] * 2)
    assert sdk.images.generate(prompt="a cat").data
    assert len(zimage.submits) == 1


@pytest.mark.parametrize("manner", [{}, {"stream": True}])
def test_a_picture_that_cannot_be_fetched_is_made_all_the_same(
    client: httpx.Client, zimage: ZImage, manner: Json
) -> None:
    zimage.payload, zimage.content_type = b"<html>Not here", "text/html"
    answer = client.post(GENERATIONS, json={"prompt": "a cat"} | manner)
    error = events(answer)[0]["error"] if manner else assert_error(answer, 424, "upstream_unavailable")
    assert error["job"] in error["message"]
    zimage.payload = zimage.content_type = None
    [picture] = look(client, error["job"])["data"]
    assert client.get(picture["url"]).status_code == 200


# Clients that leave


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_ends_the_looking(gateway: Gateway, zimage: ZImage, stream: bool) -> None:
    zimage.seconds = LIVELY
    zimage.next_fate(Fate.NEVER_ENDS)
    with leaving_client(gateway, stream=stream):
        eventually(lambda: looks(zimage) >= 5, seconds=5)
    assert_falls_silent(lambda: looks(zimage))


def test_a_client_that_leaves_in_the_middle_of_b64_closes_the_upstream(gateway: Gateway, zimage: ZImage) -> None:
    zimage.payload = 200 << 20
    with leaving_client(gateway, response_format="b64_json") as connection:
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
        assert zimage.open_streams == 1
    eventually(lambda: zimage.open_streams == 0)
    assert len(zimage.closed_early) == 1


def test_a_client_that_left_finds_its_job_by_trying_again(
    gateway: Gateway, client: httpx.Client, zimage: ZImage
) -> None:
    with leaving_client(gateway):
        eventually(lambda: len(zimage.submits) == 1)
    answer = order(client, {"x-stainless-retry-count": "1"})
    assert answer.status_code == 200, answer.text
    assert len(zimage.submits) == 1


def test_a_client_that_leaves_while_the_upstream_is_asked_has_ordered_all_the_same(
    gateway: Gateway, client: httpx.Client, zimage: ZImage
) -> None:
    zimage.plan(SUBMIT, Slow(0.5))
    with leaving_client(gateway):
        eventually(lambda: len(zimage.calls) == 1)
    answer = order(client, {"x-stainless-retry-count": "1"})
    assert answer.status_code == 200, answer.text
    assert len(zimage.submits) == 1


def test_nothing_is_fetched_for_a_url_alone(client: httpx.Client, zimage: ZImage) -> None:
    assert order(client).status_code == 200
    assert fetches(zimage) == 0


def test_the_job_of_an_answer_is_the_callers_to_look_at(client: httpx.Client) -> None:
    answer = order(client)
    job = look(client, answer.json()["job"])
    assert job["status"] == "completed"
    assert [picture["url"] for picture in job["data"]] == [picture["url"] for picture in answer.json()["data"]]
    assert finished_job(client)["id"] != job["id"]
