"""ModelScope: error messages, task states, limits, and links that expire."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from shared.account import Account
from shared.errors import (
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    NotFound,
    Unavailable,
    Uncertain,
)
from shared.http import Http
from shared.models import Size
from shared.providers.modelscope import ModelScope as Provider
from shared.requests import ImageRequest
from shared.results import Failed, Queued, Running, Succeeded
from tests.emulators.faults import Reply
from tests.emulators.modelscope import KEY, Fate, ModelScope, Place

SUBMIT, POLL = "POST /v1/images/generations", "GET /v1/tasks/"
PLACES = get_args(Place)


@pytest.fixture(scope="module")
def running() -> Iterator[ModelScope]:
    with ModelScope() as emulator:
        yield emulator


@pytest.fixture
def modelscope(running: ModelScope) -> ModelScope:
    running.reset()
    running.steps = 0
    return running


@pytest.fixture
def provider(http: Http, modelscope: ModelScope) -> Provider:
    return Provider(http, Account("default", "modelscope", f"{modelscope.url}/v1", KEY))


async def request(provider: Provider, **more: Any) -> ImageRequest:
    model = (await provider.models())[0]
    return ImageRequest(model, "a cat", Size(1024, 768))._replace(**more)


async def submitted(provider: Provider) -> str:
    [ref] = (await provider.submit(await request(provider))).refs
    return ref


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ({}, {}),
        ({"seed": 0}, {"seed": 0}),
        ({"seed": 2**31 - 1, "negative_prompt": "blur"}, {"seed": 2**31 - 1, "negative_prompt": "blur"}),
    ],
)
async def test_only_requested_fields_are_sent(
    modelscope: ModelScope, provider: Provider, more: dict[str, Any], sent: dict[str, Any]
) -> None:
    await provider.submit(await request(provider, **more))
    [call] = modelscope.calls
    assert call.json == {"model": "Tongyi-MAI/Z-Image-Turbo", "prompt": "a cat", "size": "1024x768"} | sent
    assert call.headers["x-modelscope-async-mode"] == "true"


async def test_a_seed_above_the_limit_is_a_bad_request(modelscope: ModelScope, provider: Provider) -> None:
    with pytest.raises(BadRequest) as caught:
        await provider.submit(await request(provider, seed=2**31))
    assert caught.value.param == "seed"
    assert modelscope.calls == []


@pytest.mark.parametrize("word", ["RUNNING", "PROCESSING"])
async def test_names_of_the_running_state(
    modelscope: ModelScope, provider: Provider, word: Any, caplog: pytest.LogCaptureFixture
) -> None:
    modelscope.steps, modelscope.running_word = 2, word
    ref = await submitted(provider)
    with caplog.at_level(logging.WARNING):
        assert [await provider.poll(ref) for _ in range(2)] == [Queued(), Running()]
    assert not caplog.records
    assert isinstance(await provider.poll(ref), Succeeded)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("fate", "code", "said"),
    [
        (Fate.FAILS, "generation_failed", "Image generation failed"),
        (Fate.FAILS_SILENTLY, "generation_failed", "no reason given"),
        (Fate.FAILS_AS_UNSAFE, "moderation_blocked", "inappropriate"),
    ],
)
async def test_a_failure_message_is_found_in_each_field(
    modelscope: ModelScope, provider: Provider, place: Place, fate: Fate, code: str, said: str
) -> None:
    modelscope.place = place
    modelscope.next_fate(fate)
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Failed)
    assert status.error.code == code
    assert said in status.error.message


@pytest.mark.parametrize("place", PLACES)
async def test_a_refusal_message_is_found_in_each_field(
    modelscope: ModelScope, provider: Provider, place: Place
) -> None:
    modelscope.place = place
    modelscope.next_fate(Fate.REFUSED)
    with pytest.raises(ContentRefused, match="inappropriate"):
        await provider.submit(await request(provider))
    with pytest.raises(BadRequest, match="prompt: String should"):
        await provider.submit(await request(provider, prompt="x" * 2000))
    assert modelscope.tasks == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Reply(400, {"message": "bad size"}), BadRequest),
        (Reply(401, {"errors": {"message": "bad key"}}), AccountRejected),
        (Reply(429, {"errors": {"message": "quota"}}), AccountLimited),
        (Reply(500, {"error": "oops"}), Uncertain),
        (Reply(200, {"request_id": "1"}), Uncertain),
        (Reply(200, {"task_id": 7}), Uncertain),
    ],
)
async def test_errors_of_a_submit(
    modelscope: ModelScope, provider: Provider, fault: Reply, expected: type[EaselError]
) -> None:
    modelscope.plan(SUBMIT, fault)
    with pytest.raises(expected):
        await provider.submit(await request(provider))
    assert len(modelscope.calls) == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Reply(401, {"errors": {"message": "bad key"}}), AccountRejected),
        (Reply(404, {"errors": {"message": "task not found"}}), NotFound),
        (Reply(429, {"errors": {"message": "slow"}}), AccountLimited),
        (Reply(500, {"error": "oops"}), Unavailable),
        (Reply(200, {"request_id": "1"}), Unavailable),
    ],
)
async def test_errors_of_a_poll(
    modelscope: ModelScope, provider: Provider, fault: Reply, expected: type[EaselError]
) -> None:
    ref = await submitted(provider)
    modelscope.plan(POLL, fault)
    with pytest.raises(expected):
        await provider.poll(ref)


async def test_success_without_an_image_is_a_failure(modelscope: ModelScope, provider: Provider) -> None:
    modelscope.next_fate(Fate.NO_RESULT)
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Failed)
    assert status.error.code == "generation_failed"


async def test_all_images_of_a_task_are_outputs(modelscope: ModelScope, provider: Provider) -> None:
    ref = await submitted(provider)
    modelscope.tasks[0].names.append("00000000-0000-4000-8000-000000000000")
    status = await provider.poll(ref)
    assert isinstance(status, Succeeded)
    assert len(status.outputs) == 2


@pytest.mark.parametrize("link", ["/img/{}.png", "//{host}/img/{}.png", "../img/{}.png", "{url}/img/{}.png"])
@pytest.mark.parametrize(
    "shape", [lambda url: [url], lambda url: url, lambda url: [{"url": url}], lambda url: {"image_url": url}]
)
@pytest.mark.parametrize("field", ["output_images", "images"])
async def test_output_images_in_other_shapes_are_used(
    modelscope: ModelScope, provider: Provider, link: str, shape: Callable[[str], Any], field: str
) -> None:
    ref = await submitted(provider)
    [name] = modelscope.tasks[0].names
    await provider.poll(ref)
    url = link.format(name, host=modelscope.url.partition("//")[2], url=modelscope.url)
    modelscope.plan(POLL, Reply(200, {"task_status": "SUCCEED", field: shape(url)}))
    [output] = await outputs(provider, ref)
    assert output.ref == f"/img/{name}.png"
    async with provider.open(output.ref) as media:
        assert media.media_type == "image/png"


async def test_a_synchronous_response_is_a_finished_job(modelscope: ModelScope, provider: Provider) -> None:
    """As from a gateway that drops the header for asynchronous tasks."""
    modelscope.synchronous = True
    ref = await submitted(provider)
    assert len(modelscope.calls) == 1
    [output] = await outputs(provider, ref)
    assert len(modelscope.calls) == 1
    async with provider.open(output.ref) as media:
        assert media.media_type == "image/png"


async def test_a_result_may_appear_shortly_after_the_job_succeeded(modelscope: ModelScope, provider: Provider) -> None:
    [output] = await outputs(provider, await submitted(provider))
    modelscope.plan("GET /img/", Reply(404), Reply(404))
    async with provider.open(output.ref) as media:
        assert media.media_type == "image/png"


async def test_another_poll_replaces_an_expired_link(modelscope: ModelScope, provider: Provider) -> None:
    ref = await submitted(provider)
    assert [output.lasting for output in await outputs(provider, ref)] == [True]
    modelscope.signed = True
    [old] = await outputs(provider, ref)
    [new] = await outputs(provider, ref)
    assert (old.lasting, new.lasting) == (False, False)
    with pytest.raises(Unavailable):
        async with provider.open(old.ref):
            pass
    async with provider.open(new.ref) as media:
        assert media.media_type == "image/png"


async def outputs(provider: Provider, ref: str) -> tuple[Any, ...]:
    status = await provider.poll(ref)
    assert isinstance(status, Succeeded)
    return status.outputs


async def test_links_of_the_real_host_have_short_refs(modelscope: ModelScope, provider: Provider) -> None:
    modelscope.files_origin = "https://muse-ai.oss-cn-hangzhou.aliyuncs.com"
    [output] = await outputs(provider, await submitted(provider))
    assert output.ref == f"m/img/{modelscope.tasks[0].names[0]}.png"
