"""AkashGen: pictures in every form that the site gives them in, whatever the prompt is, or one clear error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.akashchat import AkashChat, Fate
from tests.emulators.faults import Reply
from tests.emulators.webp import webp, webp_size
from tests.functions.helpers import assert_error, decoded, file_url, finished_job, order, start_job
from tests.rig import Gateway

FORMS = [("L", None), ("L", "base64"), ("M", None), ("N", None), ("N", "absolute"), ("N", "data")]
QUOTED = "a cat called \"Tom\"\nwho's eating \\ a mouse' negative"


@pytest.fixture(params=FORMS, ids=str)
def each_form(request: pytest.FixtureRequest, akashchat: AkashChat) -> AkashChat:
    akashchat.dialect, akashchat.form = request.param
    return akashchat


def drawn(akashchat: AkashChat) -> bytes:
    [job] = akashchat.jobs.values()
    return webp(1024, 1024, job.colour)


def test_a_picture_arrives_as_it_was_drawn(sdk: openai.OpenAI, each_form: AkashChat) -> None:
    answer = sdk.images.generate(model="AkashGen", prompt=QUOTED, response_format="b64_json")
    assert answer.data
    picture = decoded(answer.data[0].b64_json)
    assert picture == drawn(each_form)
    assert webp_size(picture) == (1024, 1024)
    assert answer.data[0].revised_prompt == f"A detailed {QUOTED}"


def test_a_link_leads_to_the_picture_and_to_its_parts(client: httpx.Client, each_form: AkashChat) -> None:
    url = file_url(client, model="AkashGen")
    whole = client.get(url)
    assert whole.content == drawn(each_form)
    assert whole.headers["content-type"] == "image/webp"
    part = client.get(url, headers={"range": "bytes=5-9"})
    if each_form.form in ("data", "base64") or each_form.dialect == "L":
        assert (part.status_code, part.content) == (206, whole.content[5:10])
        assert part.headers["content-range"] == f"bytes 5-9/{len(whole.content)}"
        assert client.get(url, headers={"range": "bytes=-3"}).content == whole.content[-3:]
        assert client.get(url, headers={"range": "bytes=900-"}).status_code == 416
        assert client.head(url).headers["content-length"] == str(len(whole.content))
    else:
        assert (part.status_code, part.content) == (200, whole.content)


@pytest.mark.parametrize("size", [40, 41, 42, 64 << 10, (3 << 16) + 1, 1_000_003])
def test_a_picture_inside_of_an_answer_is_cut_anywhere(client: httpx.Client, akashchat: AkashChat, size: int) -> None:
    akashchat.dialect = "L"
    akashchat.payload = content = (webp(1024, 1024) + bytes(range(251)) * (size // 251 + 1))[:size]
    url = file_url(client, model="AkashGen")
    assert client.get(url).content == content
    for first, last in [(0, 0), (1, size - 1), (size - 1, size - 1), (size // 2, size - 2)]:
        part = client.get(url, headers={"range": f"bytes={first}-{last}"})
        assert (part.status_code, part.content) == (206, content[first : last + 1])


def test_no_file_is_what_it_is_called(client: httpx.Client, each_form: AkashChat) -> None:
    each_form.payload = b"<html><script>alert('this is no picture at all')</script></html>"
    answer = client.get(file_url(client, model="AkashGen"))
    assert_error(answer, 502, "upstream_unavailable")


@pytest.mark.parametrize("job", ["job x", "a" * 101, "../../etc", "null", ""])
def test_a_job_with_an_odd_name_is_none(client: httpx.Client, akashchat: AkashChat, job: str) -> None:
    tag = f"0:\"<image_generation> jobId='{job}' prompt='x' negative=''</image_generation>\"\n"
    akashchat.plan("POST /api/chat", Reply(200, tag.encode(), {"content-type": "text/plain; charset=utf-8"}))
    answer = order(client, model="AkashGen")
    assert_error(answer, 424, "upstream_failed")


REFUSALS: list[tuple[str, Fate, int, str]] = [
    ("LMN", Fate.NO_JOB, 424, "upstream_failed"),
    ("N", Fate.NO_WORKERS, 502, "upstream_unavailable"),
    ("LM", Fate.NO_WORKERS, 424, "upstream_failed"),
    ("LM", Fate.TEXT, 400, "no_image_request"),
    ("N", Fate.TEXT, 424, "upstream_failed"),
]


@pytest.mark.parametrize(("fate", "status", "code", "dialects"), [(f, s, c, d) for d, f, s, c in REFUSALS])
def test_an_order_that_is_not_taken(
    client: httpx.Client, akashchat: AkashChat, fate: Fate, status: int, code: str, dialects: str
) -> None:
    for dialect in dialects:
        akashchat.dialect = dialect  # type: ignore[assignment]  # one of its letters
        akashchat.next_fate(fate)
        error = assert_error(
            order(client, model="AkashGen"), status, code, "prompt" if code == "no_image_request" else None
        )
        assert "Hello" in error["message"] or code != "no_image_request"
    assert not akashchat.jobs


@pytest.mark.parametrize("fate", [Fate.FAILS, Fate.FAILS_IN_DISGUISE, Fate.NO_RESULT])
def test_a_job_that_fails_says_why(client: httpx.Client, each_akashchat: AkashChat, fate: Fate) -> None:
    each_akashchat.next_fate(fate)
    error = assert_error(order(client, model="AkashGen"), 424, "generation_failed")
    assert ("Failed to parse worker response" in error["message"]) == (fate is not Fate.NO_RESULT)
    assert error["job"]


def test_an_order_that_is_cut_off_may_have_been_taken(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.plan("POST /api/chat", Reply(200, b"", {"content-type": "text/plain; charset=utf-8"}))
    assert_error(order(client, model="AkashGen"), 424, "upstream_failed")


@pytest.mark.parametrize("said", ["Failed to fetch http://10.0.0.7:8188/view: timed out", "Failed"])
def test_a_failure_that_speaks_of_an_address_is_no_picture(
    client: httpx.Client, akashchat: AkashChat, said: str
) -> None:
    shown = json.dumps([{"job_id": "x", "status": "succeeded", "result": said, "queue_position": None}])
    akashchat.plan("GET /api/image-status", Reply(200, shown.encode(), {"content-type": "text/plain;charset=UTF-8"}))
    error = assert_error(order(client, model="AkashGen"), 424, "generation_failed")
    assert "10.0.0.7" not in json.dumps(error)


def test_a_job_that_the_site_does_not_know_yet_is_waited_for(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.plan("GET /api/image-status", *[Reply(404, {"error": "Middleware error: 404"})] * 2)
    assert order(client, model="AkashGen").status_code == 200
    assert len(akashchat.jobs) == 1


def test_a_tag_without_a_job_is_told_as_it_came(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.next_fate(Fate.NO_JOB)
    error = assert_error(order(client, model="AkashGen"), 424, "upstream_failed")
    assert "jobId='undefined' prompt='A detailed a cat'" in error["details"]["upstream"]


def test_a_job_that_the_site_has_lost_is_not_found(client: httpx.Client, each_akashchat: AkashChat) -> None:
    each_akashchat.steps = 3
    job = start_job(client, model="AkashGen")
    each_akashchat.jobs.clear()
    assert_error(client.get(f"/v1/jobs/{job['id']}"), 404, "not_found")


def test_a_limit_is_told_where_a_picture_was_ordered(client: httpx.Client, akashchat: AkashChat) -> None:
    line = b'3:"Rate limit exceeded. Please try again later."\n'
    akashchat.plan("POST /api/chat", Reply(200, line, {"content-type": "text/plain; charset=utf-8"}))
    assert_error(order(client, model="AkashGen"), 429, "rate_limit_exceeded")


def test_a_picture_that_the_site_has_put_elsewhere_is_not_found(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.dialect = "L"
    url = file_url(client, model="AkashGen")
    akashchat.form = "relative"
    assert_error(client.get(url), 404, "not_found")


def test_an_ended_session_costs_one_renewal_and_one_job(client: httpx.Client, each_akashchat: AkashChat) -> None:
    for _ in range(2):
        finished_job(client, model="AkashGen")
        each_akashchat.end_sessions()
    assert len(each_akashchat.jobs) == 2


def test_a_negative_prompt_is_said_in_words(client: httpx.Client, akashchat: AkashChat) -> None:
    answer = order(client, model="AkashGen", negative_prompt="blurry", seed=7, size="1792x1024")
    assert set(answer.headers["easel-ignored"].split(", ")) >= {"seed", "size"}
    assert akashchat.talks[-1].messages[0].content == "Generate an image: a cat\nNegative prompt: blurry"


BUILT_IN = {"AkashGen", "Meta-Llama-3-3-70B-Instruct", "openai-gpt-oss-120b"}
ODD_LISTS: list[Any] = [
    "<html>",
    "null",
    '"models"',
    '[1, null, {"name": "x"}, {"id": 5}, {"id": ""}]',
    '{"models": 7}',
    '{"models": [7]}',
]


def names(client: httpx.Client) -> set[str]:
    return {model["id"] for model in client.get("/v1/models").json()["data"]}


def test_the_sites_own_models_are_listed(client: httpx.Client, each_akashchat: AkashChat) -> None:
    assert names(client) >= BUILT_IN | {"Kimi-K2-Instruct"}
    names(client)
    assert sum(call.path == "/api/models/" for call in each_akashchat.calls) == (
        2 if each_akashchat.dialect == "L" else 1
    )


def test_a_list_inside_of_an_object_is_read_as_well(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.plan(
        "GET /api/models", Reply(200, {"models": [{"id": "DeepSeek-V3.2"}, {"id": "off", "available": False}]})
    )
    assert {"DeepSeek-V3.2"} <= names(client)
    assert not (BUILT_IN - {"AkashGen"} | {"off"}) & names(client)  # the fixture configures AkashGen


def test_built_in_models_that_the_site_does_not_list_are_not_offered(
    sdk: openai.OpenAI, client: httpx.Client, akashchat: AkashChat
) -> None:
    akashchat.plan(
        "GET /api/models", Reply(200, json.dumps([{"id": "AkashGen"}, {"id": "DeepSeek-V3.1", "available": False}]))
    )
    assert names(client) & (BUILT_IN | {"DeepSeek-V3.1"}) == {"AkashGen"}
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.chat.completions.create(model="openai-gpt-oss-120b", messages=[{"role": "user", "content": "Hello"}])
    assert caught.value.code == "model_not_found"
    assert not akashchat.talks


@pytest.mark.parametrize("listing", ODD_LISTS)
def test_an_odd_list_takes_no_model_away(client: httpx.Client, akashchat: AkashChat, listing: str) -> None:
    akashchat.plan("GET /api/models", Reply(200, listing))
    assert names(client) >= BUILT_IN


@pytest.mark.parametrize("status", [403, 404, 500, 502])
def test_a_list_that_fails_takes_no_model_away(
    serve: Callable[..., Gateway], client: httpx.Client, akashchat: AkashChat, status: int
) -> None:
    akashchat.plan("GET /api/models", *[Reply(status, "<html>")] * 3)
    assert names(client) >= BUILT_IN
