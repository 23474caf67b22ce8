"""The fake OpenAI-compatible service refuses what real ones refuse, and forgets nothing that it took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.openai_compatible.edits import LARGEST_MASK, MOST_FILES
from tests.emulators.png import png

TALK = {"model": "parrot", "messages": [{"role": "user", "content": "hi"}]}
ORDER = {"model": "flux-emulated", "prompt": "a cat"}
Files = list[tuple[str, tuple[str, bytes, str]]]
PICTURE, MASK = png(8, 8), png(8, 8, clear=True)
IMAGE = ("image", ("a.png", PICTURE, "image/png"))
OTHER = ("image[]", ("b.png", png(4, 4), "image/png"))


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAICompatible]:
    with OpenAICompatible() as emulator:
        yield emulator


@pytest.fixture
def service(running: OpenAICompatible) -> OpenAICompatible:
    running.reset()
    return running


@pytest.fixture
def client(service: OpenAICompatible) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {service.key}"}
    with httpx.Client(base_url=f"{service.url}/v1", headers=headers, verify=False) as client:
        yield client


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": [{"role": "king", "content": "hi"}]},
        {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
        {"temperature": 3},
        {"temperature": "0.5"},
        {"topP": 1},
        {"waitForImage": True},
        {"n": 1.5},
    ],
)
def test_a_message_is_read_strictly(client: httpx.Client, service: OpenAICompatible, change: dict[str, Any]) -> None:
    answer = client.post("/chat/completions", json=TALK | change)
    assert answer.status_code == 400
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert not service.talks


@pytest.mark.parametrize("change", [{"prompt": ""}, {"size": "big"}, {"n": 11}, {"seed": "7"}, {"steps": 8}])
def test_an_order_is_read_strictly(client: httpx.Client, service: OpenAICompatible, change: dict[str, Any]) -> None:
    assert client.post("/images/generations", json=ORDER | change).status_code == 400
    assert not service.orders


def mask(content: bytes, media_type: str = "image/png") -> tuple[str, tuple[str, bytes, str]]:
    return ("mask", ("mask.png", content, media_type))


@pytest.mark.parametrize(
    "change",
    [{"prompt": ""}, {"size": "big"}, {"n": "many"}, {"n": "11"}, {"seed": "x"}, {"steps": "8"}, {"n": ["1"] * 2}],
)
def test_an_edits_fields_are_read_strictly(
    client: httpx.Client, service: OpenAICompatible, change: dict[str, Any]
) -> None:
    assert client.post("/images/edits", data=ORDER | change, files=[IMAGE]).status_code == 400
    assert not service.orders


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([mask(MASK)], "invalid_value"),
        ([IMAGE, IMAGE], "duplicate_parameter"),
        ([IMAGE, OTHER], "invalid_type"),
        ([("images", IMAGE[1]), IMAGE], "invalid_type"),
        ([OTHER] * (MOST_FILES + 1), "invalid_value"),
        ([("image", ("a.png", PICTURE, "application/octet-stream"))], "unsupported_file_mimetype"),
        ([("image", ("a.png", PICTURE, "image/jpeg"))], "unsupported_file_mimetype"),
        ([("image", ("a.gif", b"GIF89a", "image/gif"))], "unsupported_file_mimetype"),
        ([IMAGE, mask(PICTURE)], "invalid_image_format"),
        ([IMAGE, mask(png(4, 8, clear=True))], "invalid_image_size"),
        ([IMAGE, mask(b"\xff\xd8\xff\xe0", "image/jpeg")], "invalid_image_file"),
        ([IMAGE, mask(MASK + bytes(LARGEST_MASK))], "invalid_image_file"),
    ],
    ids=str,
)
def test_an_edits_files_are_looked_at(client: httpx.Client, service: OpenAICompatible, files: Files, code: str) -> None:
    answer = client.post("/images/edits", data=ORDER, files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert not service.orders


def test_an_edit_is_a_form_with_files(client: httpx.Client, service: OpenAICompatible) -> None:
    assert client.post("/images/edits", json=ORDER | {"image": "data:"}).status_code == 415
    assert client.post("/images/edits", data=ORDER, files={"image": (None, "data:")}).status_code == 400
    assert client.post("/images/edits", data=ORDER, files=[IMAGE], headers={"authorization": ""}).status_code == 401
    assert not service.orders


def test_an_edit(client: httpx.Client, service: OpenAICompatible) -> None:
    for size in ({}, {"size": "64x32"}):
        files = [("image[]", IMAGE[1]), OTHER, mask(MASK)]
        [picture] = client.post("/images/edits", data=ORDER | size, files=files).json()["data"]
        assert httpx.get(picture["url"]).content[16:24] == (png(64, 32) if size else PICTURE)[16:24]
    assert [(edit.inputs, edit.mask) for edit in service.edits] == [((PICTURE, OTHER[1][1]), MASK)] * 2


def test_one_that_is_not_careful_takes_any_file(client: httpx.Client, service: OpenAICompatible) -> None:
    service.careful = False
    files = [("image", ("a", b"one", "text/plain")), mask(b"two")]
    assert client.post("/images/edits", data=ORDER, files=files).status_code == 200
    assert [(edit.inputs, edit.mask) for edit in service.edits] == [((b"one",), b"two")]


def test_who_has_no_key_and_what_is_not_there(client: httpx.Client, service: OpenAICompatible) -> None:
    assert httpx.get(f"{service.url}/v1/models").status_code == 401
    assert client.post("/chat/completions", json=TALK | {"model": "nope"}).status_code == 404
    assert httpx.get(f"{service.url}/files/0_0.png").status_code == 404


def test_a_talk_and_an_order(client: httpx.Client, service: OpenAICompatible) -> None:
    answer = client.post("/chat/completions", json=TALK).json()
    assert answer["choices"][0]["message"]["content"] == "You said: hi"
    [picture] = client.post("/images/generations", json=ORDER | {"size": "64x32"}).json()["data"]
    assert httpx.get(picture["url"]).content.startswith(b"\x89PNG")
    assert (len(service.talks), len(service.orders)) == (1, 1)
