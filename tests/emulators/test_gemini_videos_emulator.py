"""The fake Gemini API's videos against what is known of the real one: orders, records, files, and what is refused."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.ark import CLIP
from tests.emulators.gemini import LIVE, VEO, FilmFate, Gemini, anchors
from tests.emulators.png import png

Json = dict[str, Any]

DATA = base64.b64encode(png(40, 30)).decode()
IMAGE: Json = {"type": "image", "data": DATA, "mime_type": "image/png"}
TEXT: Json = {"type": "text", "text": "a fjord"}
ORDER: Json = {"model": "gemini-omni-1.2-flash", "background": True, "input": "a fjord"}
PREDICT: Json = {"instances": [{"prompt": "a fjord"}]}


@pytest.fixture(scope="module")
def running() -> Iterator[Gemini]:
    with Gemini(live=(*LIVE, VEO), shut=()) as emulator:
        yield emulator


@pytest.fixture
def client(running: Gemini) -> Iterator[httpx.Client]:
    running.reset()
    with httpx.Client(base_url=running.url, headers={"x-goog-api-key": running.key}) as client:
        yield client


def shape(value: Any) -> Any:
    """What a text is made of, without what it says."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else type(value)


def order(client: httpx.Client, version: str = "v1beta", **changes: Any) -> httpx.Response:
    return client.post(f"/{version}/interactions", json=ORDER | changes)


def predict(client: httpx.Client, version: str = "v1beta", **changes: Any) -> httpx.Response:
    return client.post(f"/{version}/models/{VEO}:predictLongRunning", json=PREDICT | changes)


def wanted(**response_format: Any) -> Json:
    return {"response_format": {"type": "video", **response_format}}


def task(name: str, *content: Json) -> Json:
    steps = [{"type": "user_input", "content": [*content, TEXT]}]
    return {"input": steps, "generation_config": {"video_config": {"task": name}}}


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_an_interaction_from_its_order_to_its_bytes(client: httpx.Client, running: Gemini, version: str) -> None:
    running.steps = 5
    begun = order(client, version, **wanted(delivery="uri")).json()
    assert shape(begun) == shape(anchors.CREATED)
    path = f"/{version}/interactions/{begun['id']}?stream=false"
    seen = [client.get(path).json() for _ in range(6)]
    assert [each["status"] for each in seen] == ["queued"] + ["in_progress"] * 4 + ["completed"]
    assert shape(seen[5]) | {"usage": ...} == shape(anchors.BY_URI) | {"usage": ...}
    uri = seen[5]["steps"][-1]["content"][0]["uri"]
    assert uri.startswith(f"{running.url}/{version}/files/")
    file = client.get(uri.partition(":download")[0]).json()
    assert (file["state"], file["mimeType"]) == ("ACTIVE", "video/mp4")
    hop = client.get(uri)
    assert (hop.status_code, "/download/" in hop.headers["location"]) == (302, True)
    assert client.get(uri, follow_redirects=True).content.startswith(CLIP)
    assert httpx.get(hop.headers["location"]).status_code == 403, "the key is wanted there, too"


def test_a_video_inside_of_the_answer(client: httpx.Client) -> None:
    begun = order(client, background=False).json()
    assert shape(begun) | {"usage": ...} == shape(anchors.INLINE) | {"usage": ...}
    assert base64.b64decode(begun["steps"][-1]["content"][0]["data"]).startswith(CLIP)


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_an_operation_from_its_order_to_its_bytes(client: httpx.Client, running: Gemini, version: str) -> None:
    running.steps = 1
    begun = predict(client, version).json()
    assert shape(begun) == shape(anchors.STARTED)
    seen = [client.get(f"/{version}/{begun['name']}").json() for _ in range(2)]
    assert [shape(each) for each in seen] == [shape(anchors.STARTED), shape(anchors.MADE)]
    uri = seen[1]["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
    assert client.get(uri, follow_redirects=True).content.startswith(CLIP)


@pytest.mark.parametrize(("fate", "anchor"), [(FilmFate.UNSAFE, anchors.FILTERED), (FilmFate.FAILS, anchors.FAILED)])
def test_operations_that_come_to_nothing(client: httpx.Client, running: Gemini, fate: FilmFate, anchor: Json) -> None:
    running.steps = 0
    running.next_fate(fate)
    assert shape(client.get(f"/v1beta/{predict(client).json()['name']}").json()) == shape(anchor)


@pytest.mark.parametrize(
    "changes",
    [
        wanted(duration="3s", resolution="4k", aspect_ratio="9:16", delivery="uri"),
        {"responseFormat": {"type": "video", "aspectRatio": "16:9"}, "generationConfig": {"videoConfig": {}}},
        {"input": [IMAGE, TEXT]},
        {"input": [{"type": "image", "data": DATA, "mimeType": "image/png"}, TEXT]},
        task("text_to_video"),
        task("image_to_video", IMAGE),
        task("image_to_video", IMAGE, IMAGE),
        task("reference_to_video", *[IMAGE] * 10),
    ],
)
def test_orders_that_are_taken(client: httpx.Client, running: Gemini, changes: Json) -> None:
    assert order(client, **changes).status_code == 200
    assert len(running.films) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": "a fjord"}, "Invalid JSON"),
        ({"input": []}, "Invalid JSON"),
        (wanted(aspect_ratio="1:1"), "aspect"),
        (wanted(resolution="480p"), "resolution"),
        (wanted(duration=5), "duration"),
        (wanted(duration="5"), "like 5s"),
        (wanted(duration="2s"), "minimum allowed 3s"),
        (wanted(duration="16s"), "maximum allowed 15s"),
        ({**wanted(duration="11s"), "model": "gemini-omni-1.1-flash"}, "maximum allowed 10s"),
        (wanted(seed=7), "Invalid JSON"),
        ({"store": False}, "store"),
        ({"model": "gemini-omni-flash-preview", **wanted(resolution="1080p")}, "resolution"),
        ({"model": "gemini-3-pro-image"}, "does not make videos"),
        (task("text_to_video", IMAGE), "1 images"),
        (task("image_to_video"), "0 images"),
        (task("image_to_video", IMAGE, IMAGE, IMAGE), "3 images"),
        (task("reference_to_video", *[IMAGE] * 11), "11 images"),
        (task("edit"), "task"),
        ({"input": [IMAGE | {"data": "***"}, TEXT]}, "Base64"),
        ({"input": [IMAGE | {"mime_type": "image/bmp"}, TEXT]}, "MIME"),
        ({"input": "from <FIRST_FRAME> to <LAST_FRAME>"}, "LAST_FRAME"),
    ],
)
def test_orders_that_are_refused(client: httpx.Client, running: Gemini, changes: Json, said: str) -> None:
    answer = order(client, **changes)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert not running.films


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": "a fjord"}, "Invalid JSON"),
        ({"instances": []}, "instances"),
        ({"parameters": {"durationSeconds": 5}}, "durationSeconds"),
        ({"parameters": {"aspectRatio": "1:1"}}, "aspectRatio"),
        ({"parameters": {"durationSeconds": 4, "resolution": "1080p"}}, "has to be 8"),
        ({"instances": [{"prompt": "a", "lastFrame": {"bytesBase64Encoded": DATA, "mimeType": "image/png"}}]}, "image"),
        ({"instances": [{"prompt": "a", "image": {"bytesBase64Encoded": "***", "mimeType": "image/png"}}]}, "Base64"),
    ],
)
def test_operations_that_are_refused(client: httpx.Client, running: Gemini, changes: Json, said: str) -> None:
    answer = predict(client, **changes)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert not running.films


