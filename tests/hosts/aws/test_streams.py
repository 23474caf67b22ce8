"""Big files through the deployed functions that stream: at once, in little memory, whole or visibly broken."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest

from tests.emulators.faults import Cut
from tests.emulators.files import Gate
from tests.emulators.png import BigFile
from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, OUTPUT, eventually, finished_job
from tests.hosts.aws.conftest import Deployed

pytestmark = pytest.mark.hosts

BIG = 64 << 20
MOST_MEMORY = 64.0


@pytest.fixture
def deployed(streaming: Deployed, zimage: ZImage) -> Deployed:
    """In environments of their own, so that what they hold in memory is of these tests."""
    streaming.environments.close()
    return streaming


def peak(deployed: Deployed, function: str) -> float:
    [environment] = deployed.environments.of(function)
    return environment.peak()


def assert_right(pieces: Iterator[bytes]) -> None:
    """All bytes of the big file, in order, without holding them."""
    expected, passed = BigFile(BIG), 0
    for piece in pieces:
        assert piece == expected[passed : passed + len(piece)]
        passed += len(piece)
    assert passed == BIG


def test_a_file(deployed: Deployed, client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = BIG, Gate(2)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        assert zimage.gate.passed == 2  # the third chunk waits to be let out
        zimage.gate.open()
        assert_right(_after(first, pieces))
    assert peak(deployed, "files") < MOST_MEMORY


def test_a_file_inside_of_json(deployed: Deployed, client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload, zimage.gate = BIG, Gate(2)
    order = {"prompt": "a cat", "response_format": "b64_json"}
    with client.stream("POST", GENERATIONS, json=order) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        assert zimage.gate.passed == 2
        zimage.gate.open()
        assert_right(_decoded(_after(first, pieces)))
    assert peak(deployed, "images_generations") < MOST_MEMORY


def test_a_file_that_is_cut(client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload = BIG
    zimage.plan(OUTPUT, *[Cut(BIG // 8)] * 3)
    zimage.ranges = False
    with client.stream("GET", url) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            assert_right(answer.iter_raw())


def test_an_environment_that_dies_in_mid_file(deployed: Deployed, client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = BIG, Gate(8)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        deployed.environments.kill_busy("files")
        with pytest.raises(httpx.RemoteProtocolError):
            assert_right(_after(first, pieces))


def test_the_upstream_is_left_when_the_environment_dies(
    deployed: Deployed, client: httpx.Client, zimage: ZImage
) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = BIG, Gate(8)
    with client.stream("GET", url) as answer:
        assert next(answer.iter_raw())
        assert zimage.open_streams
        deployed.environments.kill_busy("files")
        zimage.gate.open()
        eventually(lambda: not zimage.open_streams, seconds=10)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of the answer's only picture."""
    text, begun = b"", False
    for piece in pieces:
        text += piece
        if not begun:
            begun, text = b'"b64_json":"' in text, text.partition(b'"b64_json":"')[2] or text
        if begun:
            encoded, end, _ = text.partition(b'"')
            usable = len(encoded) if end else len(encoded) // 4 * 4
            yield base64.b64decode(encoded[:usable], validate=True)
            if end:
                return
            text = text[usable:]
