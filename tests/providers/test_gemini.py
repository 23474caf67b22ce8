"""Gemini's images: request bodies, responses, errors and the model list."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.account import Account
from shared.api.requests.image_size import fit
from shared.errors import (
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
from shared.http import Http, RetryPolicy
from shared.models import Size
from shared.providers.gemini import Gemini as Provider
from shared.providers.gemini.errors import until_midnight
from shared.providers.gemini.models import BUILT_IN, image_config, image_model
from shared.requests import ImageRequest
from tests.emulators.faults import Drop, Reply
from tests.emulators.gemini import FILTERED, NOT_SHOWN, Fate, Gemini
from tests.emulators.png import png

SUBMIT, MODELS = ":generateContent", "/models"
PACIFIC = ZoneInfo("America/Los_Angeles")
RESPONSE = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {"text": "Here is"},
                    {
                        "inlineData": {"mimeType": "image/png", "data": base64.b64encode(png(8, 8)).decode()},
                        "thoughtSignature": "c2lnbmF0dXJl",
                    },
                ],
            },
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 1290, "totalTokenCount": 1297},
    "modelVersion": "gemini-3-pro-image",
    "responseId": "x",
}
"""From Google's documentation."""

Build = Callable[..., Provider]


@pytest.fixture
async def build(gemini: Gemini) -> AsyncIterator[Build]:
    http = Http(patience=RetryPolicy(pause=0))

    def new(key: str = gemini.key) -> Provider:
        return Provider(http, Account("a", "gemini", gemini.url, key))

    yield new
    await http.aclose()


@pytest.fixture
def provider(build: Build) -> Provider:
    return build()


def a_request(name: str = "gemini-3-pro-image", size: Size | None = None, prompt: str = "a fox") -> ImageRequest:
    model = image_model(name)
    return ImageRequest(model, prompt, size or model.default_size)


async def test_the_request_body(provider: Provider, gemini: Gemini) -> None:
    await provider.submit(a_request(size=Size(2752, 1536)))
    [call] = gemini.calls
    assert call.path == "/v1beta/models/gemini-3-pro-image:generateContent"
    assert call.query == ""
    assert call.headers["x-goog-api-key"] == gemini.key
    assert call.json == {
        "contents": [{"role": "user", "parts": [{"text": "a fox"}]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
        },
    }


@pytest.mark.parametrize("name", ["gemini-3-pro-image", "gemini-2.5-flash-image", "gemini-3.1-flash-image"])
def test_each_listed_size_has_its_own_image_config(name: str) -> None:
    sizes = image_model(name).sizes
    asked = [tuple(image_config(name, size).items()) for size in sizes]
    assert len(set(asked)) == len(set(sizes)) == len(sizes)


@pytest.mark.parametrize(
    ("size", "config"),
    [
        (Size(512, 512), {"aspectRatio": "1:1", "imageSize": "512"}),
        (Size(688, 384), {"aspectRatio": "16:9", "imageSize": "512"}),
        (Size(1024, 1024), {"aspectRatio": "1:1", "imageSize": "1K"}),
        (Size(512, 2048), {"aspectRatio": "1:4", "imageSize": "1K"}),
        (Size(3072, 384), {"aspectRatio": "8:1", "imageSize": "1K"}),
        (Size(1536, 12288), {"aspectRatio": "1:8", "imageSize": "4K"}),
    ],
)
def test_sizes_of_flash_image_models(size: Size, config: dict[str, str]) -> None:
    for name in ("gemini-3.1-flash-image", "gemini-nano-banana-2.1"):
        assert fit(size, image_model(name)) == size
        assert image_config(name, size) == config


@pytest.mark.parametrize("name", ["gemini-3-pro-image", "gemini-2.5-flash-image"])
def test_other_models_have_no_small_and_no_long_sizes(name: str) -> None:
    assert fit(Size(512, 512), image_model(name)) == Size(1024, 1024)
    with pytest.raises(BadRequest):
        fit(Size(4096, 512), image_model(name))


async def test_each_size_of_flash_image_models_is_accepted(provider: Provider, gemini: Gemini) -> None:
    for size in image_model("gemini-3.1-flash-image").sizes:
        gemini.plan(SUBMIT, *[Reply(200, RESPONSE)] * (max(size) > 2048))
        await provider.submit(a_request("gemini-3.1-flash-image", size))


@pytest.mark.parametrize(
    ("size", "config"),
    [
        (Size(1000, 1000), {"aspectRatio": "1:1", "imageSize": "1K"}),
        (Size(640, 360), {"aspectRatio": "16:9", "imageSize": "1K"}),
        (Size(4000, 4000), {"aspectRatio": "1:1", "imageSize": "4K"}),
        (Size(1000, 3000), {"aspectRatio": "9:16", "imageSize": "2K"}),
    ],
)
def test_other_sizes_of_configured_models_map_to_the_nearest(size: Size, config: dict[str, str]) -> None:
    assert image_config("gemini-9-image", size) == config


async def test_a_documented_response_is_read(provider: Provider, gemini: Gemini) -> None:
    gemini.plan(SUBMIT, Reply(200, RESPONSE))
    [result] = (await provider.submit(a_request())).results
    assert (result.media_type, base64.b64decode(result.base64)) == ("image/png", png(8, 8))


@pytest.mark.parametrize(("fate", "count"), [(Fate.COMPLETES, 1), (Fate.THINKS, 1), (Fate.SEVERAL, 2)])
@pytest.mark.parametrize("payload", [None, png(8, 8) + bytes(range(256)) * 40, png(1, 1)])
async def test_thought_images_are_not_results(
    provider: Provider, gemini: Gemini, fate: Fate, count: int, payload: bytes | None
) -> None:
    gemini.payload = payload
    gemini.next_fate(fate)
    results = (await provider.submit(a_request())).results
    assert len(results) == count
    contents = [base64.b64decode(result.base64, validate=True) for result in results]
    assert all(content == (payload or content) and content.startswith(b"\x89PNG") for content in contents)


def image_part(content: bytes, **more: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(content).decode()}, **more}


