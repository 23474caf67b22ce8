"""ModelScope's peculiarities: where its errors stand, its words, its limits, and links that run out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
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
from shared.providers.modelscope import ModelScope as Adapter
from shared.requests import ImageRequest
from shared.results import Failed, Queued, Running, Succeeded
from tests.emulators.faults import Reply
from tests.emulators.modelscope import KEY, Fate, ModelScope, Place

SUBMIT, LOOK = "POST /v1/images/generations", "GET /v1/tasks/"
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
def adapter(http: Http, modelscope: ModelScope) -> Adapter:
    return Adapter(http, Account("default", "modelscope", f"{modelscope.url}/v1", KEY))


async def request(adapter: Adapter, **more: Any) -> ImageRequest:
    model = (await adapter.models())[0]
    return ImageRequest(model, "a cat", Size(1024, 768))._replace(**more)


async def submitted(adapter: Adapter) -> str:
    [ref] = (await adapter.submit(await request(adapter))).refs
    return ref


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ({}, {}),
        ({"seed": 0}, {"seed": 0}),
        ({"seed": 2**31 - 1, "negative_prompt": "blur"}, {"seed": 2**31 - 1, "negative_prompt": "blur"}),
    ],
)
async def test_only_what_was_asked_for_is_sent(
    modelscope: ModelScope, adapter: Adapter, more: dict[str, Any], sent: dict[str, Any]
) -> None:
    await adapter.submit(await request(adapter, **more))
    [call] = modelscope.calls
    assert call.json == {"model": "Tongyi-MAI/Z-Image-Turbo", "prompt": "a cat", "size": "1024x768"} | sent
    assert call.headers["x-modelscope-async-mode"] == "true"


async def test_a_seed_beyond_its_limit_is_the_requests_fault(modelscope: ModelScope, adapter: Adapter) -> None:
    with pytest.raises(BadRequest) as caught:
        await adapter.submit(await request(adapter, seed=2**31))
    assert caught.value.param == "seed"
    assert modelscope.calls == []


@pytest.mark.parametrize("word", ["RUNNING", "PROCESSING"])
async def test_words_for_work(
    modelscope: ModelScope, adapter: Adapter, word: Any, caplog: pytest.LogCaptureFixture
) -> None:
    modelscope.steps, modelscope.running_word = 2, word
    ref = await submitted(adapter)
    with caplog.at_level(logging.WARNING):
        assert [await adapter.poll(ref) for _ in range(2)] == [Queued(), Running()]
    assert not caplog.records
    assert isinstance(await adapter.poll(ref), Succeeded)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("fate", "code", "said"),
    [
        (Fate.FAILS, "generation_failed", "Image generation failed"),
        (Fate.FAILS_SILENTLY, "generation_failed", "no reason given"),
        (Fate.FAILS_AS_UNSAFE, "moderation_blocked", "inappropriate"),
    ],
)
async def test_a_failure_is_told_wherever_it_stands(
    modelscope: ModelScope, adapter: Adapter, place: Place, fate: Fate, code: str, said: str
) -> None:
    modelscope.place = place
    modelscope.next_fate(fate)
    status = await adapter.poll(await submitted(adapter))
    assert isinstance(status, Failed)
    assert status.error.code == code
    assert said in status.error.message


@pytest.mark.parametrize("place", PLACES)
async def test_a_refusal_is_told_wherever_it_stands(modelscope: ModelScope, adapter: Adapter, place: Place) -> None:
    modelscope.place = place
    modelscope.next_fate(Fate.REFUSED)
    with pytest.raises(ContentRefused, match="inappropriate"):
        await adapter.submit(await request(adapter))
    with pytest.raises(BadRequest, match="prompt: String should"):
        await adapter.submit(await request(adapter, prompt="x" * 2000))
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
async def test_trouble_when_starting(
    modelscope: ModelScope, adapter: Adapter, fault: Reply, expected: type[EaselError]
) -> None:
    modelscope.plan(SUBMIT, fault)
    with pytest.raises(expected):
        await adapter.submit(await request(adapter))
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
async def test_trouble_when_looking(
    modelscope: ModelScope, adapter: Adapter, fault: Reply, expected: type[EaselError]
) -> None:
    ref = await submitted(adapter)
    modelscope.plan(LOOK, fault)
    with pytest.raises(expected):
        await adapter.poll(ref)


async def test_done_without_a_picture_is_a_failure(modelscope: ModelScope, adapter: Adapter) -> None:
    modelscope.next_fate(Fate.NO_RESULT)
    status = await adapter.poll(await submitted(adapter))
    assert isinstance(status, Failed)
    assert status.error.code == "generation_failed"


async def test_several_pictures_of_one_task_are_all_given(modelscope: ModelScope, adapter: Adapter) -> None:
    ref = await submitted(adapter)
    modelscope.tasks[0].names.append("00000000-0000-4000-8000-000000000000")
    status = await adapter.poll(ref)
    assert isinstance(status, Succeeded)
    assert len(status.outputs) == 2


async def test_a_link_that_runs_out_is_found_by_another_look(modelscope: ModelScope, adapter: Adapter) -> None:
    ref = await submitted(adapter)
    assert [output.lasting for output in await outputs(adapter, ref)] == [True]
    modelscope.signed = True
    [old] = await outputs(adapter, ref)
    [new] = await outputs(adapter, ref)
    assert (old.lasting, new.lasting) == (False, False)
    with pytest.raises(Unavailable):
        async with adapter.open(old.ref):
            pass
    async with adapter.open(new.ref) as media:
        assert media.media_type == "image/png"


async def outputs(adapter: Adapter, ref: str) -> tuple[Any, ...]:
    status = await adapter.poll(ref)
    assert isinstance(status, Succeeded)
    return status.outputs


async def test_links_of_the_real_host_are_short_in_ids(modelscope: ModelScope, adapter: Adapter) -> None:
    modelscope.files_origin = "https://muse-ai.oss-cn-hangzhou.aliyuncs.com"
    [output] = await outputs(adapter, await submitted(adapter))
    assert output.ref == f"m/img/{modelscope.tasks[0].names[0]}.png"
