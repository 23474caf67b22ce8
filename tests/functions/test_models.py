"""GET /v1/models: what is listed, in the shape that the SDK and other clients read."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import openai
import pytest

from tests.emulators.zimage import ZImage
from tests.functions.helpers import assert_error
from tests.rig import Gateway


def test_the_sdk_reads_the_list(sdk: openai.OpenAI, zimage: ZImage) -> None:
    models = list(sdk.models.list())
    owners = {model.id: model.owned_by for model in models}
    assert models[0].id == "zimage-turbo"
    assert owners["zimage-turbo"] == "zimage"
    assert owners["sketch"] == "sketch"
    assert len(owners) == len(models)
    assert {model.object for model in models} == {"model"}
    assert all(isinstance(model.created, int) for model in models)
    assert zimage.calls == []


@pytest.mark.parametrize("alias", ["dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1.5", "gpt-image-2"])
def test_names_that_clients_have_built_in_are_listed(sdk: openai.OpenAI, alias: str) -> None:
    [model] = [model for model in sdk.models.list() if model.id == alias]
    assert (model.owned_by, model.root) == ("zimage", "zimage-turbo")  # type: ignore[attr-defined]


def test_no_video_is_promised_where_none_can_be_made(sdk: openai.OpenAI) -> None:
    assert not [model.id for model in sdk.models.list() if model.id.startswith("sora")]


def test_an_entry_says_what_the_model_can_do(client: httpx.Client) -> None:
    model = client.get("/v1/models/zimage-turbo").json()
    assert model | {"created": 0, "parameters": []} == {
        "id": "zimage-turbo",
        "object": "model",
        "created": 0,
        "owned_by": "zimage",
        "permission": None,
        "root": "zimage-turbo",
        "parent": None,
        "kind": "image",
        "max_n": 10,
        "default_size": "1024x1024",
        "sizes": None,
        "max_side": 2048,
        "async": True,
        "stream": True,
        "edits": False,
        "max_inputs": 0,
        "masks": False,
        "parameters": [],
        "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]},
    }
    assert "seed" in model["parameters"]


def test_an_entry_is_the_same_alone_and_in_the_list(client: httpx.Client) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [client.get(f"/v1/models/{model['id']}").json() for model in listed["data"]] == listed["data"]


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("sketch", "sketch"),
        ("zimage/zimage-turbo", "zimage-turbo"),
        ("gpt-image-1", "zimage-turbo"),
        ("fast", "redcraft"),
        ("org/model:free", "qwen-image"),
    ],
)
def test_the_sdk_retrieves_one(gateway: Gateway, sdk: openai.OpenAI, name: str, root: str) -> None:
    gateway.environment["MODEL_ALIASES"] = '{"fast": "redcraft", "org/model:free": "qwen-image"}'
    model = sdk.models.retrieve(name)
    assert (model.id, model.root) == (name, root)  # type: ignore[attr-defined]


def test_an_unknown_one(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        sdk.models.retrieve("nope/nothing")
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
    assert "nope/nothing" in str(raised.value)


def test_configured_names_are_listed(gateway: Gateway, sdk: openai.OpenAI) -> None:
    gateway.environment["MODEL_ALIASES"] = '{"fast": "redcraft", "broken": "nothing"}'
    gateway.environment["ZIMAGE_MODELS"] = '{"brand-new": {"sizes": ["512x512"]}}'
    models = {model.id: model for model in sdk.models.list()}
    assert {"fast", "brand-new"} <= models.keys()
    assert "broken" not in models
    assert models["brand-new"].sizes == ["512x512"]  # type: ignore[attr-defined]


def test_a_provider_that_is_not_configured_is_not_listed(serve: Callable[..., Gateway]) -> None:
    with serve().openai() as sdk:
        assert {model.owned_by for model in sdk.models.list()} == {"sketch"}


@pytest.mark.parametrize("path", ["/models", "/v1/models/", "/models/"])
def test_with_and_without_v1_and_a_slash_at_the_end(client: httpx.Client, path: str) -> None:
    assert client.get(path).json() == client.get("/v1/models").json()


def test_models_need_a_key(client: httpx.Client) -> None:
    assert_error(client.get("/v1/models", headers={"authorization": ""}), 401, "invalid_api_key")


@pytest.mark.parametrize("path", ["/v1//models", "//v1/models", "/v1/v1/models", "/v1//v1//models/", "//models"])
def test_base_urls_with_a_slash_or_version_too_many(client: httpx.Client, path: str) -> None:
    response = client.get(f"{client.base_url.scheme}://{client.base_url.netloc.decode()}{path}")
    assert response.status_code == 200, response.text
    assert response.json() == client.get("/v1/models").json()
