"""Input images under the names and in the encodings of other APIs: understood, or refused by name before a submit."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.emulators.ark import Ark
from tests.emulators.gemini import Gemini
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import png
from tests.functions.helpers import assert_error
from tests.rig import Gateway

GENERATIONS, EDITS, VIDEOS = "/v1/images/generations", "/v1/images/edits", "/v1/videos"
IMAGE, OTHER = png(64, 48), png(48, 64, (200, 10, 10))
MASK = png(64, 48, clear=True)
LINK = "https://cdn.example/a.png"
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}


def data_url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


@pytest.fixture
def gateway(serve: Callable[..., Gateway], gemini: Gemini, ark: Ark, service: OpenAICompatible) -> Gateway:
    return serve(
        **gemini.environment(),
        **ark.environment(),
        **service.environment(),
    )


def submits(ark: Ark) -> list[Any]:
    """The bodies of the requests that submit a job."""
    return [call.json for call in ark.calls if call.method == "POST"]


UNKNOWN: list[tuple[str, Any]] = [
    ("init_picture", data_url(IMAGE)),
    ("control_net", {"units": [{"image": LINK}]}),
    ("style_ref", LINK),
    ("source", LINK),
    ("reference_images", [LINK]),
    ("input_video", "https://cdn.example/a.mp4"),
    ("anything", [data_url(IMAGE)]),
    ("anything", {"deep": {"er": [data_url(IMAGE)]}}),
]


@pytest.mark.parametrize(("name", "value"), UNKNOWN, ids=lambda value: json.dumps(value)[:30])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (GENERATIONS, {"model": "gemini-3-pro-image"}),
        (EDITS, {"model": "gemini-3-pro-image", "image": data_url(IMAGE)}),
        (VIDEOS, {"model": "seedance-2.0"}),
    ],
)
def test_an_image_under_an_unknown_name(
    client: httpx.Client, gemini: Gemini, ark: Ark, path: str, body: dict[str, Any], name: str, value: Any
) -> None:
    response = client.post(path, json={"prompt": "a fjord", **body, name: value})
    assert_error(response, 400, "invalid_value", name)
    assert not gemini.submits
    assert not submits(ark)


@pytest.mark.parametrize(
    ("path", "files"),
    [
        (EDITS, {"image": IMAGE, "picture": OTHER}),
        (VIDEOS, {"picture": IMAGE}),
    ],
)
def test_a_file_under_an_unknown_name(
    client: httpx.Client, gemini: Gemini, ark: Ark, path: str, files: dict[str, bytes]
) -> None:
    assert_error(client.post(path, data={"prompt": "a fjord"}, files=files), 400, "invalid_value", "picture")
    assert not gemini.submits
    assert not submits(ark)


@pytest.mark.parametrize(("name", "value"), [("webhook_url", LINK), ("style", "vivid"), ("source", "app"), ("x", 5)])
def test_what_is_not_an_image_is_ignored(client: httpx.Client, name: str, value: Any) -> None:
    body = {"prompt": "a fjord", "model": "gemini-3-pro-image", name: value}
    response = client.post(GENERATIONS, json=body)
    assert response.status_code == 200, response.text
    assert response.headers["easel-ignored"] == name


@pytest.mark.parametrize(
    "name",
    [*("image_url", "imageUrl", "input_image", "init_image", "source_image", "image_1", "image2", "Image", "image[0]")],
)
@pytest.mark.parametrize("form", [False, True])
def test_synonyms_of_the_image_of_an_edit(client: httpx.Client, gemini: Gemini, name: str, form: bool) -> None:
    body = {"prompt": "add a hat", "model": "gemini-3-pro-image"}
    if form:
        response = client.post(EDITS, data=body, files={name: IMAGE})
    else:
        response = client.post(EDITS, json=body | {name: data_url(IMAGE)})
    assert response.status_code == 200, response.text
    assert [submit.inputs for submit in gemini.submits] == [(IMAGE,)]


def test_numbered_images_keep_their_order(client: httpx.Client, gemini: Gemini) -> None:
    files = {"image_1": IMAGE, "image_2": OTHER}
    assert client.post(EDITS, data={"prompt": "both", "model": "gemini-3-pro-image"}, files=files).status_code == 200
    assert [submit.inputs for submit in gemini.submits] == [(IMAGE, OTHER)]


@pytest.mark.parametrize("name", ["mask_image", "Mask", "mask_url"])
def test_synonyms_of_the_mask(client: httpx.Client, service: OpenAICompatible, name: str) -> None:
    body = {"prompt": "add a hat", "model": "gpt-image-emulated", "image": data_url(IMAGE), name: data_url(MASK)}
    response = client.post(EDITS, json=body)
    assert response.status_code == 200, response.text
    [submit] = service.edits
    assert submit.mask == MASK


def test_two_masks(client: httpx.Client, service: OpenAICompatible) -> None:
    masks = {"mask": data_url(MASK), "mask_image": data_url(MASK)}
    response = client.post(
        EDITS, json={"prompt": "p", "model": "gpt-image-emulated", "image": data_url(IMAGE), **masks}
    )
    assert_error(response, 400, "invalid_value", "mask")
    assert not service.edits


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("first_frame",), ["first_frame"]),
        (("start_image",), ["first_frame"]),
        (("init_image",), ["first_frame"]),
        (("first_frame_url", "last_frame"), ["first_frame", "last_frame"]),
        (("start_frame", "end_image"), ["first_frame", "last_frame"]),
        (("first_frame_image", "tail_image_url"), ["first_frame", "last_frame"]),
    ],
)
def test_synonyms_of_the_frames(client: httpx.Client, ark: Ark, names: tuple[str, ...], roles: list[str]) -> None:
    body = {"prompt": "a fjord", "model": "seedance-2.0", **dict.fromkeys(names, data_url(IMAGE))}
    response = client.post(VIDEOS, json=body)
    assert response.status_code == 200, response.text
    [submit] = submits(ark)
    assert [item["role"] for item in submit["content"] if item["type"] == "image_url"] == roles


def test_one_frame_under_two_names(client: httpx.Client, ark: Ark) -> None:
    body = {"prompt": "a fjord", "first_frame_image": data_url(IMAGE), "start_image": data_url(OTHER)}
    assert_error(client.post(VIDEOS, json=body), 400, "invalid_value", "start_image")
    assert not submits(ark)


ENCODED = base64.b64encode(b"".join((png(3, 3), bytes(1)))).decode()


@pytest.mark.parametrize(
    "digits",
    [
        "\n".join(ENCODED[start : start + 60] for start in range(0, len(ENCODED), 60)),
        f" {ENCODED}",
        f"{ENCODED}\r\n",
        ENCODED.replace("+", "-").replace("/", "_"),
        ENCODED.rstrip("="),
        ENCODED.replace("+", "-").replace("/", "_").rstrip("="),
    ],
    ids=["lines", "space", "line end", "url-safe", "no padding", "url-safe, no padding"],
)
def test_data_urls_in_other_spellings(client: httpx.Client, gemini: Gemini, digits: str) -> None:
    body = {"prompt": "p", "model": "gemini-3-pro-image", "image": f"data:image/png;base64,{digits}"}
    response = client.post(EDITS, json=body)
    assert response.status_code == 200, response.text
    assert gemini.submits[0].inputs == (base64.b64decode(ENCODED),)


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return b"--b\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def edit_form(*parts: bytes) -> bytes:
    fields = part('name="prompt"', b"p") + part('name="model"', b"gemini-3-pro-image")
    return fields + b"".join(parts) + b"--b--\r\n"


def test_a_file_with_an_extended_name_alone(client: httpx.Client, gemini: Gemini) -> None:
    name = urllib.parse.quote("изображение.png")
    body = edit_form(part(f"name=\"image\"; filename*=UTF-8''{name}", IMAGE, "Content-Type: image/png"))
    response = client.post(EDITS, content=body, headers=MULTIPART)
    assert response.status_code == 200, response.text
    assert gemini.submits[0].inputs == (IMAGE,)


def test_a_file_input_left_empty(client: httpx.Client, gemini: Gemini) -> None:
    empty = part('name="mask"; filename=""', b"", "Content-Type: application/octet-stream")
    body = edit_form(part('name="image"; filename="a.png"', IMAGE), empty)
    response = client.post(EDITS, content=body, headers=MULTIPART)
    assert response.status_code == 200, response.text
    assert gemini.submits[0].inputs == (IMAGE,)
