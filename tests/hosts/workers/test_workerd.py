"""The Worker under the platform's own runtime, for what Pyodide alone cannot show: its streams, its rules on I/O."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.emulators.faults import Cut
from tests.emulators.files import Gate
from tests.emulators.png import BigFile
from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, OUTPUT, decoded, eventually, finished_job, received_until_cut
from tests.hosts.workers import workerd
from tests.rig import API_KEY, OTHER_KEY, SIGNING_KEY

pytestmark = pytest.mark.hosts

BIG = 16 << 20


@pytest.fixture(scope="module")
def running(staged: None, upstream: dict[str, str]) -> Iterator[workerd.Workerd]:
    if lacking := workerd.missing():
        pytest.skip(lacking)
    server = workerd.Workerd({"API_KEYS": f"{API_KEY},{OTHER_KEY}", "SIGNING_KEYS": SIGNING_KEY, **upstream})
    yield server
    server.close()


@pytest.fixture
def client(running: workerd.Workerd, zimage: ZImage) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {API_KEY}"}
    with httpx.Client(base_url=running.url, headers=headers, timeout=60, verify=False) as client:
        yield client


@pytest.fixture
def url(client: httpx.Client, zimage: ZImage) -> str:
    """The address of a big file."""
    url: str = finished_job(client)["data"][0]["url"]
    zimage.payload = BIG
    return url


def test_a_picture(running: workerd.Workerd, zimage: ZImage) -> None:
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=API_KEY) as sdk:
        answer = sdk.images.generate(prompt="a lighthouse")
    assert answer.data
    assert decoded(answer.data[0].b64_json).startswith(b"\x89PNG")


def test_a_file(client: httpx.Client, zimage: ZImage, url: str) -> None:
    zimage.gate = Gate(2)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        received = next(pieces)
        zimage.gate.open()
        received += b"".join(pieces)
    assert answer.headers["content-length"] == str(BIG)
    assert received == BigFile(BIG)[slice(0, BIG)]


def test_a_file_that_breaks_off(client: httpx.Client, zimage: ZImage, url: str) -> None:
    zimage.plan(OUTPUT, Cut(2 << 20))
    assert len(received_until_cut(client, "GET", url)) < BIG


def test_a_picture_inside_of_json_that_breaks_off(client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload, zimage.ranges = 1 << 20, False
    zimage.plan(OUTPUT, *[Cut(600_000)] * 5)
    assert received_until_cut(client, "POST", GENERATIONS, json={"prompt": "a dog", "response_format": "b64_json"})


def test_a_caller_who_leaves(client: httpx.Client, zimage: ZImage, url: str) -> None:
    zimage.gate = Gate(4)
    with client.stream("GET", url) as answer:
        next(answer.iter_raw())
    eventually(lambda: not zimage.open_streams, seconds=5)
