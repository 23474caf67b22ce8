"""What the fake Gemini API refuses, and that it serves what the real one does."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.gemini import Fate, Gemini
from tests.emulators.png import png

MODEL = "gemini-3-pro-image"
DATA = base64.b64encode(png(40, 30)).decode()
Json = dict[str, Any]


@pytest.fixture(scope="module")
def running() -> Iterator[Gemini]:
    with Gemini() as emulator:
        yield emulator


@pytest.fixture
def client(running: Gemini) -> Iterator[httpx.Client]:
    running.reset()
    with httpx.Client(base_url=running.url, headers={"x-goog-api-key": running.key}) as client:
        yield client


def body(*parts: Json, **config: Any) -> Json:
    content = [{"parts": [{"text": "a cat"}, *parts]}]
    return {"contents": content} | ({"generationConfig": config} if config else {})


def sides(answer: httpx.Response) -> tuple[int, int]:
    [candidate] = answer.json()["candidates"]
    data = base64.b64decode(candidate["content"]["parts"][-1]["inlineData"]["data"])
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_both_versions_answer(client: httpx.Client, version: str) -> None:
    assert sides(client.post(f"/{version}/models/{MODEL}:generateContent", json=body())) == (1024, 1024)
    names = [model["name"] for model in client.get(f"/{version}/models?pageSize=1000").json()["models"]]
    assert f"models/{MODEL}" in names


@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "image/png", "data": DATA}},
        {"inlineData": {"mime_type": "image/png", "data": DATA}},
        {"inline_data": {"mime_type": "image/png", "data": DATA}},
    ],
)
def test_both_spellings_are_read(client: httpx.Client, running: Gemini, part: Json) -> None:
    answer = client.post(f"/v1/models/{MODEL}:generateContent", json=body(part))
    assert sides(answer) == (40, 30), "without a ratio it keeps that of the input"
    assert running.submits[0].inputs == (png(40, 30),)


def test_base64_in_the_url_safe_alphabet_is_read(client: httpx.Client, running: Gemini) -> None:
    """google-genai sends it; the real API reads both alphabets."""
    content = png(40, 30) + bytes(range(256))
    data = base64.urlsafe_b64encode(content).decode()
    assert set("-_") & set(data)
    answer = client.post(
        f"/v1/models/{MODEL}:generateContent", json=body({"inlineData": {"mime_type": "image/png", "data": data}})
    )
    assert sides(answer) == (40, 30)
    assert running.submits[0].inputs == (content,)


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_a_model_can_be_retrieved(client: httpx.Client, version: str) -> None:
    listed = client.get(f"/{version}/models").json()["models"]
    assert [client.get(f"/{version}/{model['name']}").json() for model in listed] == listed
    for name, words in [("gemini-0-image", "is not found"), ("imagen-4.0-generate-001", "no longer available")]:
        answer = client.get(f"/{version}/models/{name}")
        assert answer.status_code == 404
        assert words in answer.json()["error"]["message"]


def test_the_list_has_pages(client: httpx.Client) -> None:
    first = client.get("/v1beta/models?pageSize=3").json()
    assert len(first["models"]) == 3
    rest = client.get("/v1beta/models", params={"pageSize": 1000, "pageToken": first["nextPageToken"]}).json()
    assert "nextPageToken" not in rest
    assert first["models"] + rest["models"] == client.get("/v1beta/models?pageSize=1000").json()["models"]


def test_a_key_may_stand_in_the_query(running: Gemini) -> None:
    assert httpx.get(f"{running.url}/v1/models?key={running.key}").status_code == 200
    assert httpx.get(f"{running.url}/v1/models").json()["error"]["status"] == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("model", "content", "status", "words"),
    [
        (MODEL, {}, 400, "contents"),
        (MODEL, body(n=1), 400, "Invalid JSON"),
        (MODEL, {**body(), "prompt": "x"}, 400, "Invalid JSON"),
        (MODEL, body(imageConfig={"aspectRatio": "7:5"}), 400, "aspectRatio"),
        (MODEL, body(imageConfig={"imageSize": "2k"}), 400, "imageSize"),
        (MODEL, body({"inlineData": {"mimeType": "image/png", "data": "***"}}), 400, "Base64"),
        (MODEL, body({"inlineData": {"mimeType": "image/gif", "data": DATA}}), 400, "MIME"),
        (MODEL, body({"inlineData": {"mimeType": "image/jpeg", "data": DATA}}), 400, "input image"),
        ("gemini-2.5-flash-image", body(imageConfig={"imageSize": "1K"}), 400, "imageSize"),
        (MODEL, body(imageConfig={"imageSize": "512"}), 400, "not supported"),
        (MODEL, body(imageConfig={"aspectRatio": "8:1"}), 400, "not supported"),
        ("gemini-3-flash", body(), 400, "not enabled"),
        ("gemini-0-image", body(), 404, "is not found"),
        ("imagen-4.0-generate-001", body(), 404, "no longer available"),
    ],
)
def test_what_it_refuses(
    client: httpx.Client, running: Gemini, model: str, content: Json, status: int, words: str
) -> None:
    answer = client.post(f"/v1beta/models/{model}:generateContent", json=content)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status
    assert words in answer.json()["error"]["message"]
    assert running.submits == []


def test_a_bad_key_comes_before_the_model(running: Gemini) -> None:
    url = f"{running.url}/v1beta/models/gemini-0-image:generateContent"
    error = httpx.post(url, json=body(), headers={"x-goog-api-key": "nobody"}).json()["error"]
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


def test_methods_that_are_gone(client: httpx.Client) -> None:
    answer = client.post("/v1beta/models/imagen-4.0-generate-001:predict", json={})
    assert "no longer available" in answer.json()["error"]["message"]
    assert client.post(f"/v1beta/models/{MODEL}:predict", json={}).status_code == 404


def test_a_request_that_is_too_large(client: httpx.Client, running: Gemini) -> None:
    running.largest_request = 1000
    answer = client.post(f"/v1/models/{MODEL}:generateContent", json=body({"text": "x" * 1000}))
    assert "exceeds the limit: 1000 bytes" in answer.json()["error"]["message"]


@pytest.mark.parametrize("fate", list(Fate))
def test_a_prompt_chooses_its_fate(client: httpx.Client, running: Gemini, fate: Fate) -> None:
    content = {"contents": [{"parts": [{"text": f"a cat [{fate}]"}]}]}
    answer = client.post(f"/v1/models/{MODEL}:generateContent", json=content)
    assert answer.status_code in (200, 429, 503)
    assert bool(running.submits) is (answer.status_code == 200 and fate is not Fate.BLOCKED)


def test_no_two_pictures_are_the_same(client: httpx.Client) -> None:
    url = f"/v1/models/{MODEL}:generateContent"
    assert (
        len(
            {
                client.post(url, json=body()).json()["candidates"][0]["content"]["parts"][-1]["inlineData"]["data"]
                for _ in range(3)
            }
        )
        == 3
    )
