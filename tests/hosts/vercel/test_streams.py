"""Big answers on Vercel: at once, in little memory, whole or visibly broken; and clients that leave."""

from __future__ import annotations

import httpx
import pytest

from tests.emulators.faults import Cut
from tests.emulators.files import Gate
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import (
    GENERATIONS,
    OUTPUT,
    Json,
    assert_falls_silent,
    eventually,
    finished_job,
    leaving_client,
    looks,
    received_until_cut,
)
from tests.hosts.big import SIZE, assert_right, decoded
from tests.hosts.vercel.front import Front

pytestmark = pytest.mark.hosts

MOST_MEMORY = 96.0
FORMS: dict[str, Json] = {"json": {"response_format": "b64_json"}, "events": {"stream": True}}


def test_a_file(front: Front, client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = SIZE, Gate(2)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        assert zimage.gate.passed == 2  # the third chunk waits to be let out
        zimage.gate.open()
        assert_right(first, pieces)
    assert front.instance("files").memory() < MOST_MEMORY


@pytest.mark.parametrize("form", FORMS)
def test_a_file_inside_of_text(front: Front, client: httpx.Client, zimage: ZImage, form: str) -> None:
    zimage.payload, zimage.gate = SIZE, Gate(2)
    with client.stream("POST", GENERATIONS, json={"prompt": f"a cat as {form}", **FORMS[form]}) as answer:
        pieces = decoded(answer.iter_raw())
        first = next(piece for piece in pieces if piece)
        assert zimage.gate.passed == 2
        zimage.gate.open()
        assert_right(first, pieces)
    assert front.instance("images_generations").memory() < MOST_MEMORY


def test_a_file_that_is_cut(client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.ranges = SIZE, False
    zimage.plan(OUTPUT, *[Cut(SIZE // 8)] * 3)
    assert len(received_until_cut(client, "GET", url)) < SIZE


def test_an_instance_that_dies_in_mid_file(front: Front, client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = SIZE, Gate(8)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        front.instance("files").kill()
        with pytest.raises(httpx.RemoteProtocolError):
            assert_right(first, pieces)
    zimage.gate.open()
    assert client.head(url).status_code == 200  # from another instance


def test_a_client_that_leaves_in_mid_file(front: Front, client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = SIZE, Gate(8)
    with client.stream("GET", url) as answer:
        assert next(answer.iter_raw())
        assert zimage.open_streams
    eventually(lambda: not zimage.open_streams, seconds=10)
    eventually(lambda: not front.instance("files").running, seconds=10)


@pytest.mark.parametrize("form", FORMS)
def test_a_client_that_leaves_while_a_job_runs(front: Front, zimage: ZImage, form: str) -> None:
    zimage.next_fate(Fate.NEVER_ENDS)
    with leaving_client(front, prompt=f"without an end as {form}", **FORMS[form]):
        eventually(lambda: looks(zimage) > 3, seconds=10)
    assert_falls_silent(lambda: looks(zimage))
    assert not front.instance("images_generations").running
