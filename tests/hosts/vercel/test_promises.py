"""What the built functions promise on Vercel, to the real SDK and to plain HTTP."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import GENERATIONS, assert_error, decoded, finished_job, png_size
from tests.hosts.vercel.conftest import Serve
from tests.hosts.vercel.front import LARGEST_BODY, Front
from tests.rig import API_KEY

pytestmark = [pytest.mark.hosts, pytest.mark.usefixtures("zimage")]


@pytest.mark.parametrize("model", ["zimage-turbo", "sketch"])
def test_a_picture(front: Front, sdk: openai.OpenAI, client: httpx.Client, model: str) -> None:
    answer = sdk.images.generate(model=model, prompt="a lighthouse", size="512x512", n=2)
    assert answer.data
    pictures = [decoded(item.b64_json) for item in answer.data]
    assert [png_size(picture) for picture in pictures] == [(512, 512)] * 2
    links = [str(item.url) for item in answer.data]
    assert all(link.startswith(f"{front.url}/images/") for link in links)
    assert [client.get(link).content for link in links] == pictures


def test_events(sdk: openai.OpenAI) -> None:
    events = list(sdk.images.generate(prompt="a lighthouse", stream=True))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert decoded(events[0].b64_json).startswith(b"\x89PNG")


def test_a_job_that_nobody_waits_for(client: httpx.Client, zimage: ZImage) -> None:
    """Each look may come to another function than the order did."""
    zimage.steps = 3
    job = finished_job(client)
    assert job["status"] == "completed"
    assert client.get(f"/v1/tasks/{job['id']}").json()["data"]["task"]["uuid"] == job["id"]


def test_a_failed_job(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS)
    with pytest.raises(openai.APIStatusError) as raised:
        sdk.images.generate(prompt="a lighthouse that fails")
    assert (raised.value.status_code, raised.value.code) == (424, "generation_failed")
    assert len(zimage.submits) == 1


def test_ranges_and_heads(client: httpx.Client) -> None:
    url = finished_job(client)["data"][0]["url"]
    whole = client.get(url)
    part = client.get(url, headers={"range": "bytes=8-15"})
    assert (part.status_code, part.content) == (206, whole.content[8:16])
    head = client.head(url)
    assert (head.status_code, head.headers["content-type"]) == (200, "image/png")
    assert client.get(url, headers={"if-none-match": whole.headers["etag"]}).status_code == 304


def test_models(sdk: openai.OpenAI) -> None:
    assert {"zimage-turbo", "sketch", "dall-e-3"} <= {model.id for model in sdk.models.list()}
    assert sdk.models.retrieve("zimage-turbo").owned_by == "zimage"


def test_the_front_page_and_health(front: Front, client: httpx.Client) -> None:
    assert client.get("/").json()["base_url"] == f"{front.url}/v1"
    assert client.get("/ping").text == "pong"
    assert client.get("/v1/health/").json()["status"] == "healthy"


def test_preflights(client: httpx.Client) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    answer = client.options(GENERATIONS, headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


class TestRefusals:
    """In OpenAI's envelope, whatever the path, except where the platform does not let a request through to us."""

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/nothing",
            "/requirements.txt",
            "/functions/root.py",
            "/shared/settings.py",
            "/vercel.json",
            "/%2e%2e/.env",
        ],
    )
    def test_nothing_of_the_project_is_to_be_had(self, client: httpx.Client, path: str) -> None:
        assert_error(client.get(path), 404, "unknown_url")

    def test_methods_and_keys(self, client: httpx.Client) -> None:
        assert_error(client.delete("/v1/models"), 405, "method_not_allowed")
        assert_error(client.get("/v1/models", headers={"authorization": "Bearer nobody"}), 401, "invalid_api_key")

    def test_the_platform_takes_no_large_body(self, client: httpx.Client, zimage: ZImage) -> None:
        answer = client.post(GENERATIONS, content=b" " * (LARGEST_BODY + 1))
        assert (answer.status_code, answer.headers["x-vercel-error"]) == (413, "FUNCTION_PAYLOAD_TOO_LARGE")
        assert not zimage.submits

    def test_the_largest_body_of_ours(self, client: httpx.Client) -> None:
        """It is smaller than the platform's, so that it is we who refuse the next byte."""
        order = '{"prompt": "a cat", "response_format": "url", "user": "%s"}'
        user = "x" * ((4 << 20) - len(order) + 2)
        assert client.post(GENERATIONS, content=order % user).status_code == 200
        assert client.post(GENERATIONS, content=order % (user + "x")).status_code == 413


def test_a_prefix(deploy: Serve) -> None:
    front = deploy(API_PREFIX="/hf")
    with openai.OpenAI(base_url=f"{front.url}/hf/v1", api_key=API_KEY) as sdk:
        answer = sdk.images.generate(model="sketch", prompt="a lighthouse", size="256x256", response_format="url")
    assert answer.data
    link = str(answer.data[0].url)
    assert link.startswith(f"{front.url}/hf/images/")
    assert png_size(httpx.get(link, verify=False).content) == (256, 256)
    assert_error(httpx.get(f"{front.url}/v1/models", verify=False), 404, "unknown_url")


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"API_KEYS": None}, "API_KEYS"), ({"SIGNING_KEYS": None}, "SIGNING_KEYS"), ({"STATE": "disk"}, "STATE")],
    ids=["no key", "no signing key", "a bad value"],
)
def test_a_setting_that_is_wrong_is_named(deploy: Serve, settings: dict[str, str | None], named: str) -> None:
    front = deploy(**settings)
    for _ in range(2):
        answer = httpx.get(f"{front.url}/v1/models", verify=False)
        assert answer.status_code == 500
        assert answer.json()["error"]["message"].startswith(f"{named}: ")
    assert front.instance("models").alive
