"""Files through the Worker: the platform carries them, and Python sees no more than how they begin."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import httpx
import pytest

from tests.emulators.faults import Cut, Reply
from tests.emulators.files import Gate
from tests.emulators.png import BigFile
from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, OUTPUT, assert_error, eventually, finished_job, received_until_cut
from tests.hosts.workers.front import Front

pytestmark = pytest.mark.hosts

BIG = 16 << 20
ALL = slice(0, BIG)


@pytest.fixture
def url(client: httpx.Client, zimage: ZImage) -> str:
    """The address of a big file."""
    url: str = finished_job(client)["data"][0]["url"]
    zimage.payload = BIG
    return url


@pytest.fixture
def reads(front: Front, url: str) -> Callable[[], int]:
    """How many chunks of upstreams' answers Python has read since."""
    before = front.counts()["reads"]
    return lambda: front.counts()["reads"] - before


def test_a_file_leaves_as_it_comes(client: httpx.Client, zimage: ZImage, url: str, reads: Callable[[], int]) -> None:
    zimage.gate = Gate(2)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        received = next(pieces)
        assert zimage.gate.passed == 2  # the third chunk waits to be let out
        zimage.gate.open()
        received += b"".join(pieces)
    assert answer.headers["content-length"] == str(BIG)
    assert received == BigFile(BIG)[ALL]
    assert reads() == 1


def test_a_range_too(client: httpx.Client, url: str, reads: Callable[[], int]) -> None:
    answer = client.get(url, headers={"range": f"bytes={1 << 20}-"})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {1 << 20}-{BIG - 1}/{BIG}"
    assert answer.content == BigFile(BIG)[slice(1 << 20, BIG)]
    assert reads() == 1


def test_a_range_of_an_upstream_that_knows_none(client: httpx.Client, zimage: ZImage, url: str) -> None:
    zimage.ranges = False
    answer = client.get(url, headers={"range": "bytes=100000-199999"})
    assert (answer.status_code, answer.headers["content-length"]) == (206, "100000")
    assert answer.content == BigFile(BIG)[slice(100_000, 200_000)]


def test_a_file_that_comes_compressed_unasked(client: httpx.Client, zimage: ZImage, url: str) -> None:
    """The platform undoes it, and with it nobody knows the length any more."""
    zimage.plan(OUTPUT, Reply(200, gzip.compress(BigFile(BIG)[ALL], 1), {"content-encoding": "gzip"}))
    answer = client.get(url)
    assert "content-length" not in answer.headers
    assert answer.content == BigFile(BIG)[ALL]


def test_a_small_file(client: httpx.Client, zimage: ZImage, url: str) -> None:
    """The first chunk is all of it, and for the platform nothing is left."""
    zimage.payload = 70
    assert client.get(url).content == BigFile(70)[slice(0, 70)]


def test_what_is_no_media_is_not_served(client: httpx.Client, zimage: ZImage, url: str) -> None:
    zimage.plan(OUTPUT, Reply(200, "<html>" * 100_000, {"content-type": "image/png"}))
    assert_error(client.get(url), 502, "upstream_unavailable")


def test_a_caller_who_leaves_ends_it_upstream(front: Front, client: httpx.Client, zimage: ZImage, url: str) -> None:
    zimage.gate = Gate(4)
    with client.stream("GET", url) as answer:
        next(answer.iter_raw())
    eventually(lambda: not zimage.open_streams, seconds=5)
    assert zimage.closed_early
    eventually(lambda: not front.counts()["waiting"], seconds=5)


@pytest.mark.parametrize("ranges", [True, False])
def test_one_that_breaks_off_is_seen_to(client: httpx.Client, zimage: ZImage, url: str, ranges: bool) -> None:
    """What the platform carries is not resumed: the caller can do that, by a range."""
    zimage.ranges = ranges
    zimage.plan(OUTPUT, Cut(2 << 20))
    received = received_until_cut(client, "GET", url)
    assert received == BigFile(BIG)[slice(0, len(received))]


def test_a_picture_inside_of_json_that_breaks_off_is_taken_up_again(client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload = 1 << 20
    zimage.plan(OUTPUT, Cut(600_000))
    answer = client.post(GENERATIONS, json={"prompt": "a cat", "response_format": "b64_json"})
    assert len(answer.json()["data"][0]["b64_json"]) == -(-(1 << 20) // 3) * 4


def test_and_where_it_cannot_be_the_answer_is_cut(client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload, zimage.ranges = 1 << 20, False
    zimage.plan(OUTPUT, *[Cut(600_000)] * 5)
    order = {"prompt": "a cat", "response_format": "b64_json"}
    assert received_until_cut(client, "POST", GENERATIONS, json=order)
