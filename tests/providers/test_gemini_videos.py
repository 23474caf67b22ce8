"""Gemini's videos beyond the promises of all providers: what is ordered, what records mean, where files lie."""

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
from shared.providers.gemini import Gemini as Adapter
from shared.providers.gemini.models import BUILT_IN, omni_model, veo_model
from shared.providers.gemini.results import FileLinks
from shared.requests import InputImage, VideoRequest
from shared.results import Failed, Queued, Ref, Running, Succeeded
from tests.emulators.ark import CLIP, Ark
from tests.emulators.faults import Reply
from tests.emulators.gemini import LIVE, VEO, FilmFate, Gemini, anchors
from tests.emulators.png import png

Json = dict[str, Any]

LOOK, OPERATION, FILE = "GET /v1beta/interactions/", "/operations/", "GET /v1beta/files/"
OMNI, OLD_WAY = omni_model("gemini-omni-1.2-flash"), veo_model(VEO)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http(patience=RetryPolicy(pause=0))
    yield http
    await http.aclose()


@pytest.fixture
def adapter(http: Http, gemini: Gemini) -> Adapter:
    gemini.steps = 0
    gemini.live, gemini.shut = (*LIVE, VEO), ()
    return Adapter(http, Account("a", "gemini", gemini.url, gemini.key))


def a_video(**changes: Any) -> VideoRequest:
    return VideoRequest(OMNI, "a fjord", 5, "720p")._replace(**changes)


def picture(name: str) -> InputImage:
    data = png(len(name), 8)

    async def read() -> AsyncIterator[bytes]:
        yield data

    return InputImage(read, "image/png", len(data))


async def ordered(adapter: Adapter, gemini: Gemini, **changes: Any) -> Json:
    await adapter.submit_video(a_video(**changes))
    body: Json = gemini.calls[-1].json
    return body


async def submitted(adapter: Adapter, **changes: Any) -> Ref:
    [ref] = (await adapter.submit_video(a_video(**changes))).refs
    return ref


async def content(adapter: Adapter, output: Ref, byte_range: ByteRange | None = None) -> bytes:
    async with adapter.open(output, byte_range) as media:
        return b"".join([chunk async for chunk in media.chunks])


# Orders


async def test_an_order_in_words(adapter: Adapter, gemini: Gemini) -> None:
    body = await ordered(adapter, gemini, ratio="9:16")
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
    ("pictures", "task", "prompt"),
    [
        ({"first_frame": "a"}, "image_to_video", "a fjord"),
        ({"first_frame": "a", "last_frame": "bb"}, "image_to_video", "<FIRST_FRAME> <LAST_FRAME> a fjord"),
        ({"references": ("a", "bb", "ccc")}, "reference_to_video", "a fjord"),
    ],
)
async def test_an_order_with_pictures(
    adapter: Adapter, gemini: Gemini, pictures: dict[str, Any], task: str, prompt: str
) -> None:
    given = {
        name: tuple(map(picture, value)) if name == "references" else picture(value) for name, value in pictures.items()
    }
    body = await ordered(adapter, gemini, **given)
    assert body["generation_config"]["video_config"] == {"task": task}
    [film] = gemini.films.values()
    names = [name for value in pictures.values() for name in ([value] if isinstance(value, str) else value)]
    assert film.pictures == [png(len(name), 8) for name in names]
    assert film.prompt == prompt
    assert "aspect_ratio" not in body["response_format"], "without a ratio it may be that of the pictures"


async def test_ends_that_a_prompt_names_itself(adapter: Adapter, gemini: Gemini) -> None:
    prompt = "from <FIRST_FRAME> to <LAST_FRAME>"
    await ordered(adapter, gemini, first_frame=picture("a"), last_frame=picture("b"), prompt=prompt)
    assert [film.prompt for film in gemini.films.values()] == [prompt]


