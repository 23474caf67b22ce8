"""Big files through the deployed functions that stream: at once, in little memory, whole or visibly broken."""

from __future__ import annotations

import httpx
import pytest

from tests.emulators.faults import Cut
from tests.emulators.files import Gate
from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, OUTPUT, eventually, finished_job
from tests.hosts.aws.conftest import Deployed
from tests.hosts.big import SIZE, assert_right, decoded

pytestmark = pytest.mark.hosts

MOST_MEMORY = 64.0


@pytest.fixture
def deployed(streaming: Deployed, zimage: ZImage) -> Deployed:
    """In environments of their own, so that what they hold in memory is of these tests."""
    streaming.environments.close()
    return streaming


def peak(deployed: Deployed, function: str) -> float:
    [environment] = deployed.environments.of(function)
    return environment.peak()


def test_a_file(deployed: Deployed, client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = SIZE, Gate(2)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        assert zimage.gate.passed == 2  # the third chunk waits to be let out
        zimage.gate.open()
        assert_right(first, pieces)
    assert peak(deployed, "files") < MOST_MEMORY


def test_a_file_inside_of_json(deployed: Deployed, client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload, zimage.gate = SIZE, Gate(2)
    order = {"prompt": "a cat", "response_format": "b64_json"}
    with client.stream("POST", GENERATIONS, json=order) as answer:
        pieces = decoded(answer.iter_raw())
        first = next(piece for piece in pieces if piece)
        assert zimage.gate.passed == 2
        zimage.gate.open()
        assert_right(first, pieces)
    assert peak(deployed, "images_generations") < MOST_MEMORY


def test_a_file_that_is_cut(client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload = SIZE
    zimage.plan(OUTPUT, *[Cut(SIZE // 8)] * 3)
    zimage.ranges = False
    with client.stream("GET", url) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            assert_right(b"", answer.iter_raw())


def test_an_environment_that_dies_in_mid_file(deployed: Deployed, client: httpx.Client, zimage: ZImage) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = SIZE, Gate(8)
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        deployed.environments.kill_busy("files")
        with pytest.raises(httpx.RemoteProtocolError):
            assert_right(first, pieces)


def test_the_upstream_is_left_when_the_environment_dies(
    deployed: Deployed, client: httpx.Client, zimage: ZImage
) -> None:
    url = finished_job(client)["data"][0]["url"]
    zimage.payload, zimage.gate = SIZE, Gate(8)
    with client.stream("GET", url) as answer:
        assert next(answer.iter_raw())
        assert zimage.open_streams
        deployed.environments.kill_busy("files")
        zimage.gate.open()
        eventually(lambda: not zimage.open_streams, seconds=10)
