"""What the deployed functions promise, with the exec wrapper and without it, to the real SDK and to plain HTTP."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.emulators.faults import Cut
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import GENERATIONS, OUTPUT, assert_error, decoded, finished_job, png_size
from tests.hosts.aws.rig import Deployed

pytestmark = pytest.mark.hosts


def fetched(url: str | None) -> bytes:
    """A file, by its link and without a key."""
    assert url
    answer = httpx.get(url, trust_env=False, timeout=30, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("model", ["zimage-turbo", "sketch"])
def test_a_picture(sdk: openai.OpenAI, model: str) -> None:
    answer = sdk.images.generate(model=model, prompt="a lighthouse", size="512x512", n=2)
    assert answer.data
    pictures = [decoded(item.b64_json) for item in answer.data]
    assert [fetched(item.url) for item in answer.data] == pictures
    assert [png_size(picture) for picture in pictures] == [(512, 512)] * 2


def test_links_lead_back_through_the_stage_and_the_prefix(deployed: Deployed, sdk: openai.OpenAI) -> None:
    answer = sdk.images.generate(prompt="a lighthouse", response_format="url")
    assert answer.data
    assert str(answer.data[0].url).startswith(f"{deployed.url}/images/")


def test_events(sdk: openai.OpenAI) -> None:
    events = list(sdk.images.generate(prompt="a lighthouse", stream=True))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert decoded(events[0].b64_json).startswith(b"\x89PNG")


def test_a_job_that_nobody_waits_for(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 3
    job = finished_job(client)
    assert job["status"] == "completed"
    assert png_size(fetched(job["data"][0]["url"])) == (1024, 1024)


def test_where_a_job_is_found(deployed: Deployed, client: httpx.Client) -> None:
    answer = client.post(GENERATIONS, json={"prompt": "a cat"}, headers={"prefer": "respond-async"})
    assert answer.status_code == 202
    origin = httpx.URL(deployed.url).copy_with(path="/")
    assert client.get(origin.join(answer.headers["location"])).json()["object"] == "job"


def test_a_failed_job(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS)
    with pytest.raises(openai.APIStatusError) as raised:
        sdk.images.generate(prompt="a lighthouse")
    assert (raised.value.status_code, raised.value.code) == (424, "generation_failed")
    assert len(zimage.submits) == 1


def test_ranges_and_heads(client: httpx.Client) -> None:
    url = finished_job(client)["data"][0]["url"]
    whole = client.get(url)
    part = client.get(url, headers={"range": "bytes=8-15"})
    assert (part.status_code, part.content) == (206, whole.content[8:16])
    assert part.headers["content-range"] == f"bytes 8-15/{len(whole.content)}"
    head = client.head(url)
    assert (head.status_code, head.headers["content-type"]) == (200, "image/png")
    assert client.get(url, headers={"if-none-match": whole.headers["etag"]}).status_code == 304


def test_models(sdk: openai.OpenAI) -> None:
    names = [model.id for model in sdk.models.list()]
    assert {"zimage-turbo", "sketch", "dall-e-3"} <= set(names)
    assert sdk.models.retrieve("zimage-turbo").owned_by == "zimage"


def test_the_front_page_and_health(deployed: Deployed, client: httpx.Client) -> None:
    assert client.get("/").json()["base_url"] == f"{deployed.url}/v1"
    assert client.get("/ping").text == "pong"
    assert httpx.get(f"{deployed.gateway.url}/health", verify=False).json()["status"] == "healthy"


def test_preflights(client: httpx.Client) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    answer = client.options(GENERATIONS, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


class TestRefusals:
    """Whoever refuses, the function or the gateway, says so in OpenAI's envelope."""

    def test_bad_requests(self, sdk: openai.OpenAI, client: httpx.Client) -> None:
        with pytest.raises(openai.BadRequestError):
            sdk.images.generate(prompt="a cat", n=11)
        assert_error(client.get("/v1/nothing"), 404, "unknown_url")
        assert_error(client.delete("/v1/models"), 405, "method_not_allowed")
        assert_error(httpx.get(f"{client.base_url}v1/models", verify=False), 401, "invalid_api_key")

    def test_another_stage(self, deployed: Deployed, client: httpx.Client) -> None:
        other = f"{deployed.gateway.url.removesuffix(deployed.deployment.stage)}nothing/v1/models"
        answer = client.get(other)
        assert answer.status_code == 403
        assert answer.json()["error"] == {
            "message": "Forbidden",
            "type": "invalid_request_error",
            "param": None,
            "code": "refused_by_gateway",
        }

    @pytest.mark.parametrize("size", [5 << 20, 11 << 20], ids=["beyond Lambda", "beyond the gateway"])
    def test_a_body_that_is_too_large(self, client: httpx.Client, zimage: ZImage, size: int) -> None:
        answer = client.post(GENERATIONS, json={"prompt": "x" * size})
        assert answer.status_code == 413
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
        assert not zimage.submits

    def test_the_largest_body(self, client: httpx.Client) -> None:
        answer = client.post(GENERATIONS, json={"prompt": "a cat", "response_format": "url", "user": "x" * 4_190_000})
        assert answer.status_code == 200


def test_a_result_that_breaks_is_never_a_short_file(client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.ranges = 4 << 20, False
    zimage.plan(OUTPUT, *[Cut(2 << 20)] * 5)
    try:
        answer = client.get(url)
    except httpx.RemoteProtocolError:
        return
    assert answer.status_code >= 400