async def test_a_picture_that_lies_elsewhere(adapter: Adapter, gemini: Gemini) -> None:
    there = picture("a")._replace(media_type="", size=None, url="https://pictures.example/a")
    await ordered(adapter, gemini, first_frame=there)
    assert [film.pictures for film in gemini.films.values()] == [[png(1, 8)]]


@pytest.mark.parametrize("seconds", OMNI.seconds)
@pytest.mark.parametrize("model", [model for model in BUILT_IN if model.kind == "video"], ids=lambda model: model.id)
async def test_all_that_is_on_offer_is_taken(adapter: Adapter, gemini: Gemini, model: Any, seconds: int) -> None:
    for resolution in model.resolutions:
        for ratio in model.ratios:
            await ordered(adapter, gemini, model=model, seconds=seconds, resolution=resolution, ratio=ratio)
    assert len(gemini.films) == len(model.resolutions) * len(model.ratios)


async def test_an_order_by_the_older_way(adapter: Adapter, gemini: Gemini) -> None:
    frames = {"first_frame": picture("a"), "last_frame": picture("b")}
    body = await ordered(adapter, gemini, model=OLD_WAY, seconds=8, ratio="16:9", **frames)
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
    body = await ordered(adapter, gemini, model=OLD_WAY, seconds=8, references=(picture("a"), picture("b")))
    assert [each["referenceType"] for each in body["instances"][0]["referenceImages"]] == ["asset"] * 2
    assert "aspectRatio" not in body["parameters"]


