"""Edits by a service with OpenAI's API: files, masks and fields are forwarded to it as a form, once."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.faults import Cut, Drop, Fault, Reply
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import png
from tests.emulators.server import Server
from tests.functions.helpers import Json, assert_error, decoded, png_size
from tests.functions.test_chat import account, envelope
from tests.functions.test_images_edits import EDITS, FIRST, JPEG, SECOND, WEBP, data_url
from tests.rig import Gateway

MODEL = "gpt-image-emulated"
MASK = png(64, 48, clear=True)
EDIT = "POST /v1/images/edits"
FILE = {"image": ("a.png", FIRST, "image/png")}


@pytest.fixture
def place() -> Iterator[str]:
    """An origin where FIRST lies, and the mask, and nothing else."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = {"/first": FIRST, "/mask": MASK}.get(scope["path"], b"")
        await send({"type": "http.response.start", "status": 200 if body else 404, "headers": []})
        await send({"type": "http.response.body", "body": body})

    server = Server(app)
    yield server.url
    server.stop()


@pytest.fixture
def gateway(serve: Callable[..., Gateway], service: OpenAICompatible, place: str) -> Gateway:
    return serve(**service.environment(), INPUT_ORIGINS=place)


def edit(client: httpx.Client, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    return client.post(EDITS, data={"model": MODEL, "prompt": "p"} | fields, files=FILE, headers=headers)


def orders(service: OpenAICompatible) -> list[dict[str, str]]:
    """The headers of what was asked of it, whatever came of that."""
    return [call.headers for call in service.calls if f"{call.method} {call.path}" == EDIT]


def test_the_sdk_edits_a_file(sdk: openai.OpenAI, service: OpenAICompatible) -> None:
    answer = sdk.images.edit(model=MODEL, image=io.BytesIO(FIRST), prompt="añade un sombrero 🎩", response_format="url")
    assert answer.data
    assert png_size(httpx.get(answer.data[0].url or "").content) == png_size(FIRST)
    assert answer.size is None
    [order] = service.edits
    assert (order.model, order.prompt, order.n, order.size) == (MODEL, "añade un sombrero 🎩", 1, "auto")
    assert (order.inputs, order.mask) == ((FIRST,), None)


def test_the_sdk_edits_several(sdk: openai.OpenAI, service: OpenAICompatible) -> None:
    answer = sdk.images.edit(
        model=MODEL, image=[FIRST, JPEG, WEBP], prompt="join them", size="1536x1024", n=2, extra_body={"seed": 7}
    )
    assert answer.data
    assert {png_size(decoded(picture.b64_json)) for picture in answer.data} == {(1536, 1024)}
    assert len(answer.data) == 2
    [order] = service.edits
    assert order.inputs == (FIRST, JPEG, WEBP)
    assert (order.n, order.size, order.seed) == (2, "1536x1024", 7)


def test_the_sdk_sends_a_mask(sdk: openai.OpenAI, service: OpenAICompatible) -> None:
    assert sdk.images.edit(model=MODEL, image=[FIRST, SECOND], mask=MASK, prompt="add a hat").data
    [order] = service.edits
    assert (order.inputs, order.mask) == ((FIRST, SECOND), MASK)


def test_a_mask_that_does_not_fit_is_the_callers_to_know(sdk: openai.OpenAI, service: OpenAICompatible) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.images.edit(model=MODEL, image=SECOND, mask=MASK, prompt="add a hat")
    assert "does not match the image size" in caught.value.message
    assert not service.orders


@pytest.mark.parametrize("masks", [{"mask": data_url(MASK)}, {"mask": "PLACE/mask"}, {}])
def test_pictures_that_lie_elsewhere_are_sent_as_files(
    client: httpx.Client, service: OpenAICompatible, place: str, masks: dict[str, str]
) -> None:
    given = {name: link.replace("PLACE", place) for name, link in masks.items()}
    body = {"model": MODEL, "prompt": "p", "images": [{"image_url": f"{place}/first"}, data_url(JPEG)], **given}
    answer = client.post(EDITS, json=body)
    assert answer.status_code == 200, answer.text
    [order] = service.edits
    assert (order.inputs, order.mask) == ((FIRST, JPEG), MASK if masks else None)


@pytest.mark.parametrize("missing", ["image", "mask"])
def test_nothing_is_sent_where_a_picture_cannot_be_had(
    client: httpx.Client, service: OpenAICompatible, place: str, missing: str
) -> None:
    links = {"image": f"{place}/first", "mask": f"{place}/mask", missing: f"{place}/nothing"}
    answer = client.post(EDITS, json={"model": MODEL, "prompt": "p", **links})
    assert_error(answer, 400, "failed_to_download_image", "image")
    assert not orders(service)


def test_a_service_is_told_the_length_where_it_is_known(
    client: httpx.Client, service: OpenAICompatible, place: str
) -> None:
    assert edit(client).status_code == 200
    assert client.post(EDITS, json={"model": MODEL, "prompt": "p", "image": f"{place}/first"}).status_code == 200
    uploaded, linked = orders(service)
    assert int(uploaded["content-length"]) > len(FIRST)
    assert linked["transfer-encoding"] == "chunked"


def test_a_models_settings_go_along_as_fields(serve: Callable[..., Gateway], service: OpenAICompatible) -> None:
    service.unheard_of = "ignore"
    settings = {"response_format": "b64_json", "watermark": False, "steps": 30, "style": None}
    models = {MODEL: {"settings": settings}}
    gateway = serve(**service.environment(), OPENAI_COMPATIBLE_MODELS=json.dumps(models))
    with gateway.client() as client:
        assert edit(client).status_code == 200
    assert service.edits[0].response_format == "b64_json"
    body = next(call.body for call in service.calls if call.path == "/v1/images/edits")
    assert b'name="watermark"\r\n\r\nfalse\r\n' in body
    assert b'name="steps"\r\n\r\n30\r\n' in body
    assert b"style" not in body


def test_a_picture_in_a_message_is_edited(client: httpx.Client, service: OpenAICompatible) -> None:
    parts = [{"type": "text", "text": "make it night"}, {"type": "image_url", "image_url": {"url": data_url(FIRST)}}]
    body = {"model": MODEL, "messages": [{"role": "user", "content": parts}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 200
    [order] = service.edits
    assert (order.prompt, order.inputs) == ("make it night", (FIRST,))


# Money


@pytest.mark.parametrize("fault", [Drop(), Drop(after=True), Cut(20), Reply(500, "<html>"), Reply(504, "<html>")])
def test_what_may_have_been_taken_is_not_sent_again(
    sdk: openai.OpenAI, service: OpenAICompatible, fault: Fault
) -> None:
    service.plan(EDIT, fault)
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.images.edit(model=MODEL, image=FIRST, prompt="p")
    assert caught.value.status_code == 424
    assert len(orders(service)) == 1


def test_the_next_account_edits_where_one_refuses(serve: Callable[..., Gateway], service: OpenAICompatible) -> None:
    with OpenAICompatible(key="sk-second") as second:
        gateway = serve(ACCOUNTS=json.dumps([account("a", service), account("b", second)]))
        service.plan(EDIT, Reply(429, envelope("rate_limit_exceeded")))
        with gateway.client() as client:
            while not orders(service):  # which of the two is asked first is chance
                assert edit(client).status_code == 200
        assert second.edits[-1].inputs == (FIRST,)
    assert not service.edits


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Reply(404, "Not Found"), 502, "upstream_failed"),
        (Reply(405, "Method Not Allowed"), 502, "upstream_unavailable"),
        (Reply(401, {"error": {"message": "no", "code": "invalid_api_key"}}), 502, "upstream_account_rejected"),
        (Reply(413, "too large"), 400, "invalid_value"),
    ],
)
def test_a_refusal_buys_nothing(
    client: httpx.Client, service: OpenAICompatible, fault: Fault, status: int, code: str
) -> None:
    service.plan(EDIT, fault)
    assert_error(edit(client), status, code)
    assert len(orders(service)) == 1
    assert not service.orders


