"""zimage.run: image to image, errors by message and status, and result URLs."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from shared.account import Account
from shared.errors import (
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    Unavailable,
    UpstreamError,
)
from shared.http import Http
from shared.models import Size
from shared.providers.zimage import ZImage as Provider
from shared.requests import ImageRequest, InputImage
from shared.results import Failed, Queued, Running, Status, Succeeded
from tests.emulators.faults import Reply
from tests.emulators.png import png
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import assert_error, order
from tests.rig import Gateway

SUBMIT, CHECK, POLL = "POST /api/z-image/generate", "POST /api/prompt-moderation/check", "GET /api/z-image/task"
UNSAFE = "Your prompt violates our content policy"


@pytest.fixture
def account(zimage: ZImage) -> Account:
    zimage.steps = 0
    return Account("open", "zimage", zimage.url)


@pytest.fixture
def provider(http: Http, account: Account) -> Provider:
    return Provider(http, account)


@pytest.fixture
def moderated(http: Http, account: Account, zimage: ZImage) -> Provider:
    zimage.auth = "moderation"
    return Provider(http, account._replace(options={"moderation": "true"}))


async def request(provider: Provider, name: str = "zimage-turbo", **more: Any) -> ImageRequest:
    [model] = [model for model in await provider.models() if model.id == name]
    return ImageRequest(model, "a cat", Size(1024, 768))._replace(**more)


def brought(data: bytes, *, url: str = "") -> InputImage:
    async def read() -> AsyncIterator[bytes]:
        yield data[:100]
        yield data[100:]

    return InputImage(read, "" if url else "image/png", None if url else len(data), url)


def refused(status: int, said: str) -> Reply:
    return Reply(status, {"success": False, "error": said})


async def test_image_to_image_sends_data_urls(provider: Provider, zimage: ZImage) -> None:
    first, second = png(64, 32), png(32, 64, (9, 9, 9))
    inputs = (brought(first), brought(second, url="https://example.com/image"))
    [ref] = (await provider.submit(await request(provider, "flux2-klein-9b", inputs=inputs))).refs
    order = zimage.submits[-1].order
    assert (order.model_type, order.prompt) == ("flux2-klein-9b", "a cat")
    assert order.source_images == [
        f"data:image/png;base64,{base64.b64encode(data).decode()}" for data in (first, second)
    ]
    assert isinstance(await provider.poll(ref), Succeeded)


async def test_which_models_accept_images(provider: Provider) -> None:
    assert [model.id for model in await provider.models() if model.max_inputs] == ["flux2-klein-9b"]


async def test_a_models_settings_are_sent(provider: Provider, zimage: ZImage) -> None:
    wanted = await request(provider)
    await provider.submit(wanted._replace(model=wanted.model._replace(settings={"steps": 4})))
    assert zimage.submits[-1].order.steps == 4


REFUSALS: list[tuple[str, type[EaselError], str | None]] = [
    (UNSAFE, ContentRefused, "prompt"),
    ("NSFW content is not allowed", ContentRefused, "prompt"),
    ("Prompt is required and must be a string", BadRequest, "prompt"),
    ("Prompt moderation token is missing or invalid", AccountRejected, None),
    ("promptModerationToken is required", AccountRejected, None),
    ("Too many requests, slow down", AccountLimited, None),
    ("Prompt exceeds the 2000 character limit", BadRequest, "prompt"),
    ("The prompt is too long: the limit is 2000 characters", BadRequest, "prompt"),
    ("Prompt length limit exceeded", BadRequest, "prompt"),
    ("Width exceeds the limit of 2048 pixels", BadRequest, "size"),
    ("Source image is over the size limit of 10 MB", BadRequest, "image"),
    ("Too many source images", BadRequest, "image"),
    ("Daily limit of 100 prompts reached", AccountLimited, None),
    ("Image generation limit reached", AccountLimited, None),
    ("You have exceeded your quota of images", AccountLimited, None),
]


@pytest.mark.parametrize("status", [200, 400, 403, 422])
@pytest.mark.parametrize(("said", "expected", "param"), REFUSALS)
async def test_the_message_of_a_refusal_decides_the_error(
    provider: Provider, zimage: ZImage, status: int, said: str, expected: type[EaselError], param: str | None
) -> None:
    zimage.plan(SUBMIT, refused(status, said))
    with pytest.raises(EaselError) as caught:
        await provider.submit(await request(provider))
    assert (type(caught.value), caught.value.param) == (expected, param)
    assert caught.value.details["upstream"] == said


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refused(200, "Something else"), UpstreamError),
        (refused(400, "width: too wide"), BadRequest),
        (refused(401, "Verification required"), AccountRejected),
        (refused(403, "Verification required"), AccountRejected),
        (refused(429, UNSAFE), AccountLimited),
        (refused(500, "Service is down"), Unavailable),
    ],
)
async def test_the_status_decides_the_error_of_other_refusals(
    provider: Provider, zimage: ZImage, reply: Reply, expected: type[EaselError]
) -> None:
    zimage.plan(SUBMIT, reply)
    with pytest.raises(EaselError) as caught:
        await provider.submit(await request(provider))
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refused(200, UNSAFE), ContentRefused),
        (refused(400, UNSAFE), ContentRefused),
        (Reply(200, {"success": True, "data": {"allowed": False, "promptModerationToken": "x"}}), ContentRefused),
        (Reply(200, {"success": True, "data": {"allowed": True}}), ContentRefused),
        (refused(200, "Something else"), UpstreamError),
        (refused(429, "Too many requests"), AccountLimited),
        (Reply(404, "<html>"), Unavailable),
        (refused(404, "Not found"), Unavailable),
        (Reply(500, "<html>"), Unavailable),
    ],
)
async def test_errors_of_the_moderation_check(
    moderated: Provider, zimage: ZImage, reply: Reply, expected: type[EaselError]
) -> None:
    zimage.plan(CHECK, *[reply] * 3)
    with pytest.raises(EaselError) as caught:
        await moderated.submit(await request(moderated))
    assert type(caught.value) is expected
    assert not any("generate" in call.path for call in zimage.calls)


async def test_image_to_image_requests_are_moderated(moderated: Provider, zimage: ZImage) -> None:
    await moderated.submit(await request(moderated, "flux2-klein-9b", inputs=(brought(png(8, 8)),)))
    assert zimage.submits[-1].order.source_images


async def test_a_relative_result_url_belongs_to_the_base_url(provider: Provider, zimage: ZImage) -> None:
    [ref] = (await provider.submit(await request(provider))).refs
    status = await provider.poll(ref)
    assert isinstance(status, Succeeded)
    path = f"/output/{zimage.submits[-1].uuid}_0.png"
    shown = {"task": {"taskStatus": "completed", "resultUrl": path}}
    zimage.plan(POLL, Reply(200, {"success": True, "data": shown}))
    relative = await provider.poll(ref)
    assert relative == status
    async with provider.open(relative.outputs[0].ref) as media:
        assert media.media_type == "image/png"


@pytest.mark.parametrize(
    "link",
    ["output/{}_0.png", "./output/{}_0.png", "//{host}/output/{}_0.png", " /output/{}_0.png ", "{url}/output/{}_0.png"],
)
@pytest.mark.parametrize("shape", ["text", "list", "objects", "json"])
async def test_result_urls_in_other_spellings_are_used(
    provider: Provider, zimage: ZImage, link: str, shape: str
) -> None:
    [ref] = (await provider.submit(await request(provider))).refs
    url = link.format(zimage.submits[-1].uuid, host=zimage.url.partition("//")[2], url=zimage.url)
    result = {"text": url, "list": [url], "objects": [{"url": url}], "json": json.dumps([{"url": url}])}[shape]
    zimage.plan(POLL, Reply(200, {"success": True, "data": {"task": {"taskStatus": "completed", "resultUrl": result}}}))
    status = await provider.poll(ref)
    assert isinstance(status, Succeeded)
    [output] = status.outputs
    assert output.ref == f"/output/{zimage.submits[-1].uuid}_0.png"
    async with provider.open(output.ref) as media:
        assert media.media_type == "image/png"


async def test_a_result_may_appear_shortly_after_the_job_succeeded(provider: Provider, zimage: ZImage) -> None:
    [ref] = (await provider.submit(await request(provider))).refs
    status = await provider.poll(ref)
    assert isinstance(status, Succeeded)
    zimage.plan("GET /output/", Reply(404), Reply(404))
    async with provider.open(status.outputs[0].ref) as media:
        assert media.media_type == "image/png"


async def test_a_result_on_another_host_names_its_origin_and_the_setting(provider: Provider, zimage: ZImage) -> None:
    task = {"taskStatus": "completed", "resultUrl": "https://cdn.example/secret.png"}
    zimage.plan(POLL, Reply(200, {"success": True, "data": {"task": task}}))
    status = await provider.poll("t3f0e")
    assert isinstance(status, Succeeded)
    with pytest.raises(Unavailable, match=r"https://cdn\.example.*RESULT_ORIGINS") as caught:
        async with provider.open(status.outputs[0].ref):
            pytest.fail("the block was entered")
    assert "secret" not in caught.value.message


def test_a_result_on_another_host_leaves_a_job_to_poll(serve: Callable[..., Gateway], zimage: ZImage) -> None:
    zimage.steps = 0
    task = {"taskStatus": "completed", "resultUrl": "https://cdn.example/a.png"}
    zimage.plan(POLL, Reply(200, {"success": True, "data": {"task": task}}))
    with serve(**zimage.environment()).client() as client:
        error = assert_error(order(client, response_format="b64_json"), 424, "upstream_unavailable")
        assert "https://cdn.example" in error["message"]
        assert client.get(f"/v1/jobs/{error['job']}").json()["status"] == "completed"


async def test_an_unknown_state_in_a_batch_is_logged(
    provider: Provider, zimage: ZImage, caplog: pytest.LogCaptureFixture
) -> None:
    zimage.batch, zimage.state_words = "parent", ["marinating"]
    [ref] = (await provider.submit(await request(provider, n=2))).refs
    with caplog.at_level(logging.WARNING):
        assert isinstance(await provider.poll(ref), Running)
    assert "marinating" in caplog.text
    assert len(caplog.records) == 1


async def test_a_batch_is_queued_until_a_task_runs(provider: Provider, zimage: ZImage) -> None:
    zimage.batch, zimage.steps = "parent", 4
    [ref] = (await provider.submit(await request(provider, n=2))).refs
    seen = [await provider.poll(ref) for _ in range(5)]
    assert seen[:4] == [Queued(), Running(), Running(50), Running(50)]
    assert isinstance(seen[4], Succeeded)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pending", "pending"], Queued()),
        (["pending", "processing"], Running()),
        (["pending", "completed"], Running(50)),
        (["pending", "failed"], Running()),
        (["pending", "marinating"], Running()),
        ([], Running()),
    ],
)
async def test_a_batch_is_queued_only_if_all_its_tasks_are(
    provider: Provider, zimage: ZImage, words: list[str], expected: Status
) -> None:
    tasks = [{"status": word} for word in words]
    zimage.plan("batch-status", Reply(200, {"success": True, "data": {"allCompleted": False, "tasks": tasks}}))
    assert await provider.poll("p3f0e") == expected


async def test_a_batch_whose_tasks_all_failed_has_failed(provider: Provider, zimage: ZImage) -> None:
    zimage.batch = "parent"
    zimage.next_fate(Fate.FAILS)
    [ref] = (await provider.submit(await request(provider, n=2))).refs
    status = await provider.poll(ref)
    assert isinstance(status, Failed)
    assert "failed at zimage.run" in status.error.message


@pytest.mark.parametrize("parts", [json.dumps(["https://image.zimage.run/output/a_0.png"]), [""], "", None, 7])
async def test_unusual_result_fields(provider: Provider, zimage: ZImage, parts: Any) -> None:
    task = {"taskStatus": "completed", "resultUrls": None, "resultUrl": parts}
    zimage.plan(POLL, Reply(200, {"success": True, "data": {"task": task}}))
    status = await provider.poll("t3f0e")
    if isinstance(parts, str) and parts:
        assert isinstance(status, Succeeded)
        assert [output.ref for output in status.outputs] == ["i/output/a_0.png"]
    else:
        assert isinstance(status, Failed)