@pytest.mark.parametrize("model", [OMNI, OLD_WAY], ids=["interactions", "operations"])
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
async def test_an_order_that_is_not_taken(
    adapter: Adapter, gemini: Gemini, model: Any, fate: FilmFate, error: type[EaselError], code: str
) -> None:
    gemini.next_fate(fate)
    with pytest.raises(error) as caught:
        await adapter.submit_video(a_video(model=model, seconds=8))
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
async def test_what_is_said_to_an_order(
    adapter: Adapter, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    gemini.plan("POST /v1beta/interactions", reply)
    with pytest.raises(error) as caught:
        await submitted(adapter)
    assert type(caught.value) is error


async def test_a_limit_in_words_alone_ends_when_the_header_says(adapter: Adapter, gemini: Gemini) -> None:
    gemini.plan("interactions", Reply(429, {"error": {"message": "Slow down", "code": "x"}}, {"retry-after": "9"}))
    with pytest.raises(AccountLimited) as caught:
        await submitted(adapter)
    assert caught.value.retry_after == 9


# Records


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
async def test_what_a_record_means(
    adapter: Adapter, gemini: Gemini, record: Json, expected: type, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    by_operation = "name" in record
    gemini.plan(OPERATION if by_operation else LOOK, Reply(200, record))
    with caplog.at_level(logging.WARNING):
        status = await adapter.poll(f"{VEO}~abc" if by_operation else anchors.ID)
    assert isinstance(status, expected)
    assert not caplog.records
    if isinstance(status, Failed):
        assert status.error.code == code
        assert len(status.error.message) > 20


async def test_words_in_the_place_of_a_video_are_passed_on(adapter: Adapter, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.WORDS)
    status = await adapter.poll(await submitted(adapter))
    assert isinstance(status, Failed)
    assert "I can only describe it" in status.error.message


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(400, {"error": {"message": "The video is unsafe: safety.", "code": "x"}}), "moderation_blocked"),
        (Reply(400, anchors.ONLY_INTERACTIONS), "generation_failed"),
    ],
)
async def test_a_look_that_is_refused_is_the_end(adapter: Adapter, gemini: Gemini, reply: Reply, code: str) -> None:
    gemini.plan(LOOK, reply)
    status = await adapter.poll(anchors.ID)
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
async def test_a_look_that_says_nothing_of_the_job_is_an_error(
    adapter: Adapter, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    gemini.plan(LOOK, reply)
    with pytest.raises(error) as caught:
        await adapter.poll(anchors.ID)
    assert caught.value.param != "model"


NOT_TAKEN = {"refused", "no-id", "busy", "limited", "day-is-over", "no-quota"}


@pytest.mark.parametrize("fate", [fate for fate in FilmFate if fate not in NOT_TAKEN])
async def test_every_fate_comes_to_an_end_but_one(adapter: Adapter, gemini: Gemini, fate: FilmFate) -> None:
    gemini.next_fate(fate)
    ref = await submitted(adapter)
    seen = [await adapter.poll(ref) for _ in range(4)]
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
def test_a_file_at_the_api_is_told_by_its_name(uri: str, output: str | None) -> None:
    links = FileLinks(Account("a", "gemini", "https://proxy.example/google", "key"))
    assert links.ref(uri) == (output or uri)
    if output and output.startswith("file-"):
        name = output.removeprefix("file-")
        assert links.link(output) == f"https://proxy.example/google/v1beta/files/{name}:download?alt=media"


async def test_a_video_comes_with_its_file(adapter: Adapter, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.LATE_FILE)
    ref = await submitted(adapter)
    seen = [await adapter.poll(ref) for _ in range(3)]
    assert [type(status) for status in seen] == [Running, Running, Succeeded]
    assert isinstance(seen[2], Succeeded)
    [output] = seen[2].outputs
    assert (output.media_type, output.lasting) == ("video/mp4", True)
    assert (await content(adapter, output.ref)).startswith(CLIP)


async def test_a_video_whose_file_comes_to_nothing(adapter: Adapter, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.NO_FILE)
    status = await adapter.poll(await submitted(adapter))
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
async def test_a_file_that_cannot_be_looked_at(
    adapter: Adapter, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    ref = await submitted(adapter)
    gemini.plan(FILE, reply)
    with pytest.raises(error):
        await adapter.poll(ref)


async def test_the_key_goes_nowhere_else(http: Http, gemini: Gemini, ark: Ark) -> None:
    gemini.steps = 0
    account = Account("a", "gemini", gemini.url, gemini.key, frozenset({ark.url}))
    adapter = Adapter(http, account)
    status = await adapter.poll(await submitted(adapter))
    assert isinstance(status, Succeeded)
    gemini.plan("/download/", Reply(302, "", {"location": f"{ark.url}/video"}))
    ark.plan("GET /video", Reply(200, CLIP, {"content-type": "video/mp4"}))
    assert await content(adapter, status.outputs[0].ref) == CLIP
    ark.plan("GET /video", Reply(200, CLIP, {"content-type": "video/mp4"}))
    assert await content(adapter, f"{ark.url}/video") == CLIP
    assert [call.path for call in ark.calls if "x-goog-api-key" not in call.headers] == ["/video"] * 2
    hops = [call for call in gemini.calls if ":download" in call.path]
    assert [call.headers["x-goog-api-key"] for call in hops] == [gemini.key] * 2
    assert not [call for call in gemini.calls if gemini.key in call.query]


@pytest.mark.parametrize("fate", [FilmFate.INLINE, FilmFate.COMPLETES])
async def test_a_video_by_ranges(adapter: Adapter, gemini: Gemini, fate: FilmFate) -> None:
    gemini.next_fate(fate)
    status = await adapter.poll(await submitted(adapter))
    assert isinstance(status, Succeeded)
    [output] = status.outputs
    assert output.ref.startswith("inline-") is (fate is FilmFate.INLINE)
    whole = await content(adapter, output.ref)
    assert whole.startswith(CLIP)
    for byte_range in (ByteRange(0, 9), ByteRange(5, 2000), ByteRange(-7), ByteRange(len(whole) - 3)):
        stop = None if byte_range.end is None else byte_range.end + 1
        async with adapter.open(output.ref, byte_range) as media:
            data = b"".join([chunk async for chunk in media.chunks])
        assert data == whole[byte_range.start : stop]
        assert (media.media_type, media.total) == ("video/mp4", len(whole))
    with pytest.raises(RangeInvalid):
        await content(adapter, output.ref, ByteRange(len(whole)))


async def test_a_video_in_an_answer_that_is_gone(adapter: Adapter, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.INLINE)
    ref = await submitted(adapter)
    status = await adapter.poll(ref)
    assert isinstance(status, Succeeded)
    gemini.films.clear()
    with pytest.raises(NotFound):
        await content(adapter, status.outputs[0].ref)
    gemini.plan(LOOK, Reply(200, anchors.CREATED))
    with pytest.raises(NotFound):
        await content(adapter, status.outputs[0].ref)


# Stopping


@pytest.mark.parametrize(("steps", "cancelled"), [(5, True), (0, False)])
async def test_what_has_not_ended_can_be_cancelled(
    adapter: Adapter, gemini: Gemini, steps: int, cancelled: bool
) -> None:
    gemini.steps = steps
    ref = await submitted(adapter)
    assert await adapter.cancel(ref) is cancelled
    status = await adapter.poll(ref)
    assert isinstance(status, Failed) is cancelled
    if isinstance(status, Failed):
        assert status.error.code == "cancelled"


async def test_what_has_ended_is_deleted(adapter: Adapter, gemini: Gemini) -> None:
    ref = await submitted(adapter)
    assert await adapter.delete(ref) is True
    assert not gemini.films
    for act in (adapter.poll, adapter.cancel, adapter.delete):
        with pytest.raises(NotFound):
            await act(ref)


async def test_what_is_under_way_is_cancelled_where_it_should_be_deleted(adapter: Adapter, gemini: Gemini) -> None:
    gemini.steps = 5
    ref = await submitted(adapter)
    await adapter.poll(ref)
    assert await adapter.delete(ref) is True
    assert [film.cancelled for film in gemini.films.values()] == [True]


async def test_operations_can_be_neither_cancelled_nor_deleted(adapter: Adapter, gemini: Gemini) -> None:
    ref = await submitted(adapter, model=OLD_WAY, seconds=8)
    asked = len(gemini.calls)
    assert [await adapter.cancel(ref), await adapter.delete(ref)] == [False, False]
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
async def test_what_is_said_to_a_cancellation(adapter: Adapter, gemini: Gemini, reply: Reply, cancelled: bool) -> None:
    gemini.plan("/cancel", reply)
    assert await adapter.cancel(anchors.ID) is cancelled


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(400, {"error": {"message": "API key not valid.", "code": "x"}}), AccountRejected),
        (Reply(404, "<html>"), NotFound),
        (Reply(500, "<html>"), Unavailable),
    ],
)
async def test_a_cancellation_that_goes_wrong(
    adapter: Adapter, gemini: Gemini, reply: Reply, error: type[EaselError]
) -> None:
    gemini.plan("/cancel", reply)
    with pytest.raises(error):
        await adapter.cancel(anchors.ID)


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
async def test_which_models_for_videos_there_are(
    adapter: Adapter, gemini: Gemini, reply: Reply, names: list[str]
) -> None:
    gemini.plan("/models", reply)
    models = [model for model in await adapter.models() if model.kind == "video"]
    assert [model.id for model in models] == names
    assert all(model.asynchronous and model.seconds and model.frames == 2 for model in models)


async def test_the_emulators_own_list_is_understood(adapter: Adapter) -> None:
    names = [model.id for model in await adapter.models()]
    assert names == [*(model.id for model in BUILT_IN), VEO]


def test_what_google_has_shut_is_declined_with_a_successor() -> None:
    offered = {model.id for model in BUILT_IN}
    assert {"imagen-4.0-generate-001", VEO} <= Adapter.declined.keys()
    assert not Adapter.declined.keys() & offered
    assert all(any(name in reason for name in offered) for reason in Adapter.declined.values())
