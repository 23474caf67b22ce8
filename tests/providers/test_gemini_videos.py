"""Gemini's videos: request bodies, poll responses, files, cancellation and models."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.account import Account
from shared.errors import (
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    NotFound,
    RangeInvalid,
    Unavailable,
    Uncertain,
)
from shared.http import Http, RetryPolicy
from shared.media import ByteRange
from shared.providers.gemini import Gemini as Provider
from shared.providers.gemini.models import BUILT_IN, omni_model, veo_model
from shared.providers.gemini.results import FileLinks
from shared.requests import InputImage, VideoRequest
from shared.results import Failed, Queued, Ref, Running, Succeeded
from tests.emulators.ark import CLIP, Ark
from tests.emulators.faults import Reply
from tests.emulators.gemini import LIVE, VEO, FilmFate, Gemini, anchors
from tests.emulators.png import png

Json = dict[str, Any]

POLL, OPERATION, FILE = "GET /v1beta/interactions/", "/operations/", "GET /v1beta/files/"
OMNI, VEO_MODEL = omni_model("gemini-omni-1.2-flash"), veo_model(VEO)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http(patience=RetryPolicy(pause=0))
    yield http
    await http.aclose()


@pytest.fixture
def provider(http: Http, gemini: Gemini) -> Provider:
    gemini.steps = 0
    gemini.live, gemini.shut = (*LIVE, VEO), ()
    return Provider(http, Account("a", "gemini", gemini.url, gemini.key))


def a_video(**changes: Any) -> VideoRequest:
    return VideoRequest(OMNI, "a fjord", 5, "720p")._replace(**changes)


def image(name: str) -> InputImage:
    data = png(len(name), 8)

    async def read() -> AsyncIterator[bytes]:
        yield data

    return InputImage(read, "image/png", len(data))


async def ordered(provider: Provider, gemini: Gemini, **changes: Any) -> Json:
    await provider.submit_video(a_video(**changes))
    body: Json = gemini.calls[-1].json
    return body


async def submitted(provider: Provider, **changes: Any) -> Ref:
    [ref] = (await provider.submit_video(a_video(**changes))).refs
    return ref


async def content(provider: Provider, output: Ref, byte_range: ByteRange | None = None) -> bytes:
    async with provider.open(output, byte_range) as media:
        return b"".join([chunk async for chunk in media.chunks])


# Requests


async def test_the_body_of_a_text_to_video_request(provider: Provider, gemini: Gemini) -> None:
    body = await ordered(provider, gemini, ratio="9:16")
    assert gemini.calls[-1].path == "/v1beta/interactions"
    assert gemini.calls[-1].headers["x-goog-api-key"] == gemini.key
    assert body == {
        "model": "gemini-omni-1.2-flash",
        "background": True,
        "store": True,
        "input": [{"type": "user_input", "content": [{"type": "text", "text": "a fjord"}]}],
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "duration": "5s",
            "resolution": "720p",
            "aspect_ratio": "9:16",
        },
        "generation_config": {"video_config": {"task": "text_to_video"}},
    }


@pytest.mark.parametrize(
    ("images", "task", "prompt"),
    [
        ({"first_frame": "a"}, "image_to_video", "a fjord"),
        ({"first_frame": "a", "last_frame": "bb"}, "image_to_video", "<FIRST_FRAME> <LAST_FRAME> a fjord"),
        ({"references": ("a", "bb", "ccc")}, "reference_to_video", "a fjord"),
    ],
)
async def test_the_body_of_a_request_with_images(
    provider: Provider, gemini: Gemini, images: dict[str, Any], task: str, prompt: str
) -> None:
    given = {name: tuple(map(image, value)) if name == "references" else image(value) for name, value in images.items()}
    body = await ordered(provider, gemini, **given)
    assert body["generation_config"]["video_config"] == {"task": task}
    [film] = gemini.films.values()
    names = [name for value in images.values() for name in ([value] if isinstance(value, str) else value)]
    assert film.pictures == [png(len(name), 8) for name in names]
    assert film.prompt == prompt
    assert "aspect_ratio" not in body["response_format"], "without a ratio it may be that of the images"


async def test_frame_tags_in_the_prompt_are_kept(provider: Provider, gemini: Gemini) -> None:
    prompt = "from <FIRST_FRAME> to <LAST_FRAME>"
    await ordered(provider, gemini, first_frame=image("a"), last_frame=image("b"), prompt=prompt)
    assert [film.prompt for film in gemini.films.values()] == [prompt]


async def test_an_image_at_a_url_is_sent_inline(provider: Provider, gemini: Gemini) -> None:
    remote = image("a")._replace(media_type="", size=None, url="https://images.example/a")
    await ordered(provider, gemini, first_frame=remote)
    assert [film.pictures for film in gemini.films.values()] == [[png(1, 8)]]


@pytest.mark.parametrize(
    ("model", "seconds"),
    [
        pytest.param(model, seconds, id=f"{model.id}-{seconds}")
        for model in BUILT_IN
        if model.kind == "video"
        for seconds in model.seconds
    ],
)
async def test_all_listed_durations_resolutions_and_ratios_are_accepted(
    provider: Provider, gemini: Gemini, model: Any, seconds: int
) -> None:
    for resolution in model.resolutions:
        for ratio in model.ratios:
            await ordered(provider, gemini, model=model, seconds=seconds, resolution=resolution, ratio=ratio)
    assert len(gemini.films) == len(model.resolutions) * len(model.ratios)


def test_lengths_of_omni_models() -> None:
    lengths = {model.id: (min(model.seconds), max(model.seconds)) for model in BUILT_IN if model.kind == "video"}
    assert lengths == {
        "gemini-omni-1.2-flash": (3, 15),
        "gemini-omni-1.1-flash": (3, 10),
        "gemini-omni-flash-preview": (3, 10),
    }
    assert omni_model("gemini-omni-2-flash").seconds == OMNI.seconds
    assert {omni_model(name).seconds[0] for name in lengths} == {10}, "the upstream's default"


def test_veo_lite_has_no_4k() -> None:
    assert veo_model("veo-3.1-lite-generate-preview").resolutions == ("720p", "1080p")
    assert "4k" in veo_model(VEO).resolutions


@pytest.mark.parametrize("seconds", [4, 6])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"resolution": "1080p"}, "1080p"),
        ({"resolution": "4k"}, "4k"),
        ({"references": (image("a"),)}, "reference images"),
    ],
)
async def test_short_veo_videos_are_720p_without_references(
    provider: Provider, gemini: Gemini, seconds: int, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadRequest, match=reason) as caught:
        await provider.submit_video(a_video(model=VEO_MODEL, seconds=seconds, **changes))
    assert caught.value.param == "seconds"
    assert gemini.calls == []
    await provider.submit_video(a_video(model=VEO_MODEL, seconds=8, **changes))
    await provider.submit_video(a_video(model=VEO_MODEL, seconds=seconds, first_frame=image("a")))


async def test_the_body_of_a_veo_request(provider: Provider, gemini: Gemini) -> None:
    frames = {"first_frame": image("a"), "last_frame": image("b")}
    body = await ordered(provider, gemini, model=VEO_MODEL, seconds=8, ratio="16:9", **frames)
    assert gemini.calls[-1].path == "/v1beta/models/veo-3.1-generate-preview:predictLongRunning"
    [instance] = body["instances"]
    assert instance.keys() == {"prompt", "image", "lastFrame"}
    assert instance["image"].keys() == {"bytesBase64Encoded", "mimeType"}
    assert body["parameters"] == {
        "sampleCount": 1,
        "durationSeconds": 8,
        "resolution": "720p",
        "aspectRatio": "16:9",
    }
    body = await ordered(provider, gemini, model=VEO_MODEL, seconds=8, references=(image("a"), image("b")))
    assert [each["referenceType"] for each in body["instances"][0]["referenceImages"]] == ["asset"] * 2
    assert "aspectRatio" not in body["parameters"]


@pytest.mark.parametrize("model", [OMNI, VEO_MODEL], ids=["interactions", "operations"])
@pytest.mark.parametrize(
    ("fate", "error", "code"),
    [
        (FilmFate.REFUSED, ContentRefused, "moderation_blocked"),
        (FilmFate.NO_ID, Uncertain, "upstream_failed"),
        (FilmFate.BUSY, Unavailable, "upstream_unavailable"),
        (FilmFate.LIMITED, AccountLimited, "rate_limit_exceeded"),
        (FilmFate.DAY_IS_OVER, AccountLimited, "rate_limit_exceeded"),
        (FilmFate.NO_QUOTA, AccountExhausted, "upstream_out_of_credit"),
    ],
)
async def test_errors_of_rejected_requests(
    provider: Provider, gemini: Gemini, model: Any, fate: FilmFate, error: type[EaselError], code: str
) -> None:
    gemini.next_fate(fate)
    with pytest.raises(error) as caught:
        await provider.submit_video(a_video(model=model, seconds=8))
    assert caught.value.code == code
    assert gemini.key not in repr(vars(caught.value))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(400, anchors.ONLY_INTERACTIONS), BadRequest),
        (Reply(404, anchors.SHUT), NotFound),
        (Reply(429, anchors.QUOTA), AccountLimited),
        (Reply(429, {"error": {"message": "Slow down", "code": "too_many_requests"}}), AccountLimited),
        (Reply(400, {"error": {"message": "User location is not supported.", "code": "x"}}), AccountRejected),
        (Reply(503, {"error": {"message": "The model is overloaded.", "code": "unavailable"}}), Unavailable),
        (Reply(200, {"id": "", "status": "in_progress"}), Uncertain),
        (Reply(200, {"id": "a/../b", "status": "in_progress"}), Uncertain),
        (Reply(200, {"id": 7, "status": "in_progress"}), Uncertain),
    ],
)
async def test_errors_of_other_submit_responses(
    provider: Provider, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    gemini.plan("POST /v1beta/interactions", reply)
    with pytest.raises(error) as caught:
        await submitted(provider)
    assert type(caught.value) is error


async def test_retry_after_of_a_limit_without_details(provider: Provider, gemini: Gemini) -> None:
    gemini.plan("interactions", Reply(429, {"error": {"message": "Slow down", "code": "x"}}, {"retry-after": "9"}))
    with pytest.raises(AccountLimited) as caught:
        await submitted(provider)
    assert caught.value.retry_after == 9


# Polling


ENDS: list[tuple[Json, type, str]] = [
    ({"status": "queued"}, Queued, ""),
    (anchors.CREATED, Running, ""),
    (anchors.INLINE, Succeeded, ""),
    (anchors.completed(uri="https://elsewhere.example/a.mp4"), Succeeded, ""),
    (anchors.completed(uri="https://elsewhere.example/a.mp4") | {"status": "incomplete"}, Succeeded, ""),
    ({"status": "completed", "usage": {"total_output_tokens": 0}}, Failed, "region_restricted"),
    ({"status": "completed", "usage": {"total_output_tokens": 5}, "steps": 7}, Failed, "generation_failed"),
    ({"status": "completed", "steps": [{"type": "model_output", "content": [7, None]}]}, Failed, "region_restricted"),
    (anchors.completed(), Failed, "region_restricted"),
    ({"status": "incomplete", "error": {"message": "Too long."}}, Failed, "generation_failed"),
    ({"status": "incomplete"}, Failed, "generation_failed"),
    (anchors.completed(uri=7, data=""), Failed, "region_restricted"),
    ({"status": "failed"}, Failed, "generation_failed"),
    ({"status": "failed", "error": "oops"}, Failed, "generation_failed"),
    ({"status": "failed", "error": {"message": "It was blocked by safety filters."}}, Failed, "moderation_blocked"),
    ({"status": "failed", "errors": [{"message": "Prohibited content."}]}, Failed, "moderation_blocked"),
    (
        {"status": "failed", "steps": [{"type": "model_output", "error": {"code": 13, "message": "oops"}}]},
        Failed,
        "generation_failed",
    ),
    ({"status": "cancelled"}, Failed, "cancelled"),
    ({"status": "budget_exceeded"}, Failed, "upstream_out_of_credit"),
    ({"status": "requires_action"}, Failed, "generation_failed"),
    ({"status": "requires_continuation"}, Failed, "generation_failed"),
    (anchors.STARTED, Running, ""),
    (anchors.FAILED, Failed, "generation_failed"),
    (anchors.FILTERED, Failed, "moderation_blocked"),
    (anchors.done({}), Failed, "generation_failed"),
    (anchors.done({"generatedSamples": [{"video": {}}]}), Failed, "generation_failed"),
]


@pytest.mark.parametrize(("record", "expected", "code"), ENDS)
async def test_statuses_of_poll_responses(
    provider: Provider, gemini: Gemini, record: Json, expected: type, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    by_operation = "name" in record
    gemini.plan(OPERATION if by_operation else POLL, Reply(200, record))
    with caplog.at_level(logging.WARNING):
        status = await provider.poll(f"{VEO}~abc" if by_operation else anchors.ID)
    assert isinstance(status, expected)
    assert not caplog.records
    if isinstance(status, Failed):
        assert status.error.code == code
        assert len(status.error.message) > 20


async def test_text_instead_of_a_video_is_quoted(provider: Provider, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.WORDS)
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Failed)
    assert "I can only describe it" in status.error.message


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(400, {"error": {"message": "The video is unsafe: safety.", "code": "x"}}), "moderation_blocked"),
        (Reply(400, anchors.ONLY_INTERACTIONS), "generation_failed"),
    ],
)
async def test_a_rejected_poll_is_a_failed_job(provider: Provider, gemini: Gemini, reply: Reply, code: str) -> None:
    gemini.plan(POLL, reply)
    status = await provider.poll(anchors.ID)
    assert isinstance(status, Failed)
    assert status.error.code == code


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(400, "<html>"), Unavailable),
        (Reply(400, {"error": {"message": "API key not valid.", "code": "x"}}), AccountRejected),
        (Reply(404, anchors.SHUT), NotFound),
        (Reply(404, "<html>"), NotFound),
        (Reply(429, anchors.QUOTA), AccountLimited),
        (Reply(200, {"status": 5}), Unavailable),
    ],
)
async def test_a_poll_error_that_is_not_about_the_job_is_raised(
    provider: Provider, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    gemini.plan(POLL, reply)
    with pytest.raises(error) as caught:
        await provider.poll(anchors.ID)
    assert caught.value.param != "model"


NOT_TAKEN = {"refused", "no-id", "busy", "limited", "day-is-over", "no-quota"}


@pytest.mark.parametrize("fate", [fate for fate in FilmFate if fate not in NOT_TAKEN])
async def test_every_fate_but_one_ends(provider: Provider, gemini: Gemini, fate: FilmFate) -> None:
    gemini.next_fate(fate)
    ref = await submitted(provider)
    seen = [await provider.poll(ref) for _ in range(4)]
    assert isinstance(seen[-1], Succeeded | Failed) is (fate is not FilmFate.NEVER_ENDS)


# Files


@pytest.mark.parametrize(
    ("uri", "output"),
    [
        (anchors.FILE, "file-3j6svp4106e7"),
        ("https://generativelanguage.googleapis.com/v1beta/files/abc-123", "file-abc-123"),
        ("https://generativelanguage.googleapis.com/download/v1beta/files/abc:download?alt=media", "file-abc"),
        ("files/abc", "file-abc"),
        ("https://proxy.example/google/v1/files/abc:download?alt=media", "file-abc"),
        ("https://elsewhere.example/v1beta/files/abc", "https://elsewhere.example/v1beta/files/abc"),
        ("https://generativelanguage.googleapis.com.example/files/abc", None),
        ("gs://bucket/a.mp4", "gs://bucket/a.mp4"),
    ],
)
def test_refs_of_files(uri: str, output: str | None) -> None:
    links = FileLinks(Account("a", "gemini", "https://proxy.example/google", "key"))
    assert links.ref(uri) == (output or uri)
    if output and output.startswith("file-"):
        name = output.removeprefix("file-")
        assert links.link(output) == f"https://proxy.example/google/v1beta/files/{name}:download?alt=media"


async def test_a_job_runs_until_its_file_is_ready(provider: Provider, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.LATE_FILE)
    ref = await submitted(provider)
    seen = [await provider.poll(ref) for _ in range(3)]
    assert [type(status) for status in seen] == [Running, Running, Succeeded]
    assert isinstance(seen[2], Succeeded)
    [output] = seen[2].outputs
    assert (output.media_type, output.lasting) == ("video/mp4", True)
    assert (await content(provider, output.ref)).startswith(CLIP)


async def test_a_job_whose_file_failed_has_failed(provider: Provider, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.NO_FILE)
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Failed)
    assert "could not be made" in status.error.message


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(403, {"error": {"code": 403, "message": "You do not have permission.", "status": "x"}}), NotFound),
        (Reply(404, "<html>"), NotFound),
        (Reply(429, anchors.QUOTA), AccountLimited),
        (Reply(200, "<html>"), Unavailable),
    ],
)
async def test_errors_of_a_files_metadata(
    provider: Provider, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    ref = await submitted(provider)
    gemini.plan(FILE, reply)
    with pytest.raises(error):
        await provider.poll(ref)


async def test_the_key_is_sent_to_the_api_only(http: Http, gemini: Gemini, ark: Ark) -> None:
    gemini.steps = 0
    account = Account("a", "gemini", gemini.url, gemini.key, frozenset({ark.url}))
    provider = Provider(http, account)
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Succeeded)
    gemini.plan("/download/", Reply(302, "", {"location": f"{ark.url}/video"}))
    ark.plan("GET /video", Reply(200, CLIP, {"content-type": "video/mp4"}))
    assert await content(provider, status.outputs[0].ref) == CLIP
    ark.plan("GET /video", Reply(200, CLIP, {"content-type": "video/mp4"}))
    assert await content(provider, f"{ark.url}/video") == CLIP
    assert [call.path for call in ark.calls if "x-goog-api-key" not in call.headers] == ["/video"] * 2
    hops = [call for call in gemini.calls if ":download" in call.path]
    assert [call.headers["x-goog-api-key"] for call in hops] == [gemini.key] * 2
    assert not [call for call in gemini.calls if gemini.key in call.query]


@pytest.mark.parametrize("fate", [FilmFate.INLINE, FilmFate.COMPLETES])
async def test_ranges_of_a_video(provider: Provider, gemini: Gemini, fate: FilmFate) -> None:
    gemini.next_fate(fate)
    status = await provider.poll(await submitted(provider))
    assert isinstance(status, Succeeded)
    [output] = status.outputs
    assert output.ref.startswith("inline-") is (fate is FilmFate.INLINE)
    whole = await content(provider, output.ref)
    assert whole.startswith(CLIP)
    for byte_range in (ByteRange(0, 9), ByteRange(5, 2000), ByteRange(-7), ByteRange(len(whole) - 3)):
        stop = None if byte_range.end is None else byte_range.end + 1
        async with provider.open(output.ref, byte_range) as media:
            data = b"".join([chunk async for chunk in media.chunks])
        assert data == whole[byte_range.start : stop]
        assert (media.media_type, media.total) == ("video/mp4", len(whole))
    with pytest.raises(RangeInvalid):
        await content(provider, output.ref, ByteRange(len(whole)))


async def test_an_inline_video_of_a_deleted_interaction_is_not_found(provider: Provider, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.INLINE)
    ref = await submitted(provider)
    status = await provider.poll(ref)
    assert isinstance(status, Succeeded)
    gemini.films.clear()
    with pytest.raises(NotFound):
        await content(provider, status.outputs[0].ref)
    gemini.plan(POLL, Reply(200, anchors.CREATED))
    with pytest.raises(NotFound):
        await content(provider, status.outputs[0].ref)


# Cancelling and deleting


@pytest.mark.parametrize(("steps", "cancelled"), [(5, True), (0, False)])
async def test_only_unfinished_jobs_are_cancelled(
    provider: Provider, gemini: Gemini, steps: int, cancelled: bool
) -> None:
    gemini.steps = steps
    ref = await submitted(provider)
    assert await provider.cancel(ref) is cancelled
    status = await provider.poll(ref)
    assert isinstance(status, Failed) is cancelled
    if isinstance(status, Failed):
        assert status.error.code == "cancelled"


async def test_a_finished_job_is_deleted(provider: Provider, gemini: Gemini) -> None:
    ref = await submitted(provider)
    assert await provider.delete(ref) is True
    assert not gemini.films
    for act in (provider.poll, provider.cancel, provider.delete):
        with pytest.raises(NotFound):
            await act(ref)


async def test_deleting_a_running_job_cancels_it(provider: Provider, gemini: Gemini) -> None:
    gemini.steps = 5
    ref = await submitted(provider)
    await provider.poll(ref)
    assert await provider.delete(ref) is True
    assert [film.cancelled for film in gemini.films.values()] == [True]


async def test_operations_are_neither_cancelled_nor_deleted(provider: Provider, gemini: Gemini) -> None:
    ref = await submitted(provider, model=VEO_MODEL, seconds=8)
    asked = len(gemini.calls)
    assert [await provider.cancel(ref), await provider.delete(ref)] == [False, False]
    assert len(gemini.calls) == asked


@pytest.mark.parametrize(
    ("reply", "cancelled"),
    [
        (Reply(200, anchors.CREATED | {"status": "cancelled"}), True),
        (Reply(200, {}), True),
        (Reply(200, anchors.BY_URI), False),
        (Reply(400, anchors.ONLY_INTERACTIONS), False),
        (Reply(409, "<html>"), False),
    ],
)
async def test_responses_to_a_cancellation(provider: Provider, gemini: Gemini, reply: Reply, cancelled: bool) -> None:
    gemini.plan("/cancel", reply)
    assert await provider.cancel(anchors.ID) is cancelled


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(400, {"error": {"message": "API key not valid.", "code": "x"}}), AccountRejected),
        (Reply(404, "<html>"), NotFound),
        (Reply(500, "<html>"), Unavailable),
    ],
)
async def test_errors_of_a_cancellation(
    provider: Provider, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    gemini.plan("/cancel", reply)
    with pytest.raises(error):
        await provider.cancel(anchors.ID)


# Models


def listed(*models: tuple[str, list[str]]) -> Reply:
    entries = [{"name": f"models/{name}", "supportedGenerationMethods": methods} for name, methods in models]
    return Reply(200, {"models": entries})


@pytest.mark.parametrize(
    ("reply", "names"),
    [
        (listed(("gemini-omni-1.1-flash", [])), ["gemini-omni-1.1-flash"]),
        (
            listed(("gemini-omni-3-flash", ["generateContent"]), ("gemini-omni-1.2-flash", [])),
            ["gemini-omni-1.2-flash", "gemini-omni-3-flash"],
        ),
        (
            listed(("gemini-3-pro-image", ["generateContent"])),
            [model.id for model in BUILT_IN if model.kind == "video"],
        ),
        (
            listed(("veo-9", ["predictLongRunning"]), ("veo-8", ["predict"]), ("gemini-omni-1.1-flash", [])),
            ["gemini-omni-1.1-flash", "veo-9"],
        ),
    ],
)
async def test_listed_video_models(provider: Provider, gemini: Gemini, reply: Reply, names: list[str]) -> None:
    gemini.plan("/models", reply)
    models = [model for model in await provider.models() if model.kind == "video"]
    assert [model.id for model in models] == names
    assert all(model.asynchronous and model.seconds and model.frames == 2 for model in models)


async def test_the_emulators_list_has_all_models(provider: Provider) -> None:
    names = [model.id for model in await provider.models()]
    assert names == [*(model.id for model in BUILT_IN), VEO]


def test_retired_models_are_declined_with_a_successor() -> None:
    offered = {model.id for model in BUILT_IN}
    assert {"imagen-4.0-generate-001", VEO} <= Provider.declined.keys()
    assert not Provider.declined.keys() & offered
    assert all(any(name in reason for name in offered) for reason in Provider.declined.values())
