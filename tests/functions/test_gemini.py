"""Gemini's pictures through the API, with the real SDK: what callers get, are told, and never pay for twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.gemini import Fate, Gemini
from tests.functions.helpers import Json, assert_error, decoded, order, png_size
from tests.rig import Gateway


@pytest.fixture
def gateway(serve: Callable[..., Gateway], gemini: Gemini) -> Gateway:
    return serve(**gemini.environment(), GEMINI_MODELS='{"gemini-9-image": {"max_inputs": 2}}')


@pytest.mark.parametrize(
    ("size", "made", "ignored"),
    [
        ("1024x1024", (1024, 1024), None),
        ("auto", (1024, 1024), None),
        ("1536x1024", (1264, 848), "size"),
        ("1792x1024", (1376, 768), "size"),
        ("2048x2048", (2048, 2048), None),
        ("3840x2160", (2752, 1536), "size"),
    ],
)
def test_words_become_a_picture(sdk: openai.OpenAI, size: Any, made: tuple[int, int], ignored: str | None) -> None:
    raw = sdk.images.with_raw_response.generate(prompt="a fox", model="gemini-3-pro-image", size=size)
    answer = raw.parse()
    assert answer.data
    assert png_size(decoded(answer.data[0].b64_json)) == made
    assert answer.data[0].url is None
    assert answer.size == f"{made[0]}x{made[1]}"
    assert raw.headers.get("easel-ignored") == ignored


def test_several_are_as_many_calls(sdk: openai.OpenAI, gemini: Gemini) -> None:
    answer = sdk.images.generate(prompt="a fox", n=3)
    assert answer.data
    assert len({picture.b64_json for picture in answer.data}) == len(gemini.submits) == 3


def test_one_that_is_refused_later_is_missing(client: httpx.Client, gemini: Gemini) -> None:
    gemini.next_fate(Fate.COMPLETES, Fate.UNSAFE, Fate.COMPLETES)
    answer = order(client, n=3).json()
    assert (len(answer["data"]), answer["missing"]) == (2, 1)


def test_a_url_is_a_data_url(client: httpx.Client) -> None:
    [picture] = order(client, response_format="url").json()["data"]
    assert picture.keys() == {"url"}
    assert png_size(decoded(picture["url"].removeprefix("data:image/png;base64,"))) == (1024, 1024)


@pytest.mark.parametrize(
    ("fate", "status", "code"),
    [
        (Fate.BLOCKED, 400, "moderation_blocked"),
        (Fate.UNSAFE, 400, "moderation_blocked"),
        (Fate.WORDS, 424, "generation_failed"),
        (Fate.NO_IMAGE, 424, "generation_failed"),
        (Fate.BUSY, 502, "upstream_unavailable"),
        (Fate.LIMITED, 429, "rate_limit_exceeded"),
        (Fate.NO_QUOTA, 402, "upstream_out_of_credit"),
    ],
)
def test_what_callers_are_told(client: httpx.Client, fate: Fate, status: int, code: str) -> None:
    answer = order(client, prompt=f"a fox [{fate}]")
    error = assert_error(answer, status, code, "prompt" if status == 400 else None)
    assert answer.json()["detail"] == {"error": error}
    assert answer.headers["x-should-retry"] == ("true" if status in (429, 502) else "false")


def test_a_day_that_is_over_rests_the_account_until_midnight(client: httpx.Client, gemini: Gemini) -> None:
    gemini.next_fate(Fate.DAY_IS_OVER)
    answer = order(client)
    error = assert_error(answer, 429, "rate_limit_exceeded")
    assert "reset_at" in error["details"] or int(answer.headers["retry-after"]) <= 60
    assert_error(order(client), 503, "no_account_available")
    assert sum("generateContent" in call.path for call in gemini.calls) == 1


def test_another_account_takes_over_from_a_bad_key(serve: Callable[..., Gateway], gemini: Gemini) -> None:
    keys = [("old", "AIza-revoked"), ("new", gemini.key)]
    accounts: list[Json] = [{"id": name, "provider": "gemini", "key": key} for name, key in keys]
    gateway = serve(ACCOUNTS=json.dumps(accounts), GEMINI_BASE_URL=gemini.url)
    with gateway.client() as client:
        for _ in range(4):
            assert order(client).status_code == 200
    assert len(gemini.submits) == 4


def test_a_bad_key_is_not_the_callers(serve: Callable[..., Gateway], gemini: Gemini) -> None:
    gateway = serve(GEMINI_API_KEY="AIza-revoked-and-secret", GEMINI_BASE_URL=gemini.url)
    with gateway.client() as client:
        error = assert_error(order(client), 502, "upstream_account_rejected")
    assert "revoked" not in str(error)


def test_a_model_that_google_has_shut_is_not_found(client: httpx.Client, gemini: Gemini) -> None:
    """Shut since the list was read: the list still has it, and Google's own word counts."""
    assert order(client, model="gemini-3-pro-image").status_code == 200
    gemini.shut = ["gemini-3-pro-image"]
    error = assert_error(order(client, model="gemini-3-pro-image"), 404, "model_not_found", "model")
    assert "no longer available" in error["message"]


def test_a_model_that_is_off_the_list_is_not_offered(client: httpx.Client, gemini: Gemini) -> None:
    gemini.live = ["gemini-2.5-flash-image"]
    assert_error(order(client, model="gemini-3-pro-image"), 404, "model_not_found", "model")
    assert order(client).json()["model"] == "gemini-2.5-flash-image"


def test_a_configured_model_stays_whatever_the_list_says(client: httpx.Client) -> None:
    model = client.get("/v1/models/gemini-9-image").json()
    assert (model["edits"], model["max_inputs"], model["async"]) == (True, 2, False)
    assert "1376x768" in model["sizes"]
    assert model["architecture"]["input_modalities"] == ["text", "image"]
    assert_error(order(client, model="gemini-9-image"), 404, "model_not_found", "model")


def test_there_is_no_coming_back(client: httpx.Client) -> None:
    answer = order(client, {"prefer": "respond-async"})
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers
    assert "job" not in answer.json()
