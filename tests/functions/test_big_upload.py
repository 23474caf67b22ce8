"""An upload of 30 MB through the real local server in a process of its own: sent on from disk, not from memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.emulators.gemini import Gemini
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import BigFile, png
from tests.local_server import LocalServer
from tests.rig import API_KEY

SIZE = 30 << 20
MOST_GROWTH = 12 << 20


@pytest.fixture
def service() -> Iterator[OpenAICompatible]:
    with OpenAICompatible() as emulator:
        yield emulator


@pytest.fixture
def server(gemini: Gemini, service: OpenAICompatible) -> Iterator[LocalServer]:
    gemini.largest_request = 64 << 20  # more than the real one takes
    server = LocalServer({"API_KEYS": API_KEY, **gemini.environment(), **service.environment()})
    yield server
    server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
@pytest.mark.parametrize("model", ["gemini-nano-banana-2.1", "gpt-image-emulated"])
def test_an_upload_is_never_held_whole(
    server: LocalServer, gemini: Gemini, service: OpenAICompatible, model: str
) -> None:
    with httpx.Client(headers={"authorization": f"Bearer {API_KEY}"}, timeout=60, verify=False) as client:
        url = f"{server.url}/v1/images/edits"
        order = {"prompt": "p", "model": model}
        small = client.post(url, data=order, files={"image": png(8, 8)})
        assert small.status_code == 200, "what is made at first use is there now"
        picture = BigFile(SIZE)[:]
        before = server.memory("VmRSS")
        server.forget_highest()
        answer = client.post(url, data=order | {"size": "1024x1024"}, files={"image": picture})
    growth = server.memory("VmHWM") - before
    assert answer.status_code == 200, answer.text
    taken = [take.inputs for take in gemini.submits] + [edit.inputs for edit in service.edits]
    assert taken[-1] == (picture,)
    assert growth < MOST_GROWTH, f"{growth >> 20} MB"
