"""One instance of a function on Vercel: many requests at once, until when each has to be answered, its end, its log."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from signal import SIGTERM

import httpx
import pytest

from tests.emulators.faults import Cut
from tests.emulators.files import Gate
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import GENERATIONS, OUTPUT, assert_error, eventually, finished_job, received_until_cut
from tests.hosts.vercel.conftest import Serve
from tests.hosts.vercel.front import Front
from tests.rig import API_KEY, OTHER_KEY, SIGNING_KEY

pytestmark = pytest.mark.hosts


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(10) as pool:
        yield pool


def test_ten_requests_at_once(front: Front, client: httpx.Client, zimage: ZImage, pool: ThreadPoolExecutor) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = 1 << 20, Gate()
    instance = front.instance("files")
    answers = [pool.submit(client.get, url) for _ in range(10)]
    eventually(lambda: len(instance.running) == 10, seconds=10)
    zimage.gate.open()
    assert {len(answer.result(10).content) for answer in answers} == {1 << 20}
    assert front.instance("files") is instance


def test_the_deadline_of_an_invocation(front: Front, client: httpx.Client, zimage: ZImage) -> None:
    """It answers by itself, before the platform ends it: with the job, which goes on."""
    front.seconds = 3.0
    zimage.next_fate(Fate.NEVER_ENDS)
    answer = client.post(GENERATIONS, json={"prompt": "without an end until then"})
    assert_error(answer, 424, "generation_pending")
    front.seconds = None
    assert client.get(f"/v1/jobs/{answer.json()['error']['job']}").status_code == 200


def test_an_instance_that_is_told_to_end(
    front: Front, client: httpx.Client, zimage: ZImage, pool: ThreadPoolExecutor
) -> None:
    """What it has begun, it brings to its end."""
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = 1 << 20, Gate()
    instance = front.instance("files")
    answer = pool.submit(client.get, url)
    eventually(lambda: bool(zimage.open_streams), seconds=10)
    instance.interrupt()
    zimage.gate.open()
    assert len(answer.result(10).content) == 1 << 20
    assert instance.exit_status() == -SIGTERM


def test_nothing_in_the_log_tells_who_asked_for_what(deploy: Serve, zimage: ZImage) -> None:
    """Good and bad requests, and an answer that breaks: of them all, only that one leaves a trace."""
    front = deploy()
    with httpx.Client(base_url=front.url, headers={"authorization": f"Bearer {API_KEY}"}, verify=False) as client:
        job = finished_job(client, prompt="a very private picture")
        link = job["data"][0]["url"]
        assert client.get(f"{link}?signature=query-text").status_code == 200
        assert client.get("/v1/jobs/unknown-id?a=query-text").status_code == 404
        assert client.post(GENERATIONS, content="{private").status_code == 400
        assert client.post(GENERATIONS, json={"prompt": "private", "n": 99}).status_code == 400
        assert client.get("/v1/models", headers={"authorization": f"Bearer {OTHER_KEY}x"}).status_code == 401
        assert not front.stop()

        zimage.payload, zimage.ranges = 8 << 20, False
        zimage.plan(OUTPUT, *[Cut(1 << 20)] * 3)
        received_until_cut(client, "GET", link)
        zimage.next_fate(Fate.FAILS)
        assert client.post(GENERATIONS, json={"prompt": "a very private failure"}).status_code == 424
        log = front.stop()
    assert "ResultLost" in log
    asset = link.rpartition("/")[2].partition(".")[0]
    told = [API_KEY, OTHER_KEY, SIGNING_KEY, "private", "query-text", "unknown-id", job["id"], asset, zimage.url, "://"]
    assert [text for text in told if text in log] == []
