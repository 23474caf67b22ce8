"""What is Vercel's own in front of the functions: sources that nobody gets, the edge's limit, settings, a prefix."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, assert_error, png_size
from tests.hosts.vercel.front import LARGEST_BODY
from tests.hosts.vercel.rig import Serve
from tests.rig import API_KEY

pytestmark = [pytest.mark.hosts, pytest.mark.usefixtures("zimage")]


class TestRefusals:
    """In OpenAI's envelope, whatever the path, except where the platform does not let a request through to us."""

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/nothing",
            "/requirements.txt",
            "/functions/root.py",
            "/shared/config.py",
            "/vercel.json",
            "/%2e%2e/.env",
        ],
    )
    def test_nothing_of_the_project_is_to_be_had(self, client: httpx.Client, path: str) -> None:
        assert_error(client.get(path), 404, "unknown_url")

    def test_the_platform_takes_no_large_body(self, client: httpx.Client, zimage: ZImage) -> None:
        answer = client.post(GENERATIONS, content=b" " * (LARGEST_BODY + 1))
        assert (answer.status_code, answer.headers["x-vercel-error"]) == (413, "FUNCTION_PAYLOAD_TOO_LARGE")
        assert not zimage.submits


def test_a_prefix(deploy_to_vercel: Serve) -> None:
    front = deploy_to_vercel(API_PREFIX="/hf")
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
def test_a_setting_that_is_wrong_is_named(deploy_to_vercel: Serve, settings: dict[str, str | None], named: str) -> None:
    front = deploy_to_vercel(**settings)
    for _ in range(2):
        answer = httpx.get(f"{front.url}/v1/models", verify=False)
        assert answer.status_code == 500
        assert answer.json()["error"]["message"].startswith(f"{named}: ")
    assert front.instance("models").alive
