"""gemini.google.com: frames, cookies and their rotation, edits, errors in text responses, and downloads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from shared.providers.gemini_web.frames import GeneratedImage, reply_of
from tests.emulators.faults import Reply
from tests.emulators.gemini_web import GeminiWeb, frames
from tests.emulators.png import png
from tests.functions.helpers import assert_error, order, png_size
from tests.rig import API_KEY, Gateway

GENERATE = "/StreamGenerate"
CHAT = ("c_1", "r_1", "rc_1")
ADMIN = {"authorization": "Bearer operator"}


@pytest.fixture(scope="module")
def running() -> Iterator[GeminiWeb]:
    with GeminiWeb() as emulator:
        yield emulator


@pytest.fixture
def upstream(running: GeminiWeb) -> GeminiWeb:
    running.reset()
    return running


@pytest.fixture
def gateway(serve: Callable[..., Gateway], upstream: GeminiWeb) -> Gateway:
    return serve(**upstream.environment(), ADMIN_KEYS="operator")


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client() as client:
        yield client


def image(client: httpx.Client, **body: Any) -> bytes:
    response = order(client, **body)
    assert response.status_code == 200, response.text
    file = client.get(response.json()["data"][0]["url"])
    assert file.status_code == 200, file.text
    return file.content


def test_the_full_size_image(client: httpx.Client, upstream: GeminiWeb) -> None:
    assert png_size(image(client, prompt="a cat 🐈")) == (1024, 1024)
    assert [call.path.rpartition("/")[2].partition("=")[2] for call in upstream.calls if "gg-dl" in call.path] == [
        "d-I",
        "hop1",
        "hop0",
    ]
    assert [ask.prompt for ask in upstream.asks] == ["Generate an image: a cat 🐈"]


def test_the_preview_is_the_result_if_there_is_no_full_size_url(client: httpx.Client, upstream: GeminiWeb) -> None:
    upstream.full_size = False
    assert png_size(image(client)) == (1024, 1024)
    upstream.plan("/batchexecute", Reply(500), Reply(500), Reply(500))
    assert png_size(image(client)) == (1024, 1024)


def test_the_ratio_is_part_of_the_prompt(client: httpx.Client, upstream: GeminiWeb) -> None:
    assert png_size(image(client, size="1920x1080")) == (1792, 1024)
    assert upstream.asks[0].prompt.endswith("Aspect ratio: 16:9")


def test_the_page_is_cached(client: httpx.Client, upstream: GeminiWeb) -> None:
    for _ in range(3):
        assert order(client).status_code == 200
    assert [call.path for call in upstream.calls].count("/app") == 1


def test_several_images_of_one_response(gateway: Gateway, upstream: GeminiWeb) -> None:
    upstream.pictures = 2
    with gateway.openai() as sdk:
        data = sdk.images.generate(prompt="two cats", model="gemini-web").data
    assert data
    assert len({entry.b64_json for entry in data}) == 2


def test_an_edit_uploads_its_images(gateway: Gateway, upstream: GeminiWeb) -> None:
    inputs = [png(64, 64, (1, 2, 3)), png(32, 32)]
    with gateway.openai() as sdk:
        data = sdk.images.edit(image=inputs, prompt="make it night", model="gemini-web").data
    assert data
    assert list(upstream.uploads.values()) == inputs
    assert upstream.asks[0].files == tuple(upstream.uploads)
    assert upstream.asks[0].prompt == "Edit the attached picture: make it night"


def test_a_mask_is_a_bad_request(gateway: Gateway, upstream: GeminiWeb) -> None:
    with gateway.openai() as sdk, pytest.raises(openai.BadRequestError) as caught:
        sdk.images.edit(image=png(8, 8), mask=png(8, 8), prompt="x", model="gemini-web")
    assert caught.value.param == "mask"
    assert upstream.asks == []


OUTCOMES = [
    (1037, 429, "rate_limit_exceeded"),
    (1060, 429, "upstream_blocked"),
    (1013, 502, "upstream_unavailable"),
    (1052, 502, "upstream_unavailable"),
    ("I'm getting a lot of requests right now. Please try again later.", 429, "rate_limit_exceeded"),
    ("Image creation isn't available in your location yet.", 429, "generation_blocked"),
    ("Please sign in to create images.", 502, "upstream_account_rejected"),
    ("I'm not able to depict that.", 400, "moderation_blocked"),
    ("silence", 424, "upstream_failed"),
    ("cut", 424, "upstream_failed"),
]


@pytest.mark.parametrize(("outcome", "status", "code"), OUTCOMES, ids=[str(outcome)[:20] for outcome, _, _ in OUTCOMES])
def test_errors_of_responses_without_an_image(
    client: httpx.Client, upstream: GeminiWeb, outcome: int | str, status: int, code: str
) -> None:
    upstream.outcomes = [outcome]
    param = "prompt" if code == "moderation_blocked" else None
    assert_error(order(client), status, code, param)
    assert sum(GENERATE in call.path for call in upstream.calls) == 1


def test_a_text_response_is_quoted_without_the_cookies(client: httpx.Client, upstream: GeminiWeb) -> None:
    upstream.outcomes = [f"I see the cookie {upstream.psid} here."]
    error = assert_error(order(client), 400, "moderation_blocked", "prompt")
    assert "I see the cookie … here" in error["message"]
    assert upstream.psid not in str(error)


@pytest.mark.parametrize("way", ["page", "redirect"])
def test_expired_cookies_are_a_rejected_account(client: httpx.Client, upstream: GeminiWeb, way: str) -> None:
    upstream.signed_out = "page" if way == "page" else "redirect"
    assert_error(order(client), 502, "upstream_account_rejected")
    assert upstream.asks == []


def test_an_expired_account_is_skipped(serve: Callable[..., Gateway], upstream: GeminiWeb) -> None:
    keys = ["__Secure-1PSID=dead", upstream.cookies]
    accounts = [{"id": str(number), "provider": "gemini_web", "key": key} for number, key in enumerate(keys)]
    gateway = serve(ACCOUNTS=json.dumps(accounts), GEMINI_WEB_BASE_URL=upstream.url)
    with gateway.client() as client:
        assert [order(client, prompt=str(number)).status_code for number in range(4)] == [200] * 4


# Rotation


def test_the_cookies_are_rotated_once(client: httpx.Client, upstream: GeminiWeb) -> None:
    for number in range(3):
        image(client, prompt=str(number))
    assert upstream.rotations == 1
    asked = [call.headers["cookie"] for call in upstream.calls if GENERATE in call.path]
    assert all(cookie == f"NID=511=tracking; {upstream.cookies}" for cookie in asked)


@pytest.mark.parametrize("rotation", ["refuses", "dead", "too-often"])
def test_cookies_that_are_not_renewed_are_used_until_they_expire(
    client: httpx.Client, upstream: GeminiWeb, rotation: str, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.rotation = rotation  # type: ignore[assignment]
    assert image(client)
    assert "was not renewed" in caplog.text
    assert "sidts" not in caplog.text
    assert "lasting-cookie" not in caplog.text


def test_uploaded_cookies_are_checked_first(client: httpx.Client, upstream: GeminiWeb) -> None:
    def bring(fresh: str) -> httpx.Response:
        cookies = [("__Secure-1PSID", upstream.psid), ("__Secure-1PSIDTS", fresh)]
        export = [{"domain": ".google.com", "name": name, "value": value} for name, value in cookies]
        return client.post("/v1/cookies", headers=ADMIN, json={"account_id": "default", "cookies": export})

    assert_error(bring("stale"), 400, "cookies_rejected", "file")
    response = bring(upstream.cookies.rpartition("=")[2])
    assert (response.status_code, response.json()["providers"]) == (200, {"gemini_web": 2})


# Frames


DRAWINGS = (frames.Drawing("https://x/gg-dl/A", "one"), frames.Drawing("https://x/gg-dl/B", "two"))


@pytest.mark.parametrize("sparse", [False, True])
def test_growing_frames_are_one_reply(sparse: bool) -> None:
    early = frames.turn(CHAT, "🐈", DRAWINGS[:1], sparse=sparse)
    late = frames.turn(
        CHAT, "🐈🐈 http://googleusercontent.com/image_generation_content/0\n\ndone", DRAWINGS, sparse=sparse
    )
    reply = reply_of(frames.body(frames.opening(CHAT), early, late, frames.CLOSING))
    assert reply.chat == CHAT
    assert reply.text == "🐈🐈 done"
    assert reply.images == (GeneratedImage("https://x/gg-dl/A", "one"), GeneratedImage("https://x/gg-dl/B", "two"))
    assert reply.error is None


def test_a_recorded_stream() -> None:
    body = (
        ")]}'\n\n61\n"
        '[["wrb.fr",null,"[null,[\\"c_1\\",\\"r_1\\"]]",null,null,null]]\n347\n'
        '[["wrb.fr",null,"[null,[\\"c_1\\",\\"r_1\\"],null,null,[[\\"rc_1\\",[\\"Here is your image 🐈 '
        'http://googleusercontent.com/image_generation_content/0\\"],null,null,null,null,null,null,[2],null,null,null,'
        '[null,null,null,null,null,null,null,[[[[null,null,null,[null,1,\\"alt text\\",'
        '\\"https://lh3.googleusercontent.com/gg-dl/AAA\\"]],[\\"img-id-1\\"]]]]]]]]"]]\n36\n'
        '[["di",100],["e",4,null,null,131]]\n'
    )
    reply = reply_of(body.encode())
    assert reply.chat == CHAT
    assert reply.images == (GeneratedImage("https://lh3.googleusercontent.com/gg-dl/AAA", "img-id-1"),)
    assert reply.text == "Here is your image 🐈"


@pytest.mark.parametrize("length", [0, 5, 60, 150, 300])
def test_frames_before_a_cut_are_read(length: int) -> None:
    whole = frames.body(frames.opening(CHAT), frames.turn(CHAT, "🐈", DRAWINGS[:1]), frames.CLOSING)
    reply = reply_of(whole[:length])
    assert reply.images == ()
    assert reply_of(whole[:-20]).images == (GeneratedImage("https://x/gg-dl/A", "one"),)


ODD = [b"", b")]}'", b"<html>", b"12\nnot json, is it\n", b"3\n{}\n", b"4\n[1]\n", b"999999999\n[]", b"9\n[[[[[[[\n"]


@pytest.mark.parametrize("body", ODD)
def test_a_body_without_frames_is_an_empty_reply(body: bytes) -> None:
    assert reply_of(body).images == ()
    assert reply_of(body).error is None


def test_the_callers_key_is_not_sent_upstream(client: httpx.Client, upstream: GeminiWeb) -> None:
    image(client)
    assert not any(API_KEY in str(call.headers) for call in upstream.calls)