def test_errors_have_words_for_codes_or_numbers(client: httpx.Client, running: Gemini) -> None:
    draw = {"contents": [{"parts": [{"text": "a cat"}]}]}
    answer = client.post("/v1beta/models/gemini-omni-1.2-flash:generateContent", json=draw)
    assert (answer.status_code, answer.json()) == (400, anchors.ONLY_INTERACTIONS)
    assert order(client, model="gemini-0-omni").json()["error"]["code"] == "not_found"
    running.next_fate(FilmFate.LIMITED)
    assert order(client).json() == anchors.QUOTA
    running.shut = (VEO,)
    gone = predict(client)
    assert (gone.status_code, gone.json()) == (404, anchors.SHUT)
    other = client.post("/v1beta/models/gemini-3-pro-image:predictLongRunning", json=PREDICT)
    assert other.json()["error"]["status"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("fate", "status"),
    [
        (FilmFate.FAILS, "failed"),
        (FilmFate.UNSAFE, "failed"),
        (FilmFate.INCOMPLETE, "incomplete"),
        (FilmFate.BUDGET, "budget_exceeded"),
        (FilmFate.ACTION, "requires_action"),
        (FilmFate.CONTINUES, "requires_continuation"),
        (FilmFate.REGION, "completed"),
        (FilmFate.NEVER_ENDS, "queued"),
    ],
)
def test_how_interactions_end(client: httpx.Client, running: Gemini, fate: FilmFate, status: str) -> None:
    running.steps = 10 if fate is FilmFate.NEVER_ENDS else 0
    record = client.get(f"/v1/interactions/{order(client, input=f'a fjord [{fate}]').json()['id']}").json()
    assert record["status"] == status
    if fate is FilmFate.REGION:
        assert record["usage"]["total_output_tokens"] == 0


def test_a_look_may_be_refused(client: httpx.Client, running: Gemini) -> None:
    running.steps = 1
    path = f"/v1/interactions/{order(client, input='[look-refused]').json()['id']}"
    assert [client.get(path).status_code for _ in range(2)] == [200, 400]


def test_stopping_and_deleting(client: httpx.Client, running: Gemini) -> None:
    path = f"/v1beta/interactions/{order(client).json()['id']}"
    assert client.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert client.get(path).json()["status"] == "cancelled"
    assert client.post(f"{path}/cancel").status_code == 400
    assert client.delete(path).json() == {}
    for answer in (client.get(path), client.delete(path), client.post(f"{path}/cancel")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_files_that_are_not_there_yet_or_not_at_all(client: httpx.Client, running: Gemini) -> None:
    running.steps = 0
    order(client, input="[late-file]", **wanted(delivery="uri"))
    [film] = running.films.values()
    assert client.get(f"/v1beta/files/{film.file}:download?alt=media", follow_redirects=True).status_code == 400
    assert client.get(f"/v1beta/files/{film.file}:download").status_code == 400
    assert [client.get(f"/v1beta/files/{film.file}").json()["state"] for _ in range(3)] == [
        "PROCESSING",
        "PROCESSING",
        "ACTIVE",
    ]
    assert client.get("/v1beta/files/nothing").status_code == 403
    assert client.get("/v1beta/files/nothing:download?alt=media", follow_redirects=True).status_code == 404


@pytest.mark.parametrize("path", ["interactions/x", f"models/{VEO}/operations/x", "files/x", "files/x:download"])
def test_nothing_is_to_be_had_without_the_key(running: Gemini, path: str) -> None:
    assert httpx.get(f"{running.url}/v1beta/{path}").json()["error"]["status"] == "PERMISSION_DENIED"
