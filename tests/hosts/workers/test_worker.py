"""What is the Worker's own: settings that come with each request, and what it tells the platform to wait for."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.emulators.zimage import ZImage
from tests.functions.helpers import (
    GENERATIONS,
    assert_falls_silent,
    eventually,
    leaving_client,
    looks,
    order,
)
from tests.hosts.workers.front import Front

pytestmark = pytest.mark.hosts


def test_several_pictures(sdk: openai.OpenAI, zimage: ZImage) -> None:
    answer = sdk.images.generate(prompt="a lighthouse", n=4, response_format="b64_json")
    assert len(answer.data or ()) == 4


def test_two_large_requests_of_a_stranger_on_one_connection(front: Front, zimage: ZImage) -> None:
    with front.client("a key that nobody has") as stranger:
        assert [stranger.post(GENERATIONS, content=bytes(1 << 20)).status_code for _ in range(2)] == [401, 401]
    assert not zimage.submits


def test_a_caller_who_leaves_is_not_waited_for(front: Front, zimage: ZImage) -> None:
    zimage.steps = 10_000
    with leaving_client(front, stream=True):
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
        program = "from shared.bootstrap import configure\nconfigure({'API_KEYS': 24 * 'x'}).settings.max_wait"
        assert front.run(program) == 90


def test_what_only_other_hosts_need_stays_out(front: Front, client: httpx.Client) -> None:
    assert client.get("/v1/models").status_code == 200
    loaded = front.run("import sys\nsorted({name.partition('.')[0] for name in sys.modules})")
    assert {"workers", "starlette", "httpx"} <= set(loaded)
    assert not {"mangum", "boto3", "uvicorn", "httpcore", "certifi"} & set(loaded)
