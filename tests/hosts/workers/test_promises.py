"""What the Worker promises to the real SDK and to plain HTTP."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.emulators.faults import Drop
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import (
    GENERATIONS,
    SUBMIT,
    assert_error,
    assert_falls_silent,
    decoded,
    eventually,
    finished_job,
    leaving_client,
    looks,
    order,
    png_size,
)
from tests.hosts.workers.front import Front

pytestmark = pytest.mark.hosts


@pytest.mark.parametrize("model", ["zimage-turbo", "sketch"])
def test_a_picture(sdk: openai.OpenAI, model: str) -> None:
    answer = sdk.images.generate(model=model, prompt="a lighthouse", size="512x512")
    assert answer.data
    picture = decoded(answer.data[0].b64_json)
    assert httpx.get(str(answer.data[0].url), timeout=30, verify=False).content == picture
    assert png_size(picture) == (512, 512)


def test_several_pictures(sdk: openai.OpenAI, zimage: ZImage) -> None:
    answer = sdk.images.generate(prompt="a lighthouse", n=4, response_format="b64_json")
    assert len(answer.data or ()) == 4


def test_events(sdk: openai.OpenAI) -> None:
    events = list(sdk.images.generate(prompt="a lighthouse", stream=True))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert decoded(events[0].b64_json).startswith(b"\x89PNG")


def test_events_leave_as_they_are_made(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 10_000
    with client.stream("POST", GENERATIONS, json={"prompt": "a cat", "stream": True}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert next(answer.iter_text()).startswith(": job ")
    assert_falls_silent(lambda: looks(zimage))


def test_a_job_that_nobody_waits_for(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 3
    job = finished_job(client)
    assert job["status"] == "completed"
    assert png_size(client.get(job["data"][0]["url"]).content) == (1024, 1024)


def test_a_failed_job(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS)
    with pytest.raises(openai.APIStatusError) as raised:
        sdk.images.generate(prompt="a lighthouse")
    assert (raised.value.status_code, raised.value.code) == (424, "generation_failed")
    assert len(zimage.submits) == 1


def test_models(sdk: openai.OpenAI) -> None:
    names = [model.id for model in sdk.models.list()]
    assert {"zimage-turbo", "sketch", "dall-e-3"} <= set(names)


def test_ranges_heads_and_what_has_no_body(client: httpx.Client) -> None:
    url = finished_job(client)["data"][0]["url"]
    whole = client.get(url)
    assert whole.headers["content-length"] == str(len(whole.content))
    part = client.get(url, headers={"range": "bytes=8-15"})
    assert (part.status_code, part.content) == (206, whole.content[8:16])
    assert part.headers["content-range"] == f"bytes 8-15/{len(whole.content)}"
    head = client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    unchanged = client.get(url, headers={"if-none-match": whole.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert client.head("/v1/models").content == b""
    assert client.options("/v1/models").status_code == 204


def test_preflights(client: httpx.Client) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    assert client.options(GENERATIONS, headers=asked).headers["access-control-allow-origin"] == "*"


def test_refusals(front: Front, client: httpx.Client, zimage: ZImage) -> None:
    assert_error(client.get("/v1/nothing"), 404, "unknown_url")
    assert_error(client.delete("/v1/models"), 405, "method_not_allowed")
    assert_error(httpx.get(f"{front.url}/v1/models", verify=False), 401, "invalid_api_key")
    assert_error(client.post(GENERATIONS, content=b"{"), 400, "invalid_json")
    assert client.post(GENERATIONS, json={"prompt": "x" * (5 << 20)}).status_code == 413
    with front.client("a key that nobody has") as stranger:  # two requests on one connection
        assert [stranger.post(GENERATIONS, content=bytes(1 << 20)).status_code for _ in range(2)] == [401, 401]
    assert not zimage.submits


def test_nothing_is_bought_twice_where_nobody_can_know(client: httpx.Client, zimage: ZImage) -> None:
    zimage.plan(SUBMIT, Drop(after=True))
    answer = order(client)
    assert answer.status_code == 424
    assert len(zimage.submits) == 1


def test_a_caller_who_leaves_is_not_waited_for(front: Front, zimage: ZImage) -> None:
    zimage.steps = 10_000
    with leaving_client(front):
        eventually(lambda: looks(zimage) > 1, seconds=5)
    assert_falls_silent(lambda: looks(zimage))
    eventually(lambda: not front.counts()["waiting"], seconds=5)


class TestSettings:
    """They come with each request."""

    def test_they_may_change(self, front: Front, client: httpx.Client, upstream: dict[str, str]) -> None:
        assert client.get("/hf/v1/models").status_code == 404
        front.configure(upstream | {"API_PREFIX": "hf"})
        assert client.get("/hf/v1/models").status_code == 200
        front.configure({})
        assert [model["id"] for model in client.get("/v1/models").json()["data"]][:1] == ["sketch"]

    def test_what_is_no_text_is_left_alone(
        self, front: Front, client: httpx.Client, upstream: dict[str, object]
    ) -> None:
        front.configure(upstream | {"BUCKET": {"deep": {"er": [1]}}})
        assert client.get("/v1/models").status_code == 200

    @pytest.mark.parametrize("bad", [{"API_KEYS": ""}, {"PROXY": "http://127.0.0.1:9"}, {"JOB_TTL_HOURS": "x"}])
    def test_a_bad_one_is_named(
        self, front: Front, client: httpx.Client, upstream: dict[str, str], bad: dict[str, str]
    ) -> None:
        front.configure(upstream | bad)
        answer = order(client, prompt=f"a {min(bad)}")
        assert answer.status_code == 500
        assert next(iter(bad)) in answer.json()["error"]["message"]

    def test_the_longest_wait_is_shorter_here(self, front: Front) -> None:
        program = "from shared.settings import configure\nconfigure({'API_KEYS': 24 * 'x'}).settings.max_wait"
        assert front.run(program) == 90


def test_what_only_other_hosts_need_stays_out(front: Front, client: httpx.Client) -> None:
    assert client.get("/v1/models").status_code == 200
    loaded = front.run("import sys\nsorted({name.partition('.')[0] for name in sys.modules})")
    assert {"workers", "starlette", "httpx"} <= set(loaded)
    assert not {"mangum", "boto3", "uvicorn", "httpcore", "certifi"} & set(loaded)
