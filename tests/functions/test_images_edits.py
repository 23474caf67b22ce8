"""POST /v1/images/edits: every client's dialect, what is refused and why, and where pictures are fetched from."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import openai
import pytest

from tests.emulators.faults import Cut
from tests.emulators.gemini import Fate, Gemini
from tests.emulators.png import png
from tests.emulators.server import Server
from tests.emulators.zimage import ZImage
from tests.functions.conftest import DONE_AT_ONCE
from tests.functions.helpers import assert_error, decoded, png_size
from tests.rig import Gateway

EDITS = "/v1/images/edits"
FIRST, SECOND, MASK = png(64, 48), png(48, 64, (200, 10, 10)), png(64, 48, (1, 2, 3))
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L" + bytes(20)
GIF = b"GIF89a" + bytes(40)


def data_url(content: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


@pytest.fixture
def places() -> Iterator[dict[str, Any]]:
    """What lies under which path of a server on this machine; "" has its origin, "asked" the paths it was asked for."""
    table: dict[str, Any] = {"asked": []}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        table["asked"].append(scope["path"])
        status, body, headers = table.get(scope["path"], (404, b"", {}))
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    server = Server(app)
    table[""] = server.url
    yield table
    server.stop()


@pytest.fixture
def gateway(serve: Callable[..., Gateway], gemini: Gemini, zimage: ZImage, places: dict[str, Any]) -> Gateway:
    return serve(
        **gemini.environment(),
        PROVIDERS="zimage",
        ZIMAGE_BASE_URL=zimage.url,
        ZIMAGE_MODELS=DONE_AT_ONCE,
        INPUT_ORIGINS=places[""],
    )


def inputs(gemini: Gemini) -> tuple[bytes, ...]:
    """What the upstream was given with the one order that it got."""
    [take] = gemini.submits
    return take.inputs


# OpenAI's own SDK


def test_the_sdk_edits_a_file(sdk: openai.OpenAI, gemini: Gemini, tmp_path: Path) -> None:
    (tmp_path / "otter.png").write_bytes(FIRST)
    with (tmp_path / "otter.png").open("rb") as file:
        answer = sdk.images.edit(model="gemini-3-pro-image", image=file, prompt="add a hat", n=1)
    assert answer.data
    assert png_size(decoded(answer.data[0].b64_json)) == png_size(FIRST)
    assert answer.size is None
    assert inputs(gemini) == (FIRST,)
    assert gemini.submits[0].prompt == "add a hat"
    assert gemini.submits[0].config.aspect_ratio is None


@pytest.mark.parametrize(
    "image",
    [FIRST, io.BytesIO(FIRST), ("a.jpg", FIRST, "image/jpeg"), [FIRST], [("x", FIRST)]],
    ids=["bytes", "file object", "wrong type", "list of one", "named bytes"],
)
def test_the_sdk_edits_whatever_it_takes_for_a_file(sdk: openai.OpenAI, gemini: Gemini, image: Any) -> None:
    assert sdk.images.edit(image=image, prompt="add a hat").data
    assert inputs(gemini) == (FIRST,)


def test_the_sdk_edits_several(sdk: openai.OpenAI, gemini: Gemini) -> None:
    answer = sdk.images.edit(image=[FIRST, JPEG, WEBP], prompt="join them", size="1536x1024", n=2)
    assert answer.data
    assert {png_size(decoded(picture.b64_json)) for picture in answer.data} == {(1264, 848)}
    assert len({picture.b64_json for picture in answer.data}) == 2
    assert [take.inputs for take in gemini.submits] == [(FIRST, JPEG, WEBP)] * 2
    assert {(take.config.aspect_ratio, take.config.image_size) for take in gemini.submits} == {("3:2", "1K")}


@pytest.mark.parametrize(
    ("members", "config", "ignored"),
    [
        ({"aspect_ratio": "16:9"}, ("16:9", "1K"), None),
        ({"aspect_ratio": "16:9", "resolution": "2K"}, ("16:9", "2K"), None),
        ({"size": "4K", "aspectRatio": "1:1"}, ("1:1", "4K"), None),
        ({"resolution": "2K"}, (None, "1K"), "resolution"),
    ],
    ids=str,
)
def test_a_shape_and_a_sharpness_reach_the_upstream(
    client: httpx.Client, gemini: Gemini, members: dict[str, str], config: tuple[str | None, str], ignored: str | None
) -> None:
    answer = client.post(EDITS, data={"prompt": "p", **members}, files=[("image", NAMED)])
    assert (answer.status_code, answer.headers.get("easel-ignored")) == (200, ignored), answer.text
    [take] = gemini.submits
    assert (take.config.aspect_ratio, take.config.image_size) == config


def test_the_sdk_reads_the_stream(sdk: openai.OpenAI, gemini: Gemini) -> None:
    with sdk.images.edit(image=FIRST, prompt="add a hat", stream=True, partial_images=1) as stream:
        [event] = list(stream)
    assert event.type == "image_edit.completed"
    assert png_size(decoded(event.b64_json)) == png_size(FIRST)


def test_a_mask_is_refused_by_a_sentence(sdk: openai.OpenAI, gemini: Gemini) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.edit(image=FIRST, mask=MASK, prompt="add a hat")
    assert caught.value.param == "mask"
    assert "accepts no mask" in caught.value.message
    assert gemini.submits == []


def test_a_site_without_files_takes_pictures_inside_of_its_orders(sdk: openai.OpenAI, zimage: ZImage) -> None:
    answer = sdk.images.edit(model="flux2-klein-9b", image=[FIRST, JPEG], prompt="join them", response_format="url")
    assert answer.data
    sources = zimage.submits[-1].order.source_images or []
    heads, contents = zip(*(source.split(",") for source in sources), strict=True)
    assert heads == ("data:image/png;base64", "data:image/jpeg;base64")
    assert [base64.b64decode(content) for content in contents] == [FIRST, JPEG]


def test_a_built_in_name_means_a_model_that_takes_pictures(serve: Callable[..., Gateway], gemini: Gemini) -> None:
    """Even where another model comes first among those that make pictures."""
    gateway = serve(MODEL_ALIASES="{}", PROVIDERS="zimage", **gemini.environment())
    with gateway.openai() as sdk:
        answer: Any = sdk.images.edit(model="gpt-image-1", image=FIRST, prompt="add a hat")
    assert answer.model == "gemini-nano-banana-2.1"


def test_the_sdk_is_told_of_a_refusal(sdk: openai.OpenAI, gemini: Gemini) -> None:
    gemini.next_fate(Fate.UNSAFE)
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.edit(image=FIRST, prompt="add a hat")
    assert caught.value.code == "moderation_blocked"
    assert len(gemini.submits) == 1


# The dialects


class Dialect(NamedTuple):
    """Form fields and files as one client sends them."""

    client: str
    fields: dict[str, str]
    files: list[tuple[str, tuple[str, bytes, str]]]
    ignored: str | None = None


NAMED = ("one.png", FIRST, "image/png")
OTHER = ("two.png", SECOND, "image/png")
DIALECTS = [
    Dialect("openai-python", {"prompt": "p", "n": "1"}, [("image", ("upload", FIRST, "application/octet-stream"))]),
    Dialect("openai-js", {"prompt": "p"}, [("image", ("unknown_file", FIRST, "application/octet-stream"))]),
    Dialect("AI SDK", {"prompt": "p", "n": "1"}, [("image[]", ("blob", FIRST, "image/png")), ("image[]", OTHER)]),
    Dialect("LiteLLM", {"model": "gemini-3-pro-image", "prompt": "p"}, [("image[]", NAMED)]),
    Dialect(
        "LibreChat",
        {"model": "gpt-image-1", "prompt": "p", "quality": "auto", "size": "auto"},
        [("image[]", NAMED)],
        "quality",
    ),
    Dialect(
        "Open WebUI",
        {"model": "gemini-3-pro-image", "prompt": "p", "n": "1", "response_format": "b64_json"},
        [("image[]", NAMED), ("image[]", OTHER)],
    ),
    Dialect("LobeChat", {"prompt": "p", "n": "1", "input_fidelity": "high"}, [("image", NAMED)], "input_fidelity"),
    Dialect("Cherry Studio", {"prompt": "p", "moderation": "low"}, [("image", NAMED), ("image", OTHER)], "moderation"),
    Dialect("numbered", {"prompt": "p", "seed": "-1", "user": ""}, [("image[0]", NAMED), ("image[1]", OTHER)]),
    Dialect("nested", {"prompt": "p", "meta[a]": "1", "meta[l][]": "2"}, [("image", NAMED)], "meta"),
    Dialect("n8n", {"model": "gpt-image-2", "prompt": "p", "size": ""}, [("image[]", NAMED)]),
    Dialect("Imagen API", {"prompt": "p", "n": "1", "size": "1024x1024"}, [("image", NAMED), ("image", OTHER)]),
    Dialect(
        "a URL in a form", {"prompt": "p", "image": data_url(FIRST)}, [("user", ("", b"me", "text/plain"))], "user"
    ),
]
LARGE = FIRST + bytes(2 << 20)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.client)
def test_a_dialect(client: httpx.Client, gemini: Gemini, dialect: Dialect) -> None:
    answer = client.post(EDITS, data=dialect.fields, files=dialect.files)
    assert answer.status_code == 200, answer.text
    assert answer.headers.get("easel-ignored") == dialect.ignored
    assert decoded(answer.json()["data"][0]["b64_json"]).startswith(b"\x89PNG")
    expected = tuple(file[1] for name, file in dialect.files if name.startswith("image"))
    assert inputs(gemini) == (expected or (FIRST,))


def test_a_data_url_in_a_form_may_be_as_large_as_one_in_json(client: httpx.Client, gemini: Gemini) -> None:
    answer = client.post(EDITS, files=[("prompt", (None, "p")), ("image", (None, data_url(LARGE)))])
    assert answer.status_code == 200, answer.text
    assert inputs(gemini) == (LARGE,)


@pytest.mark.parametrize("stream", ["true", "True", "1"])
def test_a_form_can_ask_for_a_stream(client: httpx.Client, stream: str) -> None:
    fields = {"prompt": "p", "stream": stream, "partial_images": "0", "n": "2"}
    answer = client.post(EDITS, data=fields, files=[("image", NAMED)])
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("event: image_edit.completed\n") == 2


@pytest.mark.parametrize(
    "body",
    [
        {"images": [{"image_url": data_url(FIRST)}]},
        {"images": [{"image_url": {"url": data_url(FIRST)}}]},
        {"images": [{"type": "image_url", "image_url": {"url": data_url(FIRST), "detail": "auto"}}]},
        {"images": [data_url(FIRST, "image/jpeg")]},
        {"image": data_url(FIRST)},
        {"image": [data_url(FIRST)], "images": None, "mask": None},
        {"image": f" {data_url(FIRST, 'image/png;name=a.png')} "},
    ],
)
def test_json_in_all_its_shapes(client: httpx.Client, gemini: Gemini, body: dict[str, Any]) -> None:
    answer = client.post(EDITS, json={"prompt": "p", "response_format": "b64_json"} | body)
    assert answer.status_code == 200, answer.text
    assert "easel-ignored" not in answer.headers
    assert inputs(gemini) == (FIRST,)


def test_both_members_count(client: httpx.Client, gemini: Gemini) -> None:
    body = {"prompt": "p", "image": data_url(FIRST), "images": [{"image_url": data_url(SECOND)}]}
    assert client.post("/images/edits/", json=body).status_code == 200
    assert inputs(gemini) == (FIRST, SECOND)


# Pictures that lie elsewhere


def test_a_picture_is_fetched_once_for_all_that_need_it(
    client: httpx.Client, gemini: Gemini, places: dict[str, Any]
) -> None:
    places["/a"] = (302, b"", {"location": "/b.png"})
    places["/b.png"] = (200, FIRST, {"content-type": "text/plain"})
    answer = client.post(EDITS, json={"prompt": "p", "n": 2, "images": [{"image_url": f"{places['']}/a"}]})
    assert answer.status_code == 200, answer.text
    assert places["asked"] == ["/a", "/b.png"]
    assert [take.inputs for take in gemini.submits] == [(FIRST,)] * 2


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/none", None),
        ("/page", (200, b"<html>", {"content-type": "image/png"})),
        ("/empty", (200, b"", {})),
        ("/video", (200, b"\0\0\0\x18ftypisom" + bytes(90), {})),
        ("/zipped", (200, FIRST, {"content-encoding": "gzip"})),
        ("/round", (302, b"", {"location": "/round"})),
        ("/out", (302, b"", {"location": "http://127.0.0.1:9/"})),
        ("/file", (302, b"", {"location": "file:///etc/passwd"})),
        ("/metadata", (302, b"", {"location": "http://169.254.169.254/latest"})),
        ("/nowhere", (302, b"", {})),
    ],
)
def test_what_is_no_picture_is_not_sent_on(
    client: httpx.Client, gemini: Gemini, places: dict[str, Any], path: str, place: Any
) -> None:
    if place:
        places[path] = place
    answer = client.post(EDITS, json={"prompt": "p", "image": f"{places['']}{path}"})
    assert_error(answer, 400, "failed_to_download_image", "image")
    assert gemini.submits == []
    assert not [call for call in gemini.calls if "generateContent" in call.path]


def test_a_picture_that_is_too_large_is_not_fetched_to_its_end(client: httpx.Client, places: dict[str, Any]) -> None:
    places["/large"] = (200, FIRST + bytes(21 << 20), {})
    answer = client.post(EDITS, json={"prompt": "p", "image": f"{places['']}/large"})
    error = assert_error(answer, 413, "request_too_large")
    assert str(20 << 20) in error["message"]


# What is refused


class Bad(NamedTuple):
    """A JSON body beside a prompt, and its answer."""

    body: dict[str, Any]
    param: str | None = "image"
    code: str = "invalid_value"
    status: int = 400


SMALL = data_url(png(1, 1))
BAD = [
    Bad({}, code="missing_image"),
    Bad({"images": []}, code="missing_image"),
    Bad({"image": ""}, code="missing_image"),
    Bad({"image": SMALL, "images": [None]}),
    Bad({"image": 5}),
    Bad({"image": {"b64": "x"}}),
    Bad({"images": [{"file_id": "file-1"}]}),
    Bad({"images": [[SMALL]]}),
    Bad({"image": "not a url"}, code="invalid_image_url"),
    Bad({"image": "file:///etc/passwd"}, code="invalid_image_url"),
    Bad({"image": "ftp://example.com/a.png"}, code="invalid_image_url"),
    Bad({"image": "data:image/png;base64,***"}, code="invalid_base64_image"),
    Bad({"image": "data:image/png,raw"}, code="invalid_base64_image"),
    Bad({"image": "data:"}, code="invalid_base64_image"),
    Bad({"image": "data:image/png;base64,"}, code="empty_file"),
    Bad({"image": data_url(b"<html></html>")}, code="invalid_image_format"),
    Bad({"image": data_url(b"<svg/>", "image/svg+xml")}, code="invalid_image_format"),
    Bad({"images": [SMALL] * 17}),
    Bad({"images": [SMALL] * 15}),
    Bad({"images": [SMALL] * 4, "model": "gemini-2.5-flash-image"}),
    Bad({"image": SMALL, "model": "zimage-turbo"}),
    Bad({"image": SMALL, "mask": SMALL}, "mask"),
    Bad({"image": SMALL, "mask": {"image_url": "nonsense"}}, "mask", "invalid_image_url"),
    Bad({"image": SMALL, "markup": SMALL}, "markup"),
    Bad({"image": SMALL, "input_references": [{"image_url": SMALL}]}, "input_references"),
    Bad({"image": SMALL, "reference_images": [SMALL]}, "reference_images"),
    Bad({"image": SMALL, "n": 11}, "n"),
    Bad({"image": SMALL, "size": "banana"}, "size"),
    Bad({"image": SMALL, "prompt": ""}, "prompt"),
    Bad({"image": SMALL, "model": "nope"}, "model", "model_not_found", 404),
    Bad({"image": "http://127.0.0.1/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://localhost/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://2130706433/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://0x7f.1/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://[::1]/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://[::ffff:10.0.0.1]/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://no.such.name.invalid/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://user:secret@127.0.0.1/a.png"}, code="failed_to_download_image"),
    Bad({"image": "https://example.com:8443/a.png"}, code="failed_to_download_image"),
    Bad({"image": "http://"}, code="failed_to_download_image"),
    Bad({"image": "https://[::1/a.png"}, code="failed_to_download_image"),
    Bad({"image": f"https://{'a' * 300}.com/a.png"}, code="failed_to_download_image"),
    Bad({"image": data_url(png(8, 8) + bytes(16 << 20))}, None, "request_too_large", 413),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: json.dumps(bad.body)[:60])
def test_bad_json(client: httpx.Client, gemini: Gemini, bad: Bad) -> None:
    answer = client.post(EDITS, json={"prompt": "p"} | bad.body)
    error = assert_error(answer, bad.status, bad.code, bad.param)
    assert answer.json()["detail"] == {"error": error}
    assert "secret" not in error["message"]
    assert not [call for call in gemini.calls if "generateContent" in call.path]


MULTIPART = {"content-type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    ("headers", "body", "code", "param"),
    [
        ({"content-type": "multipart/form-data"}, b"", "invalid_form", None),
        (MULTIPART, b"", "invalid_value", "prompt"),
        (MULTIPART, b"nonsense", "invalid_form", None),
        (MULTIPART, b"--b\r\n\r\nx\r\n--b--\r\n", "invalid_form", None),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\np\r\n--b--\r\n',
            "missing_image",
            "image",
        ),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\np\r\n--b\r\n'
            b'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n\r\n--b--\r\n',
            "empty_file",
            "image",
        ),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="prompt"; filename="p.txt"\r\n\r\np\r\n--b--\r\n',
            "invalid_value",
            "prompt",
        ),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\np\r\n--b\r\n'
            b'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + FIRST + b"\r\n--b\r\n"
            b'Content-Disposition: form-data; name="image"; filename="b.png"\r\n\r\n' + SECOND[:20],
            "invalid_form",
            None,
        ),
        ({"content-type": f"multipart/form-data; boundary={'b' * 500}"}, b"x", "invalid_form", None),
        ({"content-type": "application/x-www-form-urlencoded"}, b"prompt=p", "invalid_json", None),
    ],
)
def test_bad_forms(
    client: httpx.Client,
    gemini: Gemini,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    body: bytes,
    code: str,
    param: str | None,
) -> None:
    assert_error(client.post(EDITS, content=body, headers=headers), 400, code, param)
    assert gemini.submits == []
    assert not [record for record in caplog.records if record.name.startswith("python_multipart")]


@pytest.mark.parametrize("charset", ["utf-8", "punycode", "undefined", "idna", "utf-32", "base64", "nonsense"])
def test_the_text_of_a_form_is_utf_8_whatever_it_says(client: httpx.Client, gemini: Gemini, charset: str) -> None:
    body = (
        '--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nein Bär\r\n--b\r\n'
        'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    ).encode()
    headers = {"content-type": f"{MULTIPART['content-type']}; charset={charset}"}
    answer = client.post(EDITS, content=body + FIRST + b"\r\n--b--\r\n", headers=headers)
    assert answer.status_code == 200, answer.text
    assert gemini.submits[-1].prompt == "ein Bär"


def test_a_form_with_too_many_files(client: httpx.Client) -> None:
    files = [("image", ("a.png", png(1, 1), "image/png"))]
    assert_error(client.post(EDITS, data={"prompt": "p"}, files=files * 17), 400, "invalid_value", "image")
    assert_error(client.post(EDITS, data={"prompt": "p"}, files=files * 200), 400, "invalid_form")


def test_a_form_that_is_too_large_is_told_the_number(client: httpx.Client, gemini: Gemini) -> None:
    files = [("image", ("a.png", FIRST + bytes(26 << 20), "image/png"))] * 2
    error = assert_error(client.post(EDITS, data={"prompt": "p"}, files=files), 413, "request_too_large")
    assert str(50 << 20) in error["message"]
    assert gemini.calls == []


def test_what_is_too_much_for_the_upstream_is_the_callers_to_know(client: httpx.Client, gemini: Gemini) -> None:
    files = [("image", ("a.png", FIRST + bytes(16 << 20), "image/png"))]
    error = assert_error(client.post(EDITS, data={"prompt": "p"}, files=files), 400, "invalid_value")
    assert "exceeds the limit" in error["message"]


def test_variations_name_what_to_use_instead(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught, pytest.warns(DeprecationWarning, match="deprecated"):
        sdk.images.create_variation(image=FIRST)
    assert "/v1/images/edits" in caught.value.message


@pytest.mark.parametrize("engine", ["/http", "/playwright"])
def test_an_engine_of_the_imagen_api_is_this_one(client: httpx.Client, gemini: Gemini, engine: str) -> None:
    edited = client.post(f"{engine}{EDITS}", data={"prompt": "p", "n": "1"}, files=[("image", NAMED)])
    made = client.post(f"{engine}/v1/images/generations", json={"prompt": "p", "response_format": "url"})
    assert (edited.status_code, made.status_code) == (200, 200)
    assert [take.inputs for take in gemini.submits] == [(FIRST,), ()]
    assert client.post(f"{engine}/v1/images/variations").status_code == 404


# Repetition


def test_an_upload_is_known_again_whatever_its_boundary(client: httpx.Client, gemini: Gemini) -> None:
    key = {"idempotency-key": "one"}
    first = client.post(EDITS, data={"prompt": "p"}, files=[("image", NAMED)], headers=key)
    again = client.post(EDITS, data={"prompt": "p"}, files=[("image", NAMED)], headers=key)
    other = client.post(EDITS, data={"prompt": "p"}, files=[("image", OTHER)], headers=key)
    assert first.status_code == 200
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert again.status_code == 424, "it was carried out, and what came of it is not kept"
    assert_error(other, 422, "idempotency_key_reused", "Idempotency-Key")
    assert len(gemini.submits) == 1


def test_the_sdks_second_try_buys_nothing(sdk: openai.OpenAI, gemini: Gemini) -> None:
    gemini.plan(":generateContent", Cut(100))
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.images.edit(image=FIRST, prompt="p")
    assert caught.value.status_code == 424
    assert len(gemini.submits) == 1