def response_of(*parts: Any, **candidate: Any) -> Reply:
    return Reply(200, {"candidates": [{"content": {"parts": list(parts)}, **candidate}]})


@pytest.mark.parametrize("fate", [Fate.DRAFTS_ONLY, Fate.SNAKE_CASE])
async def test_an_image_in_an_unusual_part_is_the_result(provider: Provider, gemini: Gemini, fate: Fate) -> None:
    gemini.next_fate(fate)
    [result] = (await provider.submit(a_request())).results
    assert result.media_type == "image/png"
    assert base64.b64decode(result.base64).startswith(b"\x89PNG")


@pytest.mark.parametrize("side", [1, 64])
async def test_without_another_image_the_last_thought_image_is_the_result(
    provider: Provider, gemini: Gemini, side: int
) -> None:
    drafts = [image_part(png(side, side, (shade, 0, 0)), thought=True) for shade in (1, 2)]
    gemini.plan(SUBMIT, response_of(*drafts, {"text": "Done."}))
    [result] = (await provider.submit(a_request())).results
    assert base64.b64decode(result.base64) == png(side, side, (2, 0, 0))


async def test_base64_in_the_url_safe_alphabet_is_read(provider: Provider, gemini: Gemini) -> None:
    content = png(8, 8) + bytes(range(256)) * 8
    part = {"inlineData": {"mimeType": "image/png", "data": base64.urlsafe_b64encode(content).decode().rstrip("=")}}
    gemini.plan(SUBMIT, response_of(part))
    [result] = (await provider.submit(a_request())).results
    assert base64.b64decode(result.base64, validate=True) == content


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (response_of(finishReason="IMAGE_OTHER", finishMessage=NOT_SHOWN), GenerationFailed, NOT_SHOWN),
        (response_of(finishReason="IMAGE_SAFETY", finishMessage=FILTERED), ContentRefused, FILTERED),
        (response_of(finish_reason="IMAGE_SAFETY", finish_message=FILTERED), ContentRefused, FILTERED),
        (response_of({"text": "A fox."}, finishReason="STOP", finishMessage="No image."), GenerationFailed, "No image"),
        (
            Reply(200, {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "Not this one."}}),
            ContentRefused,
            "Not this one",
        ),
    ],
)
async def test_the_finish_message_is_part_of_the_error(
    provider: Provider, gemini: Gemini, reply: Reply, error: type[EaselError], message: str
) -> None:
    gemini.plan(SUBMIT, reply)
    with pytest.raises(error) as caught:
        await provider.submit(a_request())
    assert message.rstrip(".") in caught.value.message


