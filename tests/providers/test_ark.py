"""Ark's provider beyond the conformance suite: images in the response, error codes, links in ids."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.account import Account
from shared.api.requests.image_size import fit
from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    NotFound,
    Unavailable,
    Uncertain,
)
from shared.http import Http
from shared.job import Job
from shared.jobs.ids import MAX_LENGTH, JobIds
from shared.models import Model, Size
from shared.providers.ark import Ark
from shared.providers.ark.links import RESULT_ORIGINS, packed, unpacked
from shared.providers.ark.models import MODELS
from shared.requests import ImageRequest, InputImage, VideoRequest
from shared.results import Failed, Output, Queued, Running, Status, Succeeded
from tests.emulators.ark import KEY, Fate
from tests.emulators.ark import Ark as Emulator
from tests.emulators.faults import Reply

IMAGE_MODELS = [model for model in MODELS if model.kind == "image"]
VIDEO = next(model for model in MODELS if model.kind == "video")
DRAW = "/images/generations"
TASKS = "/contents/generations/tasks"

# A real link and a real response of Ark's, trimmed.
LINK = (
    "https://ark-content-generation-v2-cn-beijing.tos-cn-beijing.volces.com/doubao-seedream-4-0/"
    "021759411409176860cde38290461f4b74ab5abe39cd41dd8a4dd_0.jpeg?X-Tos-Algorithm=TOS4-HMAC-SHA256"
    "&X-Tos-Credential=AKLTYWJkZTExNjA1ZDUyNDc3YzhjNTM5OGIyNjBhNDcyOTQ%2F20251002%2Fcn-beijing%2Ftos%2Frequest"
    "&X-Tos-Date=20251002T132334Z&X-Tos-Expires=86400"
    "&X-Tos-Signature=edbe978379d069d968e6c489f6247941f08c265e46cf05260be4c21d4925e36a&X-Tos-SignedHeaders=host"
)
SUCCEEDED: dict[str, Any] = {
    "id": "cgt-20251009163014-wfnnx",
    "model": "doubao-seedance-1-0-pro-250528",
    "status": "succeeded",
    "content": {"video_url": LINK.replace("_0.jpeg", ".mp4"), "last_frame_url": LINK.replace("_0.jpeg", ".png")},
    "usage": {"completion_tokens": 246840, "total_tokens": 246840},
    "created_at": 1759998617,
    "updated_at": 1759998665,
    "seed": 51409,
    "resolution": "1080p",
    "duration": 5,
    "ratio": "16:9",
    "framespersecond": 24,
}


def account(base_url: str) -> Account:
    return Account("mine", "ark", f"{base_url}/api/v3", KEY, elsewhere=True)


@pytest.fixture
async def provider(ark: Emulator) -> AsyncIterator[Ark]:
    http = Http()
    yield Ark(http, account(ark.url))
    await http.aclose()


def image(**changes: Any) -> ImageRequest:
    model = IMAGE_MODELS[0]
    return ImageRequest(model, "a cat", model.default_size)._replace(**changes)


def video(**changes: Any) -> VideoRequest:
    return VideoRequest(VIDEO, "a fjord", 5, "720p")._replace(**changes)


async def bytes_of(provider: Ark, output: Output) -> bytes:
    async with provider.open(output.ref) as media:
        return b"".join([chunk async for chunk in media.chunks])


def refusal(status: int, code: str, said: str = "Something. Request id: 0217") -> Reply:
    return Reply(status, {"error": {"code": code, "message": said, "param": "", "type": "BadRequest"}})


# Pictures


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)
async def test_an_image_is_there_at_once(provider: Ark, ark: Emulator, model: Model) -> None:
    [ref] = (await provider.submit(image(model=model, seed=7))).refs
    ark.calls.clear()
    status = await provider.poll(ref)
    assert not ark.calls
    assert isinstance(status, Succeeded)
    [output] = status.outputs
    assert (output.media_type, output.lasting) == ("image/jpeg", True)
    data = await bytes_of(provider, output)
    frame = data.index(b"\xff\xc0") + 5
    assert data.startswith(b"\xff\xd8\xff")
    assert (int.from_bytes(data[frame + 2 : frame + 4]), int.from_bytes(data[frame : frame + 2])) == model.default_size


async def test_what_is_ordered(provider: Ark, ark: Emulator) -> None:
    await provider.submit(image(size=Size(2560, 1440), seed=0))
    assert ark.calls[-1].json == {
        "model": "doubao-seedream-5-0-260128",
        "prompt": "a cat",
        "size": "2560x1440",
        "response_format": "url",
        "watermark": False,
    }


async def test_images_to_begin_with(provider: Ark, ark: Emulator) -> None:
    async def read() -> AsyncIterator[bytes]:
        yield b"\x89PN"
        yield b"G..."

    here, there = InputImage(read, "image/png", 7), InputImage(read, url="https://pictures.example/cat.png")
    await provider.submit(image(inputs=(here, there), size_requested=False))
    assert ark.calls[-1].json["size"] == "2K"
    await provider.submit(image(inputs=(here, there)))
    assert ark.calls[-1].json["size"] == "2048x2048"
    data = base64.b64encode(b"\x89PNG...").decode()
    assert ark.calls[-1].json["image"] == [f"data:image/png;base64,{data}", "https://pictures.example/cat.png"]


async def test_a_models_settings_go_along(provider: Ark, ark: Emulator) -> None:
    options = {"optimize_prompt_options": {"mode": "fast"}}
    await provider.submit(image(model=IMAGE_MODELS[0]._replace(settings=options)))
    assert ark.pictures[-1].optimize_prompt_options == {"mode": "fast"}
    tier = {"service_tier": "flex", "execution_expires_after": 3600}
    await provider.submit_video(video(model=VIDEO._replace(settings=tier)))
    [task] = ark.tasks.values()
    assert (task.order.service_tier, task.order.execution_expires_after) == ("flex", 3600)


async def test_what_failed_in_part_is_what_there_is(provider: Ark, ark: Emulator) -> None:
    ark.next_fate(Fate.PARTLY_FAILS)
    assert len((await provider.submit(image())).refs) == 1


@pytest.mark.parametrize(
    ("fate", "expected", "code"),
    [
        (Fate.REFUSED, ContentRefused, "moderation_blocked"),
        (Fate.FAILS, GenerationFailed, "generation_failed"),
        (Fate.FAILS_AS_UNSAFE, ContentRefused, "moderation_blocked"),
        (Fate.NO_RESULT, Uncertain, "upstream_failed"),
        (Fate.NO_ID, Uncertain, "upstream_failed"),
    ],
)
async def test_an_image_that_fails(
    provider: Ark, ark: Emulator, fate: Fate, expected: type[EaselError], code: str
) -> None:
    ark.next_fate(fate)
    with pytest.raises(expected) as caught:
        await provider.submit(image())
    assert caught.value.code == code


async def test_an_image_can_be_neither_cancelled_nor_deleted(provider: Ark) -> None:
    [ref] = (await provider.submit(image())).refs
    assert [await provider.cancel(ref), await provider.delete(ref)] == [False, False]


# Videos


async def test_a_task_without_an_id_is_uncertain(provider: Ark, ark: Emulator) -> None:
    ark.next_fate(Fate.NO_ID)
    with pytest.raises(Uncertain):
        await provider.submit_video(video())


async def test_all_that_is_wished_for(provider: Ark, ark: Emulator) -> None:
    model = next(model for model in MODELS if model.id == "seedance-1.5-pro")
    wishes = {"seed": 0, "camera_fixed": False, "return_last_frame": True, "generate_audio": True, "ratio": "4:3"}
    await provider.submit_video(video(model=model, watermark=True, **wishes))
    assert ark.calls[-1].json == {
        "model": "doubao-seedance-1-5-pro-251215",
        "content": [{"type": "text", "text": "a fjord"}],
        "resolution": "720p",
        "duration": 5,
        "watermark": True,
        **wishes,
    }


RECORDS: list[tuple[dict[str, Any], type]] = [
    ({"status": "queued"}, Queued),
    ({"status": "running"}, Running),
    (SUCCEEDED, Succeeded),
    (SUCCEEDED | {"content": {}}, Failed),
    (SUCCEEDED | {"content": None}, Failed),
    (SUCCEEDED | {"content": {"video_url": "x" * 3000}}, Failed),
    ({"status": "failed", "error": {"code": "InternalServiceError", "message": "oops"}}, Failed),
    ({"status": "failed"}, Failed),
    ({"status": "failed", "error": "oops"}, Failed),
    ({"status": "cancelled"}, Failed),
    ({"status": "expired"}, Failed),
]


@pytest.mark.parametrize(("record", "expected"), RECORDS)
async def test_what_a_record_means(
    provider: Ark, ark: Emulator, record: dict[str, Any], expected: type, caplog: pytest.LogCaptureFixture
) -> None:
    ark.plan(TASKS, Reply(200, record))
    with caplog.at_level(logging.WARNING):
        assert isinstance(await provider.poll("cgt-1"), expected)
    assert not caplog.records


async def test_the_outputs_of_a_record(provider: Ark, ark: Emulator) -> None:
    ark.plan(TASKS, Reply(200, SUCCEEDED))
    status = await provider.poll("cgt-1")
    assert isinstance(status, Succeeded)
    assert [output.media_type for output in status.outputs] == ["video/mp4", "image/png"]
    assert [unpacked(output.ref) for output in status.outputs] == list(SUCCEEDED["content"].values())
    assert not any(output.lasting for output in status.outputs)  # the next look may bring a fresher link


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("OutputVideoSensitiveContentDetected.PolicyViolation", "moderation_blocked"),
        ("OutputAudioSensitiveContentDetected", "moderation_blocked"),
        ("OutputVideoRiskDetection", "moderation_blocked"),
        ("InternalServiceError", "generation_failed"),
        ("", "generation_failed"),
    ],
)
async def test_why_a_task_failed(provider: Ark, ark: Emulator, code: str, expected: str) -> None:
    ark.plan(TASKS, Reply(200, {"status": "failed", "error": {"code": code, "message": "No. Request id: 0217"}}))
    status = await provider.poll("cgt-1")
    assert isinstance(status, Failed)
    assert status.error.code == expected
    assert "No. Request id: 0217" in status.error.message


async def test_a_task_id_stays_inside_its_path(provider: Ark, ark: Emulator) -> None:
    with pytest.raises(NotFound):
        await provider.poll("../../tasks?x=")
    assert ark.calls[-1].path == "/api/v3/contents/generations/tasks/../../tasks?x="


NAMED = {model.id: model for model in MODELS}


@pytest.mark.parametrize(
    ("name", "requested", "size"),
    [
        ("seedream-5.0-pro", Size(1024, 1024), Size(1024, 1024)),
        ("seedream-5.0-pro", Size(4096, 4096), Size(2144, 2144)),
        ("seedream-5.0", Size(1024, 1024), Size(1920, 1920)),
        ("seedream-4.5", Size(4096, 4096), Size(4096, 4096)),
    ],
)
async def test_sizes_are_within_the_models_pixels(
    provider: Ark, ark: Emulator, name: str, requested: Size, size: Size
) -> None:
    model = NAMED[name]
    await provider.submit(image(model=model, size=fit(requested, model)))
    assert ark.calls[-1].json["size"] == str(size)


@pytest.mark.parametrize(
    ("name", "seconds", "resolutions", "references", "videos"),
    [
        ("seedance-2.0", (4, 15), {"480p", "720p", "1080p", "4k"}, 9, 3),
        ("seedance-2.0-fast", (4, 15), {"480p", "720p"}, 9, 3),
        ("seedance-2.5", (4, 30), {"480p", "720p", "1080p"}, 30, 10),
    ],
)
async def test_limits_of_video_models(
    provider: Ark, name: str, seconds: tuple[int, int], resolutions: set[str], references: int, videos: int
) -> None:
    model = NAMED[name]
    assert (min(model.seconds), max(model.seconds)) == seconds
    assert (set(model.resolutions), model.max_inputs, model.max_videos) == (resolutions, references, videos)
    for resolution in resolutions:
        await provider.submit_video(video(model=model, seconds=max(seconds), resolution=resolution))


async def test_frames_of_seedance_25_keep_their_ratio(provider: Ark, ark: Emulator) -> None:
    async def read() -> AsyncIterator[bytes]:
        yield b""

    frame = InputImage(read, url="https://images.example/cat.png")
    await provider.submit_video(video(model=NAMED["seedance-2.5"], first_frame=frame, ratio="16:9"))
    assert ark.calls[-1].json["ratio"] == "adaptive"


async def test_a_seed_is_sent_only_to_models_that_accept_it(provider: Ark, ark: Emulator) -> None:
    model = NAMED["seedream-4.0"]
    await provider.submit(image(model=model, seed=7))
    assert "seed" not in ark.calls[-1].json
    ark.plan(DRAW, refusal(400, "InvalidParameter"))
    with pytest.raises(BadRequest):
        await provider.submit(image(model=model._replace(knobs=frozenset({"seed"})), seed=7))
    assert ark.calls[-1].json["seed"] == 7


async def test_byteplus_has_its_own_model_ids() -> None:
    http = Http()
    byteplus = Ark(http, Account("mine", "ark", "https://ark.ap-southeast.bytepluses.com/api/v3", KEY))
    upstreams = {model.id: model.upstream for model in await byteplus.models()}
    await http.aclose()
    assert upstreams["seedance-2.0"] == "dreamina-seedance-2-0-260128"
    assert upstreams["seedance-2.0-fast"] == "dreamina-seedance-2-0-fast-260128"
    assert upstreams["seedance-2.5"] == "dreamina-seedance-2-5-260628"
    assert upstreams["seedream-5.0-pro"] == "dola-seedream-5-0-pro-260628"
    assert upstreams["seedream-4.5"] == upstreams["seedream-4-5-251128"] == "seedream-4-5-251128"


# Refusals


REFUSALS: list[tuple[Reply, type[EaselError], str]] = [
    (refusal(400, "InvalidParameter", "role must be specified"), BadRequest, "invalid_value"),
    (refusal(400, "MissingParameter.content"), BadRequest, "invalid_value"),
    (refusal(400, "InvalidImageURL.InvalidFormat"), BadRequest, "invalid_value"),
    (refusal(400, "InputTextSensitiveContentDetected"), ContentRefused, "moderation_blocked"),
    (refusal(400, "InputImageSensitiveContentDetected.PrivacyInformation"), ContentRefused, "moderation_blocked"),
    (refusal(400, "InputTextRiskDetection"), ContentRefused, "moderation_blocked"),
    (refusal(401, "AuthenticationError"), AccountRejected, "upstream_account_rejected"),
    (refusal(401, "InvalidAccountStatus"), AccountRejected, "upstream_account_rejected"),
    (refusal(403, "AccessDenied"), AccountRejected, "upstream_account_rejected"),
    (refusal(403, "AccountOverdueError"), AccountExhausted, "upstream_out_of_credit"),
    (refusal(403, "OperationDenied.ServiceOverdue"), AccountExhausted, "upstream_out_of_credit"),
    (refusal(403, "OperationDenied.ServiceNotOpen"), AccountError, "upstream_model_not_open"),
    (refusal(404, "ModelNotOpen"), AccountError, "upstream_model_not_open"),
    (refusal(404, "InvalidEndpointOrModel.ModelIDAccessDisabled"), AccountError, "upstream_model_not_open"),
    (refusal(404, "InvalidEndpointOrModel.NotFound"), NotFound, "model_not_found"),
    (refusal(404, "UnsupportedModel"), NotFound, "model_not_found"),
    (refusal(429, "ModelAccountRpmRateLimitExceeded"), AccountLimited, "rate_limit_exceeded"),
    (refusal(429, "QuotaExceeded"), AccountLimited, "rate_limit_exceeded"),
    (refusal(429, "ServerOverloaded"), Unavailable, "upstream_unavailable"),
    (refusal(500, "InternalServiceError"), Uncertain, "upstream_failed"),
    (Reply(400, "<html>"), BadRequest, "invalid_value"),
    (Reply(400, {"error": "no object"}), BadRequest, "invalid_value"),
    (Reply(404, "<html>"), Unavailable, "upstream_unavailable"),
]


@pytest.mark.parametrize(("reply", "expected", "code"), REFUSALS)
async def test_what_a_refusal_means(
    provider: Ark, ark: Emulator, reply: Reply, expected: type[EaselError], code: str
) -> None:
    for path, order in ((DRAW, provider.submit(image())), (TASKS, provider.submit_video(video()))):
        ark.plan(path, reply)
        with pytest.raises(EaselError) as caught:
            await order
        assert (type(caught.value), caught.value.code) == (expected, code)


async def test_a_model_that_is_not_open_does_not_rest_the_account(provider: Ark, ark: Emulator) -> None:
    ark.closed = frozenset({VIDEO.upstream})
    with pytest.raises(AccountError) as caught:
        await provider.submit_video(video())
    assert caught.value.retry_after == 0


async def test_a_model_that_ark_does_not_know_is_named(provider: Ark) -> None:
    unknown = VIDEO._replace(id="mine", upstream="doubao-seedance-9")
    with pytest.raises(NotFound) as caught:
        await provider.submit_video(video(model=unknown))
    assert "'doubao-seedance-9'" in caught.value.message
    assert "'mine'" in caught.value.message
    assert caught.value.param == "model"


async def test_an_account_that_has_not_paid(provider: Ark, ark: Emulator) -> None:
    ark.overdue = True
    with pytest.raises(AccountExhausted):
        await provider.submit_video(video())


@pytest.mark.parametrize(
    ("reply", "deleted"),
    [(Reply(200, {}), True), (refusal(409, "InvalidAction"), False), (refusal(400, "InvalidParameter"), False)],
)
async def test_what_an_response_to_delete_means(provider: Ark, ark: Emulator, reply: Reply, deleted: bool) -> None:
    ark.plan("DELETE", reply)
    assert await provider.delete("cgt-1") is deleted


@pytest.mark.parametrize(
    ("reply", "expected"),
    [(refusal(404, "NotFound.id"), NotFound), (refusal(401, "AuthenticationError"), AccountRejected)],
)
async def test_a_delete_that_goes_wrong(provider: Ark, ark: Emulator, reply: Reply, expected: type[EaselError]) -> None:
    ark.plan("DELETE", reply)
    with pytest.raises(expected):
        await provider.delete("cgt-1")


async def test_only_what_waits_is_cancelled(provider: Ark, ark: Emulator) -> None:
    ark.steps = 4
    [ref] = (await provider.submit_video(video())).refs
    seen: list[Status] = [await provider.poll(ref), await provider.poll(ref)]
    assert [type(status) for status in seen] == [Queued, Running]
    assert await provider.cancel(ref) is False
    assert not [call for call in ark.calls if call.method == "DELETE"]


# Links


@pytest.mark.parametrize("link", [LINK, *SUCCEEDED["content"].values(), "https://e.example/ünïcode?a=b", "x"])
def test_a_link_comes_back_as_it_went_in(link: str) -> None:
    assert unpacked(packed(link)) == link


def test_a_link_takes_less_than_half_of_its_length() -> None:
    assert len(packed(LINK)) < 200 < len(LINK) / 2


def test_ten_links_fit_into_an_id() -> None:
    tickets = JobIds(["key"], 3600)
    foreign = LINK.replace("ark-content-generation-v2", "somewhere-else").replace("AKLTYWJk", "AKLTzzzz")
    links = [foreign.replace("4a8a", f"{number:04x}") for number in range(10)]
    job = Job("ark", "account", "seedream-5.0", "image", tickets.now(), "owner", 10, tuple(map(packed, links)))
    issued = tickets.issue(job)
    assert issued._replace(id="") == job
    assert tickets.job(issued.id) == issued


def test_an_id_is_never_longer_than_can_be_read() -> None:
    tickets = JobIds(["key"], 3600)
    refs = tuple(f"{number}{'x' * 900}" for number in range(10))
    job = Job("ark", "account", "seedream-5.0", "image", tickets.now(), "owner", 10, refs)
    held = tickets.issue(job)
    assert held.refs == refs[:4]
    assert len(held.id) <= MAX_LENGTH
    assert tickets.job(held.id) == held


@pytest.mark.parametrize("ref", ["", "link-", "link-AAAA", "link-%%%", "link-é", "cgt-1", packed(LINK)[:-8]])
async def test_what_is_no_link_is_not_found(provider: Ark, ref: str) -> None:
    with pytest.raises(NotFound):
        async with provider.open(ref):
            pass


def test_results_lie_at_volcengine_unless_the_account_lies_elsewhere() -> None:
    assert LINK.partition("/doubao")[0] in RESULT_ORIGINS
    assert all(origin.startswith("https://ark-") and origin.endswith(".volces.com") for origin in RESULT_ORIGINS)


async def test_the_api_itself_is_no_place_for_results() -> None:
    http = Http()
    real = Ark(http, Account("mine", "ark", "https://ark.cn-beijing.volces.com/api/v3", KEY))
    with pytest.raises(Unavailable, match="not expected"):
        async with real.open(packed("https://ark.cn-beijing.volces.com/api/v3/x.mp4")):
            pass
    await http.aclose()
