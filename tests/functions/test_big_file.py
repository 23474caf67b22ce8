"""A result of 200 MB through the real local server in a process of its own: flat memory, first byte at once."""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Iterator

import httpx
import pytest

from tests.emulators.files import CHUNK, Gate
from tests.emulators.png import BigFile
from tests.emulators.zimage import ZImage
from tests.functions.conftest import DONE_AT_ONCE
from tests.functions.helpers import GENERATIONS, eventually, file_url, stands_still
from tests.local_server import LocalServer
from tests.rig import API_KEY

SIZE = 200 << 20
MOST_GROWTH = 16 << 20


@pytest.fixture
def server(zimage: ZImage) -> Iterator[LocalServer]:
    upstream = {"PROVIDERS": "zimage", "ZIMAGE_BASE_URL": zimage.url, "ZIMAGE_MODELS": DONE_AT_ONCE}
    server = LocalServer({"API_KEYS": API_KEY, **upstream})
    yield server
    server.stop()


@pytest.fixture
def client(server: LocalServer) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {API_KEY}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60, verify=False) as client:
        yield client


def checksum_of(size: int) -> int:
    content, checksum = BigFile(size), 0
    for start in range(0, size, 1 << 20):
        checksum = zlib.crc32(content[start : min(start + (1 << 20), size)], checksum)
    return checksum


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_200_mb_stream_through(server: LocalServer, client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload = 8 << 20
    assert len(client.get(file_url(client)).content) == 8 << 20, "what is made at first use is there now"
    url = file_url(client)
    zimage.payload, zimage.gate = SIZE, Gate(1)
    before = server.memory("VmRSS")
    server.forget_highest()
    received, checksum = 0, 0
    with client.stream("GET", url) as answer:
        assert answer.headers["content-length"] == str(SIZE)
        for chunk in answer.iter_raw():
            if not received:
                assert zimage.gate.passed == 1, "the first byte is here before the upstream has sent its second chunk"
                zimage.gate.open()
            received += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
    assert (received, checksum) == (SIZE, checksum_of(SIZE))
    assert server.memory("VmHWM") - before < MOST_GROWTH


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_a_large_picture_as_b64_streams_through(server: LocalServer, client: httpx.Client, zimage: ZImage) -> None:
    zimage.payload = 8 << 20
    body = {"prompt": "a cat", "response_format": "b64_json"}
    assert client.post(GENERATIONS, json=body).status_code == 200
    zimage.payload = SIZE // 2
    before = server.memory("VmRSS")
    server.forget_highest()
    with client.stream("POST", GENERATIONS, json=body) as answer:
        length = sum(len(chunk) for chunk in answer.iter_raw())
    assert length == int(answer.headers["content-length"]) > SIZE // 2 * 4 // 3
    assert server.memory("VmHWM") - before < MOST_GROWTH


def test_a_client_that_does_not_read_holds_the_upstream_back(
    server: LocalServer, client: httpx.Client, zimage: ZImage
) -> None:
    url = file_url(client)
    gate = Gate(math.inf)
    zimage.payload, zimage.gate = SIZE, gate
    with client.stream("GET", url) as answer:
        chunks = answer.iter_raw()
        next(chunks)
        eventually(lambda: stands_still(lambda: gate.passed, 0.2), seconds=5)
        assert gate.passed < SIZE // CHUNK // 2
        assert zimage.open_streams == 1
    eventually(lambda: zimage.open_streams == 0)