@pytest.mark.parametrize(
    ("fate", "error", "code"),
    [
        (Fate.BLOCKED, ContentRefused, "moderation_blocked"),
        (Fate.UNSAFE, ContentRefused, "moderation_blocked"),
        (Fate.NO_IMAGE, GenerationFailed, "generation_failed"),
        (Fate.WORDS, GenerationFailed, "generation_failed"),
        (Fate.BUSY, Unavailable, "upstream_unavailable"),
        (Fate.LIMITED, AccountLimited, "rate_limit_exceeded"),
        (Fate.DAY_IS_OVER, AccountLimited, "rate_limit_exceeded"),
        (Fate.NO_QUOTA, AccountExhausted, "upstream_out_of_credit"),
    ],
)
async def test_errors_of_responses_without_an_image(
    provider: Provider, gemini: Gemini, fate: Fate, error: type[EaselError], code: str
) -> None:
    gemini.next_fate(fate)
    with pytest.raises(error) as caught:
        await provider.submit(a_request())
    assert caught.value.code == code
    assert len(caught.value.message) > 20


async def test_text_instead_of_an_image_is_quoted(provider: Provider, gemini: Gemini) -> None:
    gemini.next_fate(Fate.WORDS)
    with pytest.raises(GenerationFailed, match="Here is your picture"):
        await provider.submit(a_request())


async def test_retry_after_of_rate_limits(provider: Provider, gemini: Gemini) -> None:
    waits = []
    for fate in (Fate.LIMITED, Fate.DAY_IS_OVER):
        gemini.next_fate(fate)
        with pytest.raises(AccountLimited) as caught:
            await provider.submit(a_request())
        waits.append(caught.value.retry_after or 0)
    minute, day = waits
    assert minute == 47
    end = datetime.now(PACIFIC) + timedelta(seconds=day + 5)
    assert (end.hour, end.minute) == (0, 0)
    assert 0 <= day < 26 * 3600


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (datetime(2026, 1, 15, 23, 0, tzinfo=PACIFIC), 1),
        (datetime(2026, 7, 15, 0, 0, tzinfo=PACIFIC), 24),
        (datetime(2026, 3, 8, 0, 0, tzinfo=PACIFIC), 23),
        (datetime(2026, 11, 1, 0, 0, tzinfo=PACIFIC), 25),
        (datetime(2026, 12, 31, 12, 0, tzinfo=PACIFIC), 12),
    ],
)
def test_daily_quotas_reset_at_midnight_pacific_time(moment: datetime, hours: int) -> None:
    assert until_midnight(moment) == hours * 3600