def test_a_refused_prompt_is_the_callers_to_know(client: httpx.Client, service: OpenAICompatible) -> None:
    assert edit(client, prompt="a forbidden hat").json()["error"]["code"] == "moderation_blocked"


# Which models take pictures and masks


@pytest.mark.parametrize(
    ("entry", "max_inputs", "masks"),
    [
        ({"id": "gpt-image-1"}, 16, True),
        ({"id": "openai/chatgpt-image-latest"}, 16, True),
        ({"id": "flux-1-kontext-dev"}, 1, False),
        ({"id": "Qwen/Qwen-Image-Edit-2509"}, 1, False),
        ({"id": "image-of-an-editor"}, 0, False),
        ({"id": "flux-schnell"}, 0, False),
        ({"id": "inpaint", "mode": "image_edit"}, 1, False),
        ({"id": "painter", "kind": "image", "max_inputs": 4, "masks": True}, 4, True),
        ({"id": "gpt-image-1", "kind": "image", "max_inputs": 0}, 0, False),
        ({"id": "gpt-image-1", "kind": "image", "max_inputs": -1, "masks": True}, 0, False),
        ({"id": "gpt-image-1", "kind": "image", "masks": False}, 16, False),
        (
            {"id": "x", "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["image"]}},
            1,
            False,
        ),
        ({"id": "x-edit", "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]}}, 0, False),
        ({"id": "flux", "max_inputs": "many", "masks": "maybe", "architecture": 5, "input_modalities": 7}, 0, False),
    ],
    ids=lambda value: value["id"] if isinstance(value, dict) else "",
)
def test_a_list_tells_what_a_model_takes_or_its_name_does(
    serve: Callable[..., Gateway], service: OpenAICompatible, entry: Json, max_inputs: int, masks: bool
) -> None:
    service.listed = [entry]
    with serve(**service.environment()).client() as client:
        listed = client.get("/v1/models").json()["data"]
    model = next(model for model in listed if model["id"] == entry["id"] and model["owned_by"] == "openai_compatible")
    assert (model["max_inputs"], model["masks"], model["edits"]) == (max_inputs, masks, max_inputs > 0)


CONFIGURED: Any = {"painter": {"kind": "image", "max_inputs": 2, "masks": True}, "flux-emulated": {"masks": True}}


@pytest.mark.parametrize("where", ["OPENAI_COMPATIBLE_MODELS", "ACCOUNTS"])
def test_what_a_model_takes_can_be_configured(
    serve: Callable[..., Gateway], service: OpenAICompatible, where: str
) -> None:
    if where == "ACCOUNTS":
        gateway = serve(ACCOUNTS=json.dumps([account("a", service, models=CONFIGURED)]))
    else:
        gateway = serve(**service.environment(), OPENAI_COMPATIBLE_MODELS=json.dumps(CONFIGURED))
    with gateway.openai() as sdk:
        for model, images in (("painter", [FIRST, SECOND]), ("flux-emulated", [FIRST])):
            assert sdk.images.edit(model=model, image=images, mask=MASK, prompt="p").data
            with pytest.raises(openai.BadRequestError) as caught:
                sdk.images.edit(model=model, image=[*images, FIRST], prompt="p")
            assert caught.value.param == "image"
    assert [order.mask for order in service.edits] == [MASK, MASK]


@pytest.mark.parametrize("fields", [{"max_inputs": "2"}, {"max_inputs": True}, {"masks": "yes"}, {"masks": 1}])
def test_a_model_that_is_configured_badly_is_told(
    serve: Callable[..., Gateway], service: OpenAICompatible, fields: Json
) -> None:
    with serve(ACCOUNTS=json.dumps([account("a", service, models={"painter": fields})])).client() as client:
        error = assert_error(client.get("/v1/models"), 500, "misconfigured")
    assert "'models' of an account" in error["message"]


@pytest.mark.parametrize("model", ["flux-emulated", "flux-kontext"])
def test_a_mask_is_refused_where_the_model_takes_none(
    serve: Callable[..., Gateway], service: OpenAICompatible, model: str
) -> None:
    gateway = serve(**service.environment(), OPENAI_COMPATIBLE_MODELS='{"flux-kontext": {}}')
    with gateway.openai() as sdk, pytest.raises(openai.BadRequestError) as caught:
        sdk.images.edit(model=model, image=FIRST, mask=MASK, prompt="p")
    assert caught.value.param == "mask"
    assert not orders(service)
