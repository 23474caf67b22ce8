"""Huge request bodies on the real local server: refused before they are built, or taken for a few times their size."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import png
from tests.functions.helpers import assert_error
from tests.local_server import LocalServer
from tests.rig import API_KEY, Gateway

MEGABYTE = 1 << 20
MOST_TIMES_ITS_SIZE = 4
CHAT, GENERATIONS, EDITS = "/v1/chat/completions", "/v1/images/generations", "/v1/images/edits"
PICTURE = png(8, 8) + bytes(14 * MEGABYTE)
DATA_URL = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"


class Huge(NamedTuple):
    """A body of megabytes in very many values, and the answer that it gets."""

    path: str
    start: bytes
    entry: bytes
    end: bytes
    size: int = 19 * MEGABYTE
    status: int = 413
    code: str = "request_too_large"

    @property
    def body(self) -> bytes:
        entries = self.size // len(self.entry)
        return self.start + self.entry * entries + self.end


MESSAGE = b'{"messages":[{"role":"user","content":'
HUGE = {
    "messages": Huge(CHAT, b'{"messages":[', b"{},", b"{}]}"),
    "messages of numbers": Huge(CHAT, b'{"messages":[', b"1,", b"1]}"),
    "parts": Huge(CHAT, MESSAGE + b"[", b'"",', b'""]}]}'),
    "unknown fields": Huge(CHAT, b"{", b'"x":1,', b'"y":1}'),
    "nested lists": Huge(CHAT, MESSAGE, b"[", b"", status=400, code="invalid_json"),
    "wide text": Huge(CHAT, MESSAGE + '"😀'.encode(), b"x", b'"}]}'),
    "escapes": Huge(CHAT, MESSAGE + b'"', b"\\n", b'"}]}'),
    "messages of an order": Huge("/api" + CHAT, b'{"messages":[', b"{},", b"{}]}"),
    "lists of a picture": Huge(GENERATIONS, b'{"prompt":"a cat","x":[', b"[],", b"[]]}", 3 * MEGABYTE),
    "images of an edit": Huge(EDITS, b'{"prompt":"a cat","images":[', b"{},", b"{}]}", 49 * MEGABYTE),
    "fields of an edit": Huge(EDITS, b'{"prompt":"a cat",', b'"x":1,', b'"y":1}', 49 * MEGABYTE),
    "images of a video": Huge("/v1/videos", b'{"prompt":"a cat","images":[', b"{},", b"{}]}", 49 * MEGABYTE),
    "images of a generated video": Huge("/v1/videos/generations", b'{"images":[', b"{},", b"{}]}", 49 * MEGABYTE),
    "videos of a video task": Huge("/v2/videos/generations", b'{"reference_videos":[', b'"",', b'""]}', 49 * MEGABYTE),
    "settings of PicLumen": Huge("/generate-image", b'{"model_ability":{"x":[', b"0,", b"0]}}", MEGABYTE - 99),
    "cookies": Huge("/v1/cookies", b'{"cookies":[', b"{},", b"{}]}", MEGABYTE - 99),
}


@pytest.fixture(scope="module")
def service() -> Iterator[OpenAICompatible]:
    with OpenAICompatible(words=("Fine.",)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def server(service: OpenAICompatible) -> Iterator[LocalServer]:
    keys = {"API_KEYS": API_KEY, "ADMIN_KEYS": API_KEY, "PROVIDERS": "openai_compatible,sketch"}
    server = LocalServer(keys | service.environment())
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {API_KEY}", "authorization-token": "invented"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=120, verify=False) as client:
        for path in (CHAT, EDITS, GENERATIONS, "/v1/videos", "/generate-image"):
            assert client.post(path, json={}).status_code == 400, "what is made at first use is there now"
        yield client


def growth(server: LocalServer, action: Callable[[], httpx.Response]) -> tuple[int, httpx.Response]:
    """The most memory that is in use meanwhile, above what was in use before."""
    before = server.memory("VmRSS")
    server.forget_highest()
    answer = action()
    return server.memory("VmHWM") - before, answer


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
@pytest.mark.parametrize("huge", HUGE.values(), ids=HUGE.keys())
def test_too_many_values_are_refused_before_they_are_built(
    server: LocalServer, client: httpx.Client, huge: Huge
) -> None:
    body = huge.body
    grown, answer = growth(server, lambda: client.post(huge.path, content=body))
    assert_error(answer, huge.status, huge.code)
    assert grown < max(len(body), 6 * MEGABYTE), f"{grown >> 20} MB"


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_a_large_picture_in_a_conversation_arrives_upstream(
    server: LocalServer, client: httpx.Client, service: OpenAICompatible
) -> None:
    content = [{"type": "text", "text": "ü"}, {"type": "image_url", "image_url": {"url": DATA_URL}}]
    talk = {"model": "parrot", "messages": [{"role": "user", "content": content}]}
    grown, answer = growth(server, lambda: client.post(CHAT, json=talk))
    assert answer.status_code == 200, answer.text
    assert service.talks[-1].model_dump(exclude_unset=True)["messages"] == talk["messages"]
    assert grown < MOST_TIMES_ITS_SIZE * len(DATA_URL), f"{grown >> 20} MB"


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_large_pictures_of_an_edit_arrive_upstream(
    server: LocalServer, client: httpx.Client, service: OpenAICompatible
) -> None:
    order = {"model": "gpt-image-emulated", "prompt": "p", "image": [DATA_URL, DATA_URL]}
    grown, answer = growth(server, lambda: client.post(EDITS, json=order))
    assert answer.status_code == 200, answer.text
    assert service.edits[-1].inputs == (PICTURE, PICTURE)
    assert grown < MOST_TIMES_ITS_SIZE * 2 * len(DATA_URL), f"{grown >> 20} MB"


@pytest.mark.parametrize("path", [CHAT, GENERATIONS, EDITS, "/v1/videos", "/generate-image"])
def test_unknown_fields_are_counted(client: httpx.Client, path: str) -> None:
    body: dict[str, Any] = {"prompt": "a cat", "messages": [{"role": "user", "content": "a cat"}]}
    unknown = {f"x{number}": number for number in range(101)}
    error = assert_error(client.post(path, json=body | unknown), 400, "invalid_value")
    assert "unknown fields" in error["message"]


def test_few_enough_are_ignored(gateway: Gateway) -> None:
    unknown = {f"x{number:02}": number for number in range(100)}
    with gateway.client() as client:
        answer = client.post(GENERATIONS, json={"prompt": "a cat", "response_format": "url"} | unknown)
    assert answer.status_code == 200, answer.text
    assert answer.headers["easel-ignored"].split(", ") == list(unknown)
