"""gemini.google.com: frames, cookies and their rotation, edits, errors in text responses, and downloads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from shared.account import Account
from shared.providers.gemini_web.frames import GeneratedImage, reply_of
from shared.providers.gemini_web.hosts import hosts_of
from shared.providers.gemini_web.page import Page
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


@pytest.mark.parametrize("hop_kind", ["text", "redirect"])
def test_hops_to_the_full_size_are_texts_or_redirects(client: httpx.Client, upstream: GeminiWeb, hop_kind: Any) -> None:
    upstream.hop_kind = hop_kind
    assert png_size(image(client)) == (1024, 1024)
    assert upstream.calls[-1].path.endswith("=hop0")


BROKEN_FULL_SIZES = [
    Reply(403),
    Reply(404),
    Reply(200, "<html>Sorry</html>"),
    Reply(200, b"<html>\n<b>Sorry</b></html>", {"content-type": "text/plain"}),
    Reply(302, "", {"location": "https://example.com/image"}),
    Reply(302, "", {"location": "https://www.google.com/sorry/index?continue=x"}),
    Reply(302, "", {"location": "http://[::1"}),
]


@pytest.mark.parametrize("fault", BROKEN_FULL_SIZES)
def test_the_preview_is_the_result_if_the_full_size_fails(
    client: httpx.Client, upstream: GeminiWeb, fault: Reply
) -> None:
    upstream.plan("=d-I", *[fault] * 3)  # 404 is retried, as a new file may be missing for a moment
    assert png_size(image(client)) == (1024, 1024)
    assert upstream.calls[-1].path.endswith("=s2048-rj")


@pytest.mark.parametrize("full_size", [True, False])
@pytest.mark.parametrize("suffix", ["=s1024", "=s1024-rj", "=mp2", "=w512-h512", "=d-I?alr=yes", "?authuser=0"])
def test_the_suffix_of_a_link_is_replaced(
    client: httpx.Client, upstream: GeminiWeb, suffix: str, full_size: bool
) -> None:
    upstream.link_suffix, upstream.full_size = suffix, full_size
    assert png_size(image(client)) == (1024, 1024)
    [first, *_] = [call.path for call in upstream.calls if "gg-dl" in call.path]
    assert first.endswith("/AAA0000=d-I" if full_size else "/AAA0000=s2048-rj")


def test_results_may_be_on_googles_image_hosts_only() -> None:
    account = Account("a", "gemini_web", "https://gemini.google.com", origins=frozenset({"https://proxy.example"}))
    hosts = hosts_of(account)
    assert hosts.files == "https://lh3.googleusercontent.com"
    assert "https://work.fife.usercontent.google.com" in hosts.origins
    assert "https://proxy.example" in hosts.origins
    assert "https://proxy.example" not in hosts.for_cookies
    assert hosts_of(account._replace(base_url="http://127.0.0.1:1", elsewhere=True)).origins == {
        "http://127.0.0.1:1",
        "https://proxy.example",
    }


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
    ("I can create more images as soon as your limit is reset.", 429, "rate_limit_exceeded"),
    ("You've reached your image generation limit. Try again tomorrow.", 429, "rate_limit_exceeded"),
    ("Podré crear más imágenes en cuanto se restablezca tu límite.", 429, "rate_limit_exceeded"),
    ("Has alcanzado el límite diario de imágenes.", 429, "rate_limit_exceeded"),
    ("你的限额重置后，我就可以创建更多图片。", 429, "rate_limit_exceeded"),
    ("您已达到今日的图片生成上限。", 429, "rate_limit_exceeded"),
    ("配額重設後，我就能產生更多圖片。", 429, "rate_limit_exceeded"),
    ("I seem to be encountering an error. Can I try something else for you?", 424, "generation_failed"),
    ("Sorry, something went wrong.", 424, "generation_failed"),
    ("I'm having trouble creating images right now.", 424, "generation_failed"),
    ("Lo siento, no he podido crear la imagen.", 424, "generation_failed"),
    ("抱歉，出了点问题。", 424, "generation_failed"),
    ("I'm sorry, but that goes against my guidelines.", 400, "moderation_blocked"),
    ("Lo siento, eso va en contra de mis políticas.", 400, "moderation_blocked"),
    ("抱歉，这违反了我们的政策。", 400, "moderation_blocked"),
    ("I'm not able to depict that.", 400, "moderation_blocked"),
    ("I will not draw it; there are limits to what I depict.", 400, "moderation_blocked"),
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


def test_a_page_without_a_token_is_used_with_an_empty_one(client: httpx.Client, upstream: GeminiWeb) -> None:
    upstream.page_token = False
    assert png_size(image(client)) == (1024, 1024)
    assert len(upstream.asks) == 1


def test_cookies_of_a_page_without_a_token_are_checked(client: httpx.Client, upstream: GeminiWeb) -> None:
    upstream.page_token = False
    assert upload(client, upstream, "stale").status_code == 400
    assert upload(client, upstream, upstream.cookies.rpartition("=")[2]).status_code == 200


def test_a_page_without_any_token_is_not_the_accounts_fault(client: httpx.Client, upstream: GeminiWeb) -> None:
    upstream.plan("/app", Reply(200, "<html>We are updating Gemini.</html>"))
    assert_error(order(client), 502, "upstream_unavailable")
    assert order(client).status_code == 200, "the account is not on cooldown"


@pytest.mark.parametrize("path", ["/app", GENERATE])
def test_a_captcha_is_named(client: httpx.Client, upstream: GeminiWeb, path: str) -> None:
    location = "https://www.google.com/sorry/index?continue=https://gemini.google.com/app"
    upstream.plan(path, Reply(302, "", {"location": location}))
    error = assert_error(order(client), 429, "upstream_blocked")
    assert "captcha" in error["message"]
    assert upstream.asks == []


def test_an_outdated_page_token_is_replaced(client: httpx.Client, upstream: GeminiWeb) -> None:
    assert order(client).status_code == 200
    upstream.plan(GENERATE, Reply(400, ')]}\'\n\n[["er",null,null,null,null,400,null,null,null,3]]'))
    assert_error(order(client, prompt="2"), 502, "upstream_unavailable")
    assert order(client, prompt="2").status_code == 200
    assert [call.path for call in upstream.calls].count("/app") == 2


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


def upload(client: httpx.Client, upstream: GeminiWeb, short_lived: str) -> httpx.Response:
    cookies = [("__Secure-1PSID", upstream.psid), ("__Secure-1PSIDTS", short_lived)]
    export = [{"domain": ".google.com", "name": name, "value": value} for name, value in cookies]
    return client.post("/v1/cookies", headers=ADMIN, json={"account_id": "default", "cookies": export})


def test_uploaded_cookies_are_checked_first(client: httpx.Client, upstream: GeminiWeb) -> None:
    assert_error(upload(client, upstream, "stale"), 400, "cookies_rejected", "file")
    response = upload(client, upstream, upstream.cookies.rpartition("=")[2])
    assert (response.status_code, response.json()["providers"]) == (200, {"gemini_web": 2})


def test_a_page_token_with_escapes_is_read() -> None:
    page = Page.read('{"SNlM0e": "AF\\"d\\u003d:1", "cfb2h": "boq_1"}')
    assert page
    assert (page.at, page.build) == ('AF"d=:1', "boq_1")


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
