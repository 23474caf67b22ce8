"""PicLumen's peculiarities: its list of models, tasks that do not show yet, and its words for failure."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.account import Account
from shared.errors import AccountLimited, AccountRejected, EaselError, NotFound, Unavailable
from shared.http import Http
from shared.models import Model, Size
from shared.providers.piclumen import Piclumen as Provider
from shared.requests import ImageRequest
from shared.results import Failed, Queued, Running, Succeeded
from tests.emulators.faults import Reply, Slow
from tests.emulators.piclumen import OPERATOR, Fate, Piclumen

LIST, LOOK = "GET /api/gen/model/list", "POST /api/task/batch-process-task"


@pytest.fixture(scope="module")
def running() -> Iterator[Piclumen]:
    with Piclumen() as emulator:
        yield emulator


@pytest.fixture
def piclumen(running: Piclumen) -> Piclumen:
    running.reset()
    running.steps = 0
    return running


@pytest.fixture
def account(piclumen: Piclumen) -> Account:
    return Account("default", "piclumen", piclumen.environment()["PICLUMEN_BASE_URL"], OPERATOR)


@pytest.fixture
def provider(http: Http, account: Account) -> Provider:
    return Provider(http, account)


async def models(provider: Provider) -> dict[str, Model]:
    return {model.id: model for model in await provider.models()}


async def submitted(provider: Provider, n: int = 1, name: str = "piclumen-realistic-v2") -> str:
    model = (await models(provider))[name]
    [ref] = (await provider.submit(ImageRequest(model, "a cat", model.default_size, n))).refs
    return ref


BUILT_IN = ["piclumen-fast", "piclumen-realistic-v2", "piclumen-midjourney"]


async def test_the_list_adds_models_and_corrects_those_that_are_known(piclumen: Piclumen, provider: Provider) -> None:
    found = await models(provider)
    assert list(found) == [*BUILT_IN, "piclumen-lineart-v1"]
    lineart = found["piclumen-lineart-v1"]
    assert (lineart.default_size, lineart.settings["steps"]) == (Size(832, 1216), 30)
    assert found["piclumen-fast"].settings["steps"] == 6


async def test_the_list_is_asked_for_once(piclumen: Piclumen, provider: Provider) -> None:
    for _ in range(3):
        await provider.models()
    assert [call.path for call in piclumen.calls] == ["/api/gen/model/list"]


def listing(*entries: Any) -> Reply:
    return Reply(200, {"status": 0, "message": "success", "data": list(entries)})


@pytest.mark.parametrize(
    "odd",
    [
        Reply(500, "<html>"),
        Reply(401, "who?"),
        Reply(200, "<html>"),
        Reply(200, "[]"),
        Reply(200, {"status": 7, "message": "closed"}),
        Reply(200, {"status": 0, "data": "models"}),
        Reply(200, {"status": 0, "data": None}),
        listing(),
        listing(None, 7, "model", [], {}),
        listing({"modelId": "x"}, {"modelDisplay": "X"}, {"modelId": 7, "modelDisplay": "X"}),
        listing({"modelId": "x", "modelDisplay": ""}, {"modelId": "x" * 101, "modelDisplay": "X"}),
        listing({"modelId": "x", "modelDisplay": "fast"}),
    ],
    ids=repr,
)
async def test_an_odd_list_takes_nothing_away(piclumen: Piclumen, provider: Provider, odd: Reply) -> None:
    piclumen.plan(LIST, odd)
    assert list(await models(provider)) == BUILT_IN
    assert (await models(provider))["piclumen-fast"].upstream.startswith("23887bba")


async def test_a_list_that_takes_long_is_not_waited_for(
    piclumen: Piclumen, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    piclumen.plan(LIST, Slow(20))
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert list(await models(provider)) == BUILT_IN
    assert time.monotonic() - began < 10
    assert "keeping the previous ones" in caplog.text


@pytest.mark.parametrize(
    ("config", "size", "steps"),
    [
        (None, Size(1024, 1024), None),
        ({}, Size(1024, 1024), None),
        ({"width": 640, "height": 960, "steps": 9}, Size(640, 960), 9),
        ({"width": "wide", "height": 960}, Size(1024, 1024), None),
        ({"width": 640}, Size(1024, 1024), None),
        ({"width": None, "height": 0, "steps": 9}, Size(1024, 1024), 9),
    ],
)
async def test_a_listed_model_may_say_little(
    piclumen: Piclumen, provider: Provider, config: Any, size: Size, steps: int | None
) -> None:
    piclumen.plan(LIST, listing({"modelId": "x", "modelDisplay": "PicLumen X 1.5!", "defaultConfig": config}))
    model = (await models(provider))["piclumen-x-1.5"]
    assert (model.upstream, model.default_size, model.settings.get("steps")) == ("x", size, steps)


async def test_a_task_that_does_not_show_is_queued_at_first_and_lost_later(
    piclumen: Piclumen, provider: Provider
) -> None:
    piclumen.absent = 100
    ref = await submitted(provider)
    assert await provider.poll(ref) == Queued()
    wanted, started, mark = ref.split("-", 2)
    long_ago = int(started, 16) - 3600
    with pytest.raises(NotFound):
        await provider.poll(f"{wanted}-{long_ago:x}-{mark}")


async def test_a_task_is_told_from_others_by_its_mark(piclumen: Piclumen, provider: Provider) -> None:
    piclumen.crowded = True
    refs = [await submitted(provider) for _ in range(3)]
    found = [await provider.poll(ref) for ref in refs]
    outputs = [status.outputs for status in found if isinstance(status, Succeeded)]
    assert [[output.ref.split("/")[-1] for output in each] for each in outputs] == [
        [f"{name}.webp" for name in task.names] for task in piclumen.tasks
    ]


@pytest.mark.parametrize("word", ["running", "processing"])
async def test_words_for_work(
    piclumen: Piclumen, provider: Provider, word: Any, caplog: pytest.LogCaptureFixture
) -> None:
    piclumen.steps, piclumen.running_word = 2, word
    ref = await submitted(provider)
    with caplog.at_level(logging.WARNING):
        assert [await provider.poll(ref) for _ in range(2)] == [Queued(), Running()]
    assert not caplog.records


@pytest.mark.parametrize("word", ["failed", "failure"])
@pytest.mark.parametrize(
    ("fate", "code"),
    [
        (Fate.FAILS, "generation_failed"),
        (Fate.FAILS_SILENTLY, "generation_failed"),
        (Fate.FAILS_AS_UNSAFE, "moderation_blocked"),
        (Fate.FLAGGED, "moderation_blocked"),
        (Fate.NO_RESULT, "generation_failed"),
    ],
)
async def test_words_for_failure(piclumen: Piclumen, provider: Provider, word: Any, fate: Fate, code: str) -> None:
    piclumen.failed_word = word
    piclumen.next_fate(fate)
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Failed)
    assert status.error.code == code


async def test_flagged_images_are_left_out(piclumen: Piclumen, provider: Provider) -> None:
    piclumen.next_fate(Fate.FLAGGED_IN_PART)
    status = await provider.poll(await submitted(provider, 3))
    assert isinstance(status, Succeeded)
    assert [output.ref.split("/")[-1] for output in status.outputs] == [
        f"{name}.webp" for name in piclumen.tasks[0].names[1:]
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Please log in first", AccountRejected),
        ("Too many requests", AccountLimited),
        ("System maintenance", Unavailable),
        ("Prompt too long", Unavailable),
    ],
)
async def test_a_look_that_is_refused_in_words(
    piclumen: Piclumen, provider: Provider, message: str, expected: type[EaselError]
) -> None:
    ref = await submitted(provider)
    piclumen.plan(LOOK, Reply(200, {"status": 9, "message": message, "data": None}))
    with pytest.raises(expected):
        await provider.poll(ref)


async def test_links_of_the_real_host_are_short_in_ids(piclumen: Piclumen, provider: Provider) -> None:
    piclumen.files_origin = "https://images.piclumen.com"
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Succeeded)
    assert status.outputs[0].ref == f"i/normal/20251231/14/{piclumen.tasks[0].names[0]}.webp"


async def test_the_token_goes_to_the_api_alone(piclumen: Piclumen, provider: Provider) -> None:
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Succeeded)
    async with provider.open(status.outputs[0].ref) as media:
        assert media.media_type == "image/png"
    *api, file = piclumen.calls
    assert file.path.startswith("/normal/")
    assert OPERATOR not in repr(file)
    assert {call.headers["authorization"] for call in api} == {OPERATOR}
