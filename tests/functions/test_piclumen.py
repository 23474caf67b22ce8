"""POST /generate-image and /check-image, as PicLumen's own clients use them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
import openai
import pytest

from tests.emulators.faults import Drop, Reply, Slow
from tests.emulators.piclumen import ALICE, BOB, OPERATOR, Fate, Piclumen
from tests.functions.helpers import Json, assert_error, eventually, png_size, tickets
from tests.rig import API_KEY, OTHER_KEY, Gateway

CREATE, LOOK = "POST /api/gen/create", "POST /api/task/batch-process-task"
DONE_AT_ONCE = '{"piclumen-fast": {"typical_seconds": 0}, "piclumen-midjourney": {"typical_seconds": 0}}'

ORDER_OF_OLD = {
    "prompt": "a cat",
    "highPixels": False,
    "model_id": "23887bba-507e-4249-a0e3-6951e4027f2b",
    "negative_prompt": "",
    "resolution": {"width": 1344, "height": 768, "batch_size": 1},
    "model_ability": {},
    "seed": 9896923949,
    "steps": 6,
    "cfg": 1,
    "sampler_name": "euler",
    "scheduler": "normal",
    "ponyTags": {},
    "denoise": 1,
    "hires_fix_denoise": 0.5,
    "hires_scale": 2,
    "multi_img2img_info": {"style_list": []},
    "img_control_info": {"style_list": []},
    "continueCreate": False,
}
"""What the proxy of old sent for a prompt alone."""


@pytest.fixture(scope="module")
def running_piclumen() -> Iterator[Piclumen]:
    with Piclumen() as emulator:
        yield emulator


@pytest.fixture
def piclumen(running_piclumen: Piclumen) -> Piclumen:
    """The PicLumen emulator, whose tasks take no time unless the test says otherwise."""
    running_piclumen.reset()
    running_piclumen.steps = 0
    return running_piclumen


@pytest.fixture
def gateway(serve: Callable[..., Gateway], piclumen: Piclumen) -> Gateway:
    """A gateway that has no PicLumen account of its own."""
    return serve(PICLUMEN_BASE_URL=piclumen.environment()["PICLUMEN_BASE_URL"], PICLUMEN_MODELS=DONE_AT_ONCE)


@pytest.fixture
def paid(gateway: Gateway) -> Gateway:
    """The same gateway with an account of the operator's."""
    gateway.environment["PICLUMEN_TOKEN"] = OPERATOR
    return gateway


