"""The fake chat.akash.network against what is known of the real one: literal answers of its versions, and its rules."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.akashchat import AkashChat, Fate
from tests.emulators.webp import webp, webp_size

Json = dict[str, Any]
TALK: Json = {
    "id": "abc",
    "messages": [{"role": "user", "content": "hi"}],
    "model": "Meta-Llama-3-3-70B-Instruct",
    "system": "",
    "temperature": 0.6,
    "topP": 0.95,
    "context": [],
}
DRAW = TALK | {"model": "AkashGen", "messages": [{"role": "user", "content": 'DRAW it\'s a "red" cat\nsecond line'}]}

# Answers of the real service.
TEXT = r"""f:{"messageId":"msg-GE2Hq6ULf1EgcNDsQV11lEGX"}
0:"Hello"
0:", wörld 中文 😀"
0:"\nquote \" back\\slash"
0:"\ttab 'apos' <b>"
0:" \\n literal"
e:{"finishReason":"stop","usage":{"promptTokens":11,"completionTokens":5},"isContinued":false}
d:{"finishReason":"stop","usage":{"promptTokens":11,"completionTokens":5}}
"""
ENDING = """e:{"finishReason":"stop","usage":{"promptTokens":20,"completionTokens":50},"isContinued":false}
d:{"finishReason":"stop","usage":{"promptTokens":20,"completionTokens":50}}
"""
UNKNOWN = (
    "3:\"{'error': '/chat/completions: Invalid model name passed in model=nope. "
    "Call `/v1/models` to view available models for your key.'}\"\n"
)
MODEL: Json = json.loads(
    """{"id":"AkashGen","model_id":"AkashGen","api_id":"AkashGen","name":"AkashGen",
    "description":"Generate images using AkashGen","tier_requirement":"permissionless","available":true,
    "temperature":"0.85","top_p":"1.00","token_limit":12000,"owned_by":null,"parameters":null,"architecture":null,
    "hf_repo":null,"about_content":"about gen","info_content":"info gen","thumbnail_id":"akash-gen","deploy_url":null,
    "display_order":9,"category":null,"is_api_available":null,"is_chat_available":null,
    "created_at":"2026-11-20T15:08:45.267Z","updated_at":"2026-11-20T15:08:45.267Z"}"""
)
OVER_QUOTA: Json = {
    "error": "Rate limit exceeded",
    "message": "You've reached your usage limit for this time period. Sign in for higher limits.",
    "resetTime": "2026-11-20T19:11:16.000Z",
    "requiresVerification": False,
    "tier": "anonymous",
}
STATUS: Json = json.loads(
    """{"job_id":"4dd8277a-a3c0-4cda-ba0e-6f4c7c378fb3","worker_name":"w1","worker_city":"Austin","worker_country":"US",
    "status":"waiting","result":"","worker_gpu":"RTX4090","elapsed_time":1.5,"queue_position":0}"""
)
PIXEL = "524946461a000000574542505650384c0d0000002f00000010071011118888fe0700"


@pytest.fixture(scope="module")
def running() -> Iterator[AkashChat]:
    with AkashChat() as emulator:
        yield emulator


@pytest.fixture
def site(running: AkashChat) -> AkashChat:
    running.reset()
    return running


@pytest.fixture
def client(site: AkashChat) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=10) as client:
        yield client


def talk(site: AkashChat, client: httpx.Client, body: Json = TALK, path: str = "/api/chat/") -> httpx.Response:
    return client.post(path, json=body, headers={"cookie": f"session_token={site.new_session()};"})


@pytest.mark.parametrize("cut", [0, 1, 7])
def test_a_text_is_said_in_parts(site: AkashChat, client: httpx.Client, cut: int) -> None:
    site.cut = cut
    answer = talk(site, client)
    assert (answer.status_code, answer.text) == (200, TEXT)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-vercel-ai-data-stream"] == "v1"


def test_usage_and_ends_as_the_test_says(site: AkashChat, client: httpx.Client) -> None:
    site.usage, site.finish_reason = None, "length"
    end = '{"finishReason":"length","usage":{"promptTokens":null,"completionTokens":null}}'
    assert talk(site, client).text.endswith(f"\nd:{end}\n")
    site.ends = False
    assert talk(site, client).text.endswith('literal"\n')
    site.error = "terminated"
    assert talk(site, client).text.endswith('literal"\n3:"terminated"\n')
    site.says = ()
    assert talk(site, client).text == '3:"terminated"\n'


@pytest.mark.parametrize("dialect", ["M", "N"])
def test_an_order_is_answered_with_a_tag_that_is_no_json(site: AkashChat, client: httpx.Client, dialect: Any) -> None:
    site.dialect = dialect
    head, _, rest = talk(site, client, DRAW).text.partition("' prompt='")
    assert re.fullmatch(r"0:\"<image_generation> jobId='[0-9a-f-]{36}", head)
    tail = "A detailed DRAW it\\'s a \"red\" cat\nsecond line' negative='blurry'</image_generation>\"\n"
    assert rest == tail + ENDING


def test_the_first_version_leaves_quotes_as_they_are(site: AkashChat, client: httpx.Client) -> None:
    site.dialect = "L"
    assert "detailed DRAW it's a" in talk(site, client, DRAW).text


def test_an_unknown_model_is_told_in_each_version(site: AkashChat, client: httpx.Client) -> None:
    site.dialect = "M"
    assert talk(site, client, TALK | {"model": "nope"}).text == UNKNOWN
    site.dialect = "N"
    answer = talk(site, client, TALK | {"model": "nope"})
    assert (answer.status_code, answer.json()["error"]) == (403, "Model not available")


@pytest.mark.parametrize(
    ("dialect", "numbers", "complains"),
    [
        ("N", {"temperature": 0}, True),
        ("N", {"topP": None}, True),
        ("N", {"temperature": "0.60"}, False),
        ("M", {"temperature": "0.60"}, True),
        ("M", {"temperature": 0, "topP": None}, False),
    ],
)
def test_numbers_have_their_traps(
    site: AkashChat, client: httpx.Client, dialect: Any, numbers: Json, complains: bool
) -> None:
    site.dialect = dialect
    assert talk(site, client, TALK | numbers).text.startswith('3:"Invalid argument for parameter') == complains
    if complains and dialect == "N":
        assert talk(site, client, DRAW | numbers).json()["error"] == "Error generating image"


@pytest.mark.parametrize("body", [{}, TALK | {"messages": "hi"}, TALK | {"max_tokens": 5}])
def test_what_it_does_not_expect_it_falls_over(site: AkashChat, client: httpx.Client, body: Json) -> None:
    answer = talk(site, client, body)
    assert (answer.status_code, answer.content) == (500, b"")


def test_a_session_is_wanted_and_given(site: AkashChat, client: httpx.Client) -> None:
    refusal = {"success": False, "message": "Unauthorized: Invalid session"}
    for cookie in ("", "session_token=" + "a" * 64):
        answer = client.post("/api/chat/", json=TALK, headers={"cookie": cookie})
        assert (answer.status_code, answer.json()) == (403, refusal)
    site.other_cookie = True
    stranger, cookie = client.get("/api/auth/session/").headers.get_list("set-cookie")
    assert stranger.startswith("__cf_bm=")
    assert re.fullmatch(
        r"session_token=[0-9a-f]{64}; Path=/; Expires=[^;]+; Max-Age=3600; "
        "Secure; HttpOnly; SameSite=strict; Partitioned",
        cookie,
    )
    good = {"cookie": cookie.partition(";")[0]}
    assert client.post("/api/chat/", json=TALK, headers=good).status_code == 200
    assert "set-cookie" not in client.get("/api/auth/session/", headers=good).headers
    assert client.get("/api/auth/session/", headers={"user-agent": ""}).status_code == 403
    assert client.get("/api/auth/session/", headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_a_session_is_refreshed_when_it_is_time_and_not_too_often(site: AkashChat, client: httpx.Client) -> None:
    path = "/api/auth/session/refresh/"
    assert client.post(path).status_code == 401
    young = client.post(path, headers={"cookie": f"session_token={site.new_session()}"})
    assert (young.status_code, "set-cookie" in young.headers) == (200, False)
    made_up = {"cookie": "session_token=" + "a" * 64}
    assert "set-cookie" in client.post(path, headers=made_up).headers
    assert [client.post(path, headers=made_up).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("dialect", ["L", "M"])
def test_older_versions_redirect_what_has_no_slash(site: AkashChat, client: httpx.Client, dialect: Any) -> None:
    site.dialect = dialect
    for path in ("/api/auth/session", "/api/models", "/api/image-status?ids=a"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (
            308,
            path.replace("?", "/?") + "/" * ("?" not in path),
        )
    assert talk(site, client, path="/api/chat").status_code == 308
    site.dialect = "N"
    assert talk(site, client, path="/api/chat").text == TEXT


def test_the_list_of_models_has_two_vintages(site: AkashChat, client: httpx.Client) -> None:
    newest = client.get("/api/models/").json()[-1]
    assert newest.keys() == MODEL.keys()
    assert {name for name in MODEL if type(newest[name]) is not type(MODEL[name])} == set()
    assert newest["temperature"] == "0.85"
    site.dialect = "M"
    assert client.get("/api/models/").json()[0]["temperature"] == 0.85
    site.dialect = "L"
    assert client.get("/api/models/").status_code == 403


def test_a_quota_says_when_it_is_renewed(site: AkashChat, client: httpx.Client) -> None:
    site.quota_reset = 1_795_201_876
    answer = talk(site, client)
    assert (answer.status_code, answer.headers["x-tokenlimit-reset"]) == (429, "1795201876")
    assert answer.json() == OVER_QUOTA


@pytest.mark.parametrize(
    ("dialect", "words"),
    [("L", ["pending", "pending", "completed"]), ("M", ["waiting", "pending", "succeeded"])],
)
def test_a_job_goes_its_way(site: AkashChat, client: httpx.Client, dialect: Any, words: list[str]) -> None:
    site.dialect = dialect
    talk(site, client, DRAW)
    [job] = site.jobs
    looks = [client.get(f"/api/image-status/?ids={job}") for _ in words]
    assert [look.json()[0]["status"] for look in looks] == words
    assert looks[0].json()[0].keys() == STATUS.keys()
    assert looks[0].headers["content-type"] == ("application/json" if dialect == "L" else "text/plain;charset=UTF-8")
    result = looks[-1].json()[0]["result"]
    if dialect == "L":
        assert result.startswith("data:image/webp;base64,UklGR")
        return
    assert result == f"/api/image/job_{job[:8]}_00001_.webp"
    picture = client.get(result)
    assert (picture.headers["content-type"], "content-length" in picture.headers) == ("image/webp", False)
    assert webp_size(picture.content) == (1024, 1024)


def test_what_is_not_there_is_told_in_each_version(site: AkashChat, client: httpx.Client) -> None:
    assert client.get("/api/image-status/").json() == {"error": "No job IDs provided"}
    lost = client.get("/api/image-status/?ids=nope")
    assert (lost.status_code, lost.json()) == (404, {"error": "Middleware error: 404"})
    site.dialect = "L"
    assert client.get("/api/image-status/?ids=nope").json() == "Job not found: nope"
    assert client.get("/api/image/missing.webp").json() == {"error": "Image not found"}


def test_fates(site: AkashChat, client: httpx.Client) -> None:
    site.steps = 0
    site.next_fate(Fate.NO_JOB)
    assert "jobId='undefined'" in talk(site, client, DRAW).text
    site.next_fate(Fate.FAILS)
    talk(site, client, DRAW)
    [job] = site.jobs
    shown = json.loads(client.get(f"/api/image-status/?ids={job}").content)[0]
    assert (shown["status"], shown["result"][:15]) == ("failed", "Failed to parse")


def test_a_small_webp_is_a_legal_one() -> None:
    assert webp_size(bytes.fromhex(PIXEL)) == (1, 1)
    ours = webp(300, 200, (1, 2, 3))
    assert webp_size(ours) == (300, 200)
    assert len(ours) == 8 + int.from_bytes(ours[4:8], "little")
    assert int.from_bytes(ours[16:20], "little") <= len(ours) - 20