def google(status: int, word: str, message: str, **more: Any) -> Reply:
    return Reply(status, {"error": {"code": status, "status": word, "message": message, **more}})


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (google(400, "INVALID_ARGUMENT", "Invalid value at 'x'"), BadRequest),
        (google(400, "INVALID_ARGUMENT", "The prompt goes against our safety policies."), ContentRefused),
        (google(400, "INVALID_ARGUMENT", "?", details=[{"reason": "API_KEY_INVALID"}]), AccountRejected),
        (google(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), AccountRejected),
        (google(400, "FAILED_PRECONDITION", "Please enable billing on your project."), AccountRejected),
        (google(401, "UNAUTHENTICATED", "Expired."), AccountRejected),
        (google(403, "PERMISSION_DENIED", "Your project is suspended."), AccountRejected),
        (google(404, "NOT_FOUND", "This model is no longer available."), NotFound),
        (google(500, "INTERNAL", "An internal error has occurred."), Unavailable),
        (google(503, "UNAVAILABLE", "The model is overloaded."), Unavailable),
        (google(504, "DEADLINE_EXCEEDED", "Deadline expired."), Uncertain),
        (google(429, "RESOURCE_EXHAUSTED", "Slow down", details=[{"retryDelay": "soon"}, None]), AccountLimited),
        (google(429, "RESOURCE_EXHAUSTED", "Slow down", details={"violations": 5}), AccountLimited),
        (Reply(404, "<html>"), Unavailable),
        (Reply(400, {"error": "text"}), BadRequest),
        (Reply(500, "<html>"), Uncertain),
        (Reply(200, {"candidates": []}), Uncertain),
        (Reply(200, {"candidates": [5]}), GenerationFailed),
        (Reply(200, {"candidates": [{"content": {"parts": [{"inlineData": 5}]}}]}), None),
        (Reply(200, {"candidates": [{"finishReason": "MAX_TOKENS"}]}), GenerationFailed),
        (Reply(200, {"candidates": [{"finishReason": "IMAGE_PROHIBITED_CONTENT"}]}), ContentRefused),
    ],
)
async def test_errors_of_other_responses(
    provider: Provider, gemini: Gemini, reply: Reply, error: type[EaselError] | None
) -> None:
    gemini.plan(SUBMIT, reply)
    if error is None:  # delivery rejects the bytes later
        assert (await provider.submit(a_request())).results[0].base64 == b"None"
        return
    with pytest.raises(error) as caught:
        await provider.submit(a_request())
    assert type(caught.value) is error
    assert gemini.key not in repr(vars(caught.value))


async def test_a_missing_model_is_not_found(provider: Provider, gemini: Gemini) -> None:
    gemini.shut = ["gemini-3-pro-image"]
    gemini.live = ["gemini-2.5-flash-image"]
    for name, words in [("gemini-3-pro-image", "no longer available"), ("gemini-9-image", "is not found")]:
        with pytest.raises(NotFound, match=words) as caught:
            await provider.submit(a_request(name))
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_the_list_removes_shut_models_and_adds_new_ones(provider: Provider, gemini: Gemini) -> None:
    gemini.live = ["gemini-3-pro-image", "gemini-2.5-flash-image", "gemini-9-flash-image", "imagen-9.0-generate"]
    models = [model for model in await provider.models() if model.kind == "image"]
    assert [model.id for model in models] == ["gemini-3-pro-image", "gemini-2.5-flash-image", "gemini-9-flash-image"]
    assert all(model.max_inputs and not model.asynchronous for model in models)
    assert len(gemini.calls) == 1, "the list is kept for a while"


@pytest.mark.parametrize(
    "fault",
    [
        Reply(500, "<html>"),
        Reply(403, {"error": {"message": "no"}}),
        Reply(200, "<html>"),
        Reply(200, {}),
        Reply(200, {"models": 5}),
        Reply(200, {"models": []}),
        Reply(200, {"models": [{"name": "models/other", "supportedGenerationMethods": ["generateContent"]}]}),
        Reply(200, {"models": [{"name": "models/gemini-3-pro-image"}]}),
        Drop(),
    ],
)
async def test_a_failed_list_removes_no_model(
    build: Build, gemini: Gemini, fault: Reply | Drop, caplog: pytest.LogCaptureFixture
) -> None:
    gemini.plan(MODELS, fault, fault, fault)
    provider = build()
    with caplog.at_level(logging.WARNING):
        assert await provider.models() == BUILT_IN
        asked = len(gemini.calls)
        assert await provider.models() == BUILT_IN
    assert len(gemini.calls) == asked, "a list that fails is not asked for at each request"
    assert gemini.key not in caplog.text