@pytest.fixture
def anyone(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client of old: it has never heard of keys."""
    with httpx.Client(base_url=gateway.url, timeout=30, verify=False) as client:
        yield client


def generate(client: httpx.Client, token: str | None = ALICE, **body: Any) -> httpx.Response:
    query = {} if token is None else {"authorization_token": token}
    return client.post("/generate-image", params=query, json={"prompt": "a cat"} | body)


def check(client: httpx.Client, mark: str, token: str | None = ALICE) -> httpx.Response:
    query = {} if token is None else {"authorization_token": token}
    return client.post("/check-image", params={**query, "mark_id": mark})


def mark_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    mark: str = answer.json()["mark_id"]
    return mark


def state(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def asked(piclumen: Piclumen, target: str) -> list[Json]:
    """The bodies that came to one address of the upstream."""
    return [call.json for call in piclumen.calls if target == f"{call.method} {call.path}"]


# The flow


def test_the_flow_of_old(anyone: httpx.Client, piclumen: Piclumen) -> None:
    piclumen.steps = 2
    started = generate(anyone)
    assert started.json().items() >= {"statuscode": 200, "message": "Image creation initiated"}.items()
    mark = mark_of(started)
    assert asked(piclumen, CREATE) == [ORDER_OF_OLD]
    seen = [state(check(anyone, mark)) for _ in range(3)]
    assert [found["statuscode"] for found in seen] == [202, 202, 200]
    assert [found["message"] for found in seen] == [
        "Image still processing. Current status: pending",
        "Image still processing. Current status: running",
        "Image generation successful",
    ]
    assert [found.get("mark_id") for found in seen[:2]] == [mark, mark]
    assert [found["status"] for found in seen] == ["pending", "running", "success"]
    assert not any("image_url" in found for found in seen[:2])
    picture = anyone.get(seen[2]["image_url"])
    assert (picture.status_code, png_size(picture.content)) == (200, (1344, 768))


def test_looking_does_not_wait(anyone: httpx.Client, piclumen: Piclumen) -> None:
    piclumen.next_fate(Fate.NEVER_ENDS)
    mark = mark_of(generate(anyone))
    for _ in range(3):
        assert state(check(anyone, mark))["statuscode"] == 202
    assert len(asked(piclumen, LOOK)) == 3


def test_every_field_reaches_the_upstream(anyone: httpx.Client, piclumen: Piclumen) -> None:
    body: Json = {
        "prompt": "a cat",
        "highPixels": True,
        "model_id": "34ec1b5a-8962-4a93-b047-68cec9691dc2",
        "negative_prompt": "blur",
        "resolution": {"width": 1440, "height": 600, "batch_size": 3},
        "model_ability": {"anime_style_control": None},
        "seed": 7,
        "steps": 25,
        "cfg": 4.5,
        "sampler_name": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "ponyTags": {"a": 1},
        "denoise": 0.75,
        "hires_fix_denoise": 0.25,
        "hires_scale": 1.5,
        "multi_img2img_info": {"style_list": [{"img_url": "u", "style": "characterRefer", "weight": 0.9}]},
        "img_control_info": {"style_list": [{}]},
        "continueCreate": True,
    }
    assert body.keys() == ORDER_OF_OLD.keys()
    found = state(check(anyone, mark_of(generate(anyone, **body))))
    assert asked(piclumen, CREATE) == [body]
    assert len(set(found["image_urls"])) == 3
    assert found["image_url"] == found["image_urls"][0]
    assert len({anyone.get(url).content for url in found["image_urls"]}) == 3


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": ""},
        {"seed": -1},
        {"cfg": 4.0},
        {"steps": 4.0},
        {"sampler_name": None, "scheduler": None},
        {"resolution": {"width": 1024, "height": 1024, "batch_size": 2}},
    ],
    ids=str,
)
def test_what_else_a_body_may_say(anyone: httpx.Client, piclumen: Piclumen, body: Json) -> None:
    mark_of(generate(anyone, **body))
    assert asked(piclumen, CREATE) == [ORDER_OF_OLD | body]


def test_unknown_members_are_left_aside_and_named(anyone: httpx.Client, piclumen: Piclumen) -> None:
    answer = generate(anyone, gen_mode="quality", mainCategory="")
    assert mark_of(answer)
    assert answer.headers["easel-ignored"] == "gen_mode, mainCategory"
    assert asked(piclumen, CREATE) == [ORDER_OF_OLD]


def test_a_body_to_a_look_is_ignored(anyone: httpx.Client) -> None:
    query = {"authorization_token": ALICE, "mark_id": mark_of(generate(anyone))}
    assert state(anyone.post("/check-image", params=query, json={"mark_id": "another"}))["statuscode"] == 200


def test_the_routes_answer_under_a_prefix(gateway: Gateway, anyone: httpx.Client) -> None:
    gateway.environment["API_PREFIX"] = "hf"
    answer = anyone.post("/hf/generate-image", params={"authorization_token": ALICE}, json={"prompt": "a cat"})
    query = {"authorization_token": ALICE, "mark_id": mark_of(answer)}
    found = state(anyone.post("/hf/check-image/", params=query))
    assert anyone.get(found["image_url"]).status_code == 200


@pytest.mark.parametrize("word", ["failed", "failure"])
@pytest.mark.parametrize(
    ("fate", "code", "said"),
    [
        (Fate.FAILS, "generation_failed", "Image generation failed"),
        (Fate.FAILS_SILENTLY, "generation_failed", "no reason given"),
        (Fate.FAILS_AS_UNSAFE, "moderation_blocked", "sensitive content"),
        (Fate.FLAGGED, "moderation_blocked", "NSFW"),
        (Fate.NO_RESULT, "generation_failed", "no picture"),
    ],
)
def test_a_task_that_failed_says_so_at_last(
    anyone: httpx.Client, piclumen: Piclumen, word: Any, fate: Fate, code: str, said: str
) -> None:
    piclumen.failed_word = word
    piclumen.next_fate(fate)
    mark = mark_of(generate(anyone))
    found = state(check(anyone, mark))
    assert (found["statuscode"], found["status"], found["mark_id"]) == (500, "failed", mark)
    assert said in found["message"]
    assert found["error"]["code"] == code
    assert not {"image_url", "image_urls"} & found.keys()


def test_a_picture_that_is_held_back_is_missing_from_the_rest(anyone: httpx.Client, piclumen: Piclumen) -> None:
    piclumen.next_fate(Fate.FLAGGED_IN_PART)
    resolution = {"width": 1024, "height": 1024, "batch_size": 2}
    found = state(check(anyone, mark_of(generate(anyone, resolution=resolution))))
    assert (len(found["image_urls"]), found["missing"]) == (1, 1)
    assert anyone.get(found["image_url"]).status_code == 200


def test_a_task_that_does_not_show_yet_is_pending(anyone: httpx.Client, piclumen: Piclumen) -> None:
    piclumen.absent = 2
    mark = mark_of(generate(anyone))
    assert [state(check(anyone, mark))["statuscode"] for _ in range(3)] == [202, 202, 200]


# What goes wrong


class Bad(NamedTuple):
    """A body of /generate-image, and what it is told."""

    name: str
    body: Any
    param: str | None
    code: str = "invalid_value"


BODIES = [
    Bad("no prompt", {}, "prompt"),
    Bad("no body", b"", "prompt"),
    Bad("number as prompt", {"prompt": 1}, "prompt"),
    Bad("prompt too long", {"prompt": "x" * 32_001}, "prompt"),
    Bad("resolution without height", {"prompt": "", "resolution": {"width": 64, "batch_size": 1}}, "resolution"),
    Bad("resolution without batch_size", {"prompt": "", "resolution": {"width": 64, "height": 64}}, "resolution"),
    Bad("word as width", {"prompt": "", "resolution": {"width": "w", "height": 1, "batch_size": 1}}, "resolution"),
    Bad("no pictures", {"prompt": "", "resolution": {"width": 1, "height": 1, "batch_size": 0}}, "resolution"),
    Bad("11 pictures", {"prompt": "", "resolution": {"width": 1, "height": 1, "batch_size": 11}}, "resolution"),
    Bad("fraction as steps", {"prompt": "", "steps": 6.5}, "steps"),
    Bad("word as cfg", {"prompt": "", "cfg": "much"}, "cfg"),
    Bad("cfg that is no number", b'{"prompt": "", "cfg": NaN}', "cfg"),
    Bad("tag that is no number", b'{"prompt": "", "ponyTags": {"a": NaN}}', "ponyTags"),
    Bad("endless seed", {"prompt": "", "seed": 1 << 63}, "seed"),
    Bad("list as ponyTags", {"prompt": "", "ponyTags": []}, "ponyTags"),
    Bad("endless model_id", {"prompt": "", "model_id": "m" * 101}, "model_id"),
    Bad("broken JSON", b"{", None, "invalid_json"),
    Bad("JSON list", b"[]", None),
]


@pytest.mark.parametrize("bad", BODIES, ids=lambda bad: bad.name)
def test_bad_bodies(anyone: httpx.Client, piclumen: Piclumen, bad: Bad) -> None:
    content = {"content": bad.body} if isinstance(bad.body, bytes) else {"json": bad.body}
    answer = anyone.post("/generate-image", params={"authorization_token": ALICE}, **content)
    error = assert_error(answer, 400, bad.code, bad.param)
    assert answer.json()["detail"] == error["message"]
    assert piclumen.calls == []


REFUSED = {"status": 1001, "data": None}


class Trouble(NamedTuple):
    """What the upstream does, and what a client is told of it."""

    name: str
    fault: Reply | Drop
    status: int
    code: str
    param: str | None = None
    retry: bool = False


STARTING = [
    Trouble("401", Reply(401, "who?"), 401, "upstream_account_rejected", "authorization_token"),
    Trouble("403", Reply(403, "no"), 401, "upstream_account_rejected", "authorization_token"),
    Trouble(
        "expired by envelope",
        Reply(200, REFUSED | {"message": "Token expired, please login"}),
        401,
        "upstream_account_rejected",
        "authorization_token",
    ),
    Trouble("402", Reply(402, "pay"), 402, "upstream_out_of_credit"),
    Trouble("no lumens", Reply(200, REFUSED | {"message": "Not enough lumens"}), 402, "upstream_out_of_credit"),
    Trouble("429", Reply(429, "slow", {"retry-after": "20"}), 429, "rate_limit_exceeded", retry=True),
    Trouble(
        "concurrency", Reply(200, REFUSED | {"message": "Concurrent limit"}), 429, "rate_limit_exceeded", retry=True
    ),
    Trouble("banned", Reply(200, REFUSED | {"message": "NSFW prompt"}), 400, "moderation_blocked", "prompt"),
    Trouble("400", Reply(400, {"message": "bad size"}), 400, "invalid_value"),
    Trouble("prompt", Reply(200, REFUSED | {"message": "Prompt exceeds the token limit"}), 400, "invalid_value"),
    Trouble("parameter", Reply(200, REFUSED | {"message": "Invalid params"}), 400, "invalid_value"),
    Trouble("status 5", Reply(200, {"status": 5, "message": "boom"}), 502, "upstream_failed"),
    Trouble("status 5 in silence", Reply(200, {"status": 5}), 502, "upstream_failed"),
    Trouble("data null", Reply(200, {"status": 0, "data": None}), 424, "upstream_failed"),
    Trouble("no mark", Reply(200, {"status": 0, "data": {}}), 424, "upstream_failed"),
    Trouble("no JSON", Reply(200, "<html>"), 424, "upstream_failed"),
    Trouble("no envelope", Reply(200, "[]"), 424, "upstream_failed"),
    Trouble("500", Reply(500, {"message": "oops"}), 424, "upstream_failed"),
    Trouble("502", Reply(502, "<html>"), 424, "upstream_failed"),
    Trouble("hung up", Drop(), 424, "upstream_failed"),
    Trouble("hung up after the work", Drop(after=True), 424, "upstream_failed"),
]


@pytest.mark.parametrize("trouble", STARTING, ids=lambda trouble: trouble.name)
def test_trouble_when_starting(anyone: httpx.Client, piclumen: Piclumen, trouble: Trouble) -> None:
    piclumen.plan(CREATE, trouble.fault)
    answer = generate(anyone)
    error = assert_error(answer, trouble.status, trouble.code, trouble.param)
    assert answer.json()["detail"] == error["message"]
    assert (answer.headers["x-should-retry"] == "true") == trouble.retry
    assert len(asked(piclumen, CREATE)) == 1


LOOKING = [
    Trouble("401", Reply(401, "who?"), 401, "upstream_account_rejected", "authorization_token"),
    Trouble(
        "expired by envelope",
        Reply(200, REFUSED | {"message": "Token expired"}),
        401,
        "upstream_account_rejected",
        "authorization_token",
    ),
    Trouble("429", Reply(429, "slow", {"retry-after": "20"}), 429, "rate_limit_exceeded", retry=True),
    Trouble("data null", Reply(200, REFUSED | {"message": "boom"}), 502, "upstream_unavailable", retry=True),
    Trouble("no JSON", Reply(200, "<html>"), 502, "upstream_unavailable", retry=True),
    Trouble("500", Reply(500, {"message": "oops"}), 502, "upstream_unavailable", retry=True),
    Trouble("418", Reply(418, "teapot"), 502, "upstream_unavailable", retry=True),
]


@pytest.mark.parametrize("trouble", LOOKING, ids=lambda trouble: trouble.name)
def test_trouble_when_looking(anyone: httpx.Client, piclumen: Piclumen, trouble: Trouble) -> None:
    mark = mark_of(generate(anyone))
    piclumen.plan(LOOK, trouble.fault)
    answer = check(anyone, mark)
    error = assert_error(answer, trouble.status, trouble.code, trouble.param)
    assert answer.json()["detail"] == error["message"]
    assert (answer.headers["x-should-retry"] == "true") == trouble.retry
    assert state(check(anyone, mark))["statuscode"] == 200


def test_an_upstream_that_is_down(gateway: Gateway, anyone: httpx.Client) -> None:
    mark = mark_of(generate(anyone))
    gateway.environment["PICLUMEN_BASE_URL"] = "http://127.0.0.1:9/api"
    for answer in (generate(anyone), check(anyone, mark)):
        error = assert_error(answer, 502, "upstream_unavailable")
        assert answer.json()["detail"] == error["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/generate-image", "/check-image"])
def test_other_verbs(anyone: httpx.Client, method: str, path: str) -> None:
    answer = anyone.request(method, path, params={"authorization_token": ALICE})
    assert_error(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    assert answer.json()["detail"]


@pytest.mark.parametrize("query", [{}, {"mark_id": ""}], ids=str)
def test_a_look_without_a_mark(anyone: httpx.Client, query: dict[str, str]) -> None:
    assert_error(
        anyone.post("/check-image", params={"authorization_token": ALICE, **query}), 400, "invalid_value", "mark_id"
    )


@pytest.mark.parametrize("mark", ["nope", "dca0d07b-41f8-41ec-8b68-0bcb3a843dc4", "i~piclumen~x", "x" * 2000, "%00"])
def test_a_mark_that_is_none(anyone: httpx.Client, piclumen: Piclumen, mark: str) -> None:
    answer = check(anyone, mark)
    assert_error(answer, 404, "not_found", "id")
    assert answer.json()["detail"]
    assert piclumen.calls == []


# Tokens


def test_a_token_may_stand_in_a_header(anyone: httpx.Client, piclumen: Piclumen) -> None:
    headers = {"authorization-token": ALICE}
    mark = mark_of(anyone.post("/generate-image", json={"prompt": "a cat"}, headers=headers))
    assert state(anyone.post("/check-image", params={"mark_id": mark}, headers=headers))["statuscode"] == 200
    assert state(check(anyone, mark))["statuscode"] == 200
    assert {call.headers["authorization"] for call in piclumen.calls} == {ALICE}


@pytest.mark.parametrize("token", ["a b", "schön", "line\nbreak", "x" * 4097, "\x7f"], ids=repr)
def test_what_cannot_be_a_token(anyone: httpx.Client, piclumen: Piclumen, token: str) -> None:
    assert_error(generate(anyone, token), 400, "invalid_value", "authorization_token")
    assert piclumen.calls == []


def test_without_any_account_the_token_is_missing(gateway: Gateway, anyone: httpx.Client, piclumen: Piclumen) -> None:
    with gateway.client() as keyed:
        for client in (anyone, keyed):
            for answer in (generate(client, None), generate(client, ""), check(client, "a-mark", None)):
                error = assert_error(answer, 400, "invalid_value", "authorization_token")
                assert answer.json()["detail"] == error["message"]
    assert piclumen.calls == []


@pytest.mark.parametrize("bad_token", ["401", "envelope"])
def test_a_token_that_piclumen_does_not_know(anyone: httpx.Client, piclumen: Piclumen, bad_token: Any) -> None:
    piclumen.bad_token = bad_token
    answer = generate(anyone, "f" * 40)
    assert_error(answer, 401, "upstream_account_rejected", "authorization_token")
    assert "f" * 40 not in answer.text


def test_with_a_callers_token_the_operators_account_is_never_used(
    paid: Gateway, anyone: httpx.Client, piclumen: Piclumen
) -> None:
    """Not in good times, nor when the caller's is refused; and a key that comes along changes nothing."""
    with paid.client() as keyed:
        for client in (anyone, keyed):
            check(client, mark_of(generate(client)))
            assert generate(client, "f" * 40).status_code == 401
            piclumen.plan(CREATE, Reply(429, "slow"))
            assert generate(client).status_code == 429
            assert generate(client).status_code == 200
    assert piclumen.calls
    assert OPERATOR not in {call.headers.get("authorization") for call in piclumen.calls}


def test_without_a_token_a_key_is_needed_and_the_operator_pays(
    paid: Gateway, anyone: httpx.Client, piclumen: Piclumen
) -> None:
    for answer in (generate(anyone, None), generate(anyone, " "), check(anyone, "a-mark", None)):
        assert_error(answer, 401, "invalid_api_key")
        assert answer.json()["detail"]
    with paid.client("wrong") as stranger:
        assert_error(generate(stranger, None), 401, "invalid_api_key")
    assert piclumen.calls == []
    with paid.client() as keyed, paid.client(OTHER_KEY) as other:
        mark = mark_of(generate(keyed, None))
        assert asked(piclumen, CREATE) == [ORDER_OF_OLD]
        assert state(check(keyed, mark, None))["statuscode"] == 200
        assert keyed.get(f"/v1/jobs/{mark}").json()["status"] == "completed"
        for answer in (check(other, mark, None), check(keyed, mark, ALICE), check(anyone, mark, OPERATOR)):
            assert_error(answer, 404, "not_found", "id")
    assert {call.headers["authorization"] for call in piclumen.calls if call.path.startswith("/api")} == {OPERATOR}


def test_the_operators_token_refused_is_no_matter_of_the_callers(paid: Gateway, piclumen: Piclumen) -> None:
    piclumen.tokens = frozenset()
    with paid.client() as keyed:
        assert_error(generate(keyed, None), 502, "upstream_account_rejected")


def test_two_callers_do_not_see_each_others_pictures(paid: Gateway, anyone: httpx.Client, piclumen: Piclumen) -> None:
    marks = {token: mark_of(generate(anyone, token)) for token in (ALICE, BOB)}
    for token in (ALICE, BOB):
        assert state(check(anyone, marks[token], token))["statuscode"] == 200
    looks = len(asked(piclumen, LOOK))
    for token, mark in ((ALICE, marks[BOB]), (BOB, marks[ALICE]), (OPERATOR, marks[ALICE]), (API_KEY, marks[ALICE])):
        assert_error(check(anyone, mark, token), 404, "not_found", "id")
    assert_error(check(anyone, marks[ALICE], None), 401, "invalid_api_key")
    with paid.client() as keyed:
        assert_error(check(keyed, marks[ALICE], None), 404, "not_found", "id")
        for path in ("/v1/jobs/{}", "/v1/tasks/{}", "/v1/images/{}", "/images?id={}"):
            assert_error(keyed.get(path.format(marks[ALICE])), 404, "not_found", "id")
    assert len(asked(piclumen, LOOK)) == looks


def test_a_laptop_keeps_callers_apart_as_well(serve: Callable[..., Gateway], piclumen: Piclumen) -> None:
    gateway = serve(open_mode=True, **piclumen.environment())
    with httpx.Client(base_url=gateway.url, verify=False) as local:
        mark = mark_of(generate(local))
        assert state(check(local, mark))["statuscode"] == 200
        assert_error(check(local, mark, BOB), 404, "not_found", "id")
        assert_error(check(local, mark, None), 404, "not_found", "id")
        assert_error(local.get(f"/v1/jobs/{mark}"), 404, "not_found", "id")
        assert state(check(local, mark_of(generate(local, None)), None))["statuscode"] == 200


def test_a_token_that_looks_like_a_key_owns_nothing_of_the_keys(paid: Gateway, piclumen: Piclumen) -> None:
    piclumen.tokens |= {API_KEY}
    with paid.client() as keyed:
        mark = mark_of(generate(keyed, None))
        assert_error(check(keyed, mark, API_KEY), 404, "not_found", "id")
        assert_error(check(keyed, mark_of(generate(keyed, API_KEY)), None), 404, "not_found", "id")


def test_nothing_of_a_token_shows_anywhere(
    paid: Gateway, anyone: httpx.Client, piclumen: Piclumen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    piclumen.state_words = ["marinating"]
    with Piclumen() as elsewhere:
        paid.environment["PICLUMEN_RESULT_ORIGINS"] = elsewhere.url
        piclumen.files_origin = elsewhere.url
        answers = [generate(anyone), generate(anyone, prompt="[fails]"), generate(anyone, prompt="[refused]")]
        piclumen.plan(CREATE, Reply(401, {"status": 1, "message": f"token {ALICE} is not known"}), Reply(500), Drop())
        answers += [generate(anyone) for _ in range(3)]
        marks = [mark_of(answer) for answer in answers[:2]]
        answers += [check(anyone, mark) for mark in marks]
        piclumen.plan(LOOK, Reply(401, f"{ALICE}?"), Reply(200, {"status": 1, "message": f"token={ALICE}"}))
        answers += [check(anyone, marks[0]), check(anyone, marks[0]), check(anyone, f"{marks[0]}x")]
        answers.append(check(anyone, marks[0]))
        url = state(answers[-1])["image_url"]
        answers += [anyone.get(url), anyone.post("/nope", params={"authorization_token": ALICE})]
        assert [call.path for call in elsewhere.calls]
        assert ALICE not in repr(elsewhere.calls)
    for answer in answers:
        assert ALICE not in answer.text
        assert ALICE not in repr(answer.headers)
    # The client of this test logs its own requests, from its own thread.
    ours = [record for record in caplog.records if record.thread != threading.get_ident()]
    assert any("marinating" in record.getMessage() for record in ours)
    assert ALICE not in repr([(record.getMessage(), record.__dict__) for record in ours])
    for call in piclumen.calls:
        bare = call.headers.get("authorization") == ALICE and call.path.startswith("/api")
        rest = {name: value for name, value in call.headers.items() if name != "authorization"}
        assert bare
        assert ALICE not in repr((call.path, call.query, call.body, rest))


def test_an_id_holds_eight_bytes_of_a_keyed_hash(gateway: Gateway, anyone: httpx.Client) -> None:
    mark = mark_of(generate(anyone))
    job = tickets().job(mark)
    assert len(job.owner) == 11  # 8 bytes as base64
    gateway.environment["SIGNING_KEYS"] = "another signing key"
    other = tickets(keys=("another signing key",)).job(mark_of(generate(anyone)))
    assert other.owner != job.owner
    assert other.account == job.account  # which says only that it is a caller's own
    assert_error(check(anyone, mark), 404, "not_found", "id")


def test_ids_go_on_after_the_signing_key_was_rolled(gateway: Gateway, anyone: httpx.Client) -> None:
    mark = mark_of(generate(anyone))
    gateway.environment["SIGNING_KEYS"] = f"a new signing key,{gateway.environment['SIGNING_KEYS']}"
    assert state(check(anyone, mark))["statuscode"] == 200


def test_an_account_called_like_nothing_cannot_be_configured(gateway: Gateway, anyone: httpx.Client) -> None:
    """Callers' accounts have no name, and so no other account is taken for one of them."""
    gateway.environment["ACCOUNTS"] = f'[{{"id": "", "provider": "piclumen", "key": "{OPERATOR}"}}]'
    assert_error(generate(anyone), 500, "misconfigured")


def test_guests_have_a_limit_of_their_own(paid: Gateway, anyone: httpx.Client, piclumen: Piclumen) -> None:
    paid.environment |= {"MAX_GUEST_TASKS": "1", "MAX_CONCURRENT_TASKS": "2"}
    piclumen.plan(CREATE, Slow(1.0))
    with ThreadPoolExecutor() as pool, paid.client() as keyed:
        slow = pool.submit(generate, anyone)
        eventually(lambda: bool(piclumen.calls))
        refused = generate(anyone, BOB)
        assert "guest" in assert_error(refused, 429, "rate_limit_exceeded")["message"]
        assert (refused.headers["x-should-retry"], refused.headers["retry-after"]) == ("true", "2")
        assert anyone.get("/health").json()["concurrent_tasks"] == 0
        assert [generate(keyed, token).status_code for token in (None, BOB)] == [200, 200]
        assert slow.result().status_code == 200
    assert generate(anyone, BOB).status_code == 200


def test_keyed_callers_leave_guests_their_tasks(paid: Gateway, anyone: httpx.Client, piclumen: Piclumen) -> None:
    """A key counts for its caller also with a token of the caller's own beside it."""
    paid.environment |= {"MAX_GUEST_TASKS": "1", "MAX_CONCURRENT_TASKS": "1"}
    piclumen.plan(CREATE, Slow(1.0))
    with ThreadPoolExecutor() as pool, paid.client() as keyed:
        slow = pool.submit(generate, keyed)
        eventually(lambda: bool(piclumen.calls))
        assert_error(generate(keyed, BOB), 429, "rate_limit_exceeded")
        assert generate(anyone, BOB).status_code == 200
        assert slow.result().status_code == 200


@pytest.mark.parametrize("token", [ALICE, "an-invented-token"])
def test_guests_can_be_switched_off(paid: Gateway, anyone: httpx.Client, piclumen: Piclumen, token: str) -> None:
    mark = mark_of(generate(anyone))
    paid.environment["MAX_GUEST_TASKS"] = "0"
    piclumen.calls.clear()
    for answer in (generate(anyone, token), check(anyone, mark, token)):
        error = assert_error(answer, 401, "invalid_api_key")
        assert answer.json()["detail"] == error["message"]
    assert piclumen.calls == []
    with paid.client() as keyed:
        for own in (None, ALICE):
            assert state(check(keyed, mark_of(generate(keyed, own)), own))["statuscode"] == 200


def test_a_laptop_has_no_guests(serve: Callable[..., Gateway], piclumen: Piclumen) -> None:
    gateway = serve(open_mode=True, MAX_GUEST_TASKS="0", **piclumen.environment())
    with httpx.Client(base_url=gateway.url, verify=False) as local:
        assert generate(local).status_code == 200


def test_an_idempotency_key_starts_one_task_for_each_caller(anyone: httpx.Client, piclumen: Piclumen) -> None:
    anyone.headers["idempotency-key"] = "the same for all"
    first, again = mark_of(generate(anyone)), mark_of(generate(anyone))
    other = mark_of(generate(anyone, BOB))
    assert first == again != other
    assert len(piclumen.tasks) == 2
    assert_error(generate(anyone, prompt="another"), 422, "idempotency_key_reused", "Idempotency-Key")


# The same upstream for OpenAI's clients


@pytest.fixture
def sdk(paid: Gateway) -> Iterator[openai.OpenAI]:
    with paid.openai() as sdk:
        yield sdk


def test_the_sdk_makes_pictures(sdk: openai.OpenAI, piclumen: Piclumen, anyone: httpx.Client) -> None:
    answer = sdk.images.generate(model="piclumen-fast", prompt="a cat", size="1536x1024", n=3, response_format="url")
    assert answer.data
    contents = [anyone.get(picture.url or "").content for picture in answer.data]
    assert len(set(contents)) == 3
    assert {png_size(content) for content in contents} == {(1536, 1024)}
    orders = asked(piclumen, CREATE)
    assert [order["resolution"]["batch_size"] for order in orders] == [2, 1]
    assert orders[0]["seed"] != orders[1]["seed"]
    assert {(order["steps"], order["cfg"], order["sampler_name"]) for order in orders} == {(6, 1, "euler")}


def test_a_seed_is_random_unless_it_is_given(sdk: openai.OpenAI, piclumen: Piclumen) -> None:
    for seed in (None, None, -1, 7):
        extra = {} if seed is None else {"seed": seed}
        sdk.images.generate(model="piclumen-fast", prompt="a cat", response_format="url", extra_body=extra)
    *random, given = [order["seed"] for order in asked(piclumen, CREATE)]
    assert len(set(random)) == 3
    assert all(10**9 <= seed <= 10**11 for seed in random)
    assert given == 7


def test_a_model_that_always_makes_four_gives_as_many_as_asked(sdk: openai.OpenAI, piclumen: Piclumen) -> None:
    answer = sdk.images.generate(model="piclumen-midjourney", prompt="a cat", response_format="url")
    assert answer.data
    assert len(answer.data) == 1
    [order] = asked(piclumen, CREATE)
    assert order["resolution"]["batch_size"] == 4
    assert order["sampler_name"] is None


def test_refused_content_reaches_the_sdk(sdk: openai.OpenAI, piclumen: Piclumen) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.images.generate(model="piclumen-fast", prompt="[refused]")
    assert refused.value.code == "moderation_blocked"
    with pytest.raises(openai.APIStatusError) as flagged:
        sdk.images.generate(model="piclumen-fast", prompt="[flagged]")
    assert (flagged.value.status_code, flagged.value.code) == (424, "moderation_blocked")
    assert len(asked(piclumen, CREATE)) == 2


def test_listed_models_can_be_asked_for(sdk: openai.OpenAI, piclumen: Piclumen) -> None:
    assert {model.id for model in sdk.models.list()} >= {"piclumen-fast", "piclumen-lineart-v1"}
    sdk.images.generate(model="piclumen-lineart-v1", prompt="a cat", extra_headers={"prefer": "respond-async"})
    [order] = asked(piclumen, CREATE)
    assert order["resolution"] == {"width": 832, "height": 1216, "batch_size": 1}
    assert (order["steps"], order["model_ability"]) == (30, {"a": None})
    assert order["negative_prompt"] == "NSFW, watermark"


def test_settings_of_a_model_can_be_configured(paid: Gateway, sdk: openai.OpenAI, piclumen: Piclumen) -> None:
    paid.environment["PICLUMEN_MODELS"] = (
        '{"lines": {"upstream": "5f4f2a3b-8a6c-4d0e-9b1f-2c7d5e8a9b10", "typical_seconds": 0, "settings":'
        ' {"steps": 8, "cfg": 2.5, "sampler_name": "euler", "scheduler": "normal"}, "sizes": ["512x768"]}}'
    )
    answer = sdk.images.generate(model="lines", prompt="a cat", size="1024x1536", response_format="url")
    assert answer.data
    [order] = asked(piclumen, CREATE)
    assert (order["steps"], order["cfg"], order["resolution"]["width"]) == (8, 2.5, 512)
