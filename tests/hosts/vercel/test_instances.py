"""One instance of a function on Vercel: many requests at once, until when each has to be answered, its end, its log."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from signal import SIGTERM

import httpx
import pytest

from tests.emulators.files import Gate
from tests.emulators.zimage import ZImage
from tests.functions.helpers import eventually, finished_job
from tests.hosts.vercel.front import Front

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
