"""The fake ModelScope against what is known of the real one: its answers, its headers and its refusals."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.modelscope import KEY, ModelScope

Json = dict[str, Any]
SUBMIT = "/v1/images/generations"
ORDER: Json = {"model": "Tongyi-MAI/Z-Image-Turbo", "prompt": "a cat"}
ASYNC = {"x-modelscope-async-mode": "true"}
LOOK = {"x-modelscope-task-type": "image_generation"}


@pytest.fixture
def modelscope() -> Iterator[ModelScope]:
    with ModelScope() as emulator:
        yield emulator


@pytest.fixture
def client(modelscope: ModelScope) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=modelscope.url, headers={"authorization": f"Bearer {KEY}"}) as client:
        yield client


def look(client: httpx.Client, task: str) -> Json:
    answer = client.get(f"/v1/tasks/{task}", headers=LOOK)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_a_task_advances_with_each_look_and_gives_its_pictures(client: httpx.Client) -> None:
    task = client.post(SUBMIT, json=ORDER | {"n": 2, "size": "640x512"}, headers=ASYNC).json()["task_id"]
    seen = [look(client, task) for _ in range(3)]
    assert [each["task_status"] for each in seen] == ["PENDING", "RUNNING", "SUCCEED"]
    pictures = [httpx.get(url) for url in seen[2]["output_images"]]
    assert len({picture.content for picture in pictures}) == 2
    assert {picture.headers["content-type"] for picture in pictures} == {"image/png"}


def test_without_the_header_the_answer_has_the_pictures(client: httpx.Client) -> None:
    [image] = client.post(SUBMIT, json=ORDER).json()["images"]
    assert httpx.get(image["url"]).content.startswith(b"\x89PNG")


def test_no_picture_before_its_time(modelscope: ModelScope, client: httpx.Client) -> None:
    client.post(SUBMIT, json=ORDER, headers=ASYNC)
    assert client.get(f"/img/{modelscope.tasks[0].names[0]}.png").status_code == 404


@pytest.mark.parametrize("authorization", ["", KEY, "Bearer wrong"])
def test_the_key_is_needed(modelscope: ModelScope, client: httpx.Client, authorization: str) -> None:
    headers = {"authorization": authorization}
    assert client.post(SUBMIT, json=ORDER, headers=headers).status_code == 401
    assert client.get("/v1/tasks/x", headers=LOOK | headers).status_code == 401
    assert modelscope.tasks == []


def test_a_look_needs_its_header_and_a_task(modelscope: ModelScope, client: httpx.Client) -> None:
    task = client.post(SUBMIT, json=ORDER, headers=ASYNC).json()["task_id"]
    assert client.get(f"/v1/tasks/{task}").status_code == 400
    modelscope.needs_task_type = False
    assert client.get(f"/v1/tasks/{task}").status_code == 200
    assert client.get("/v1/tasks/unknown").status_code == 404


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("errors.message", lambda body: body["errors"]["message"]),
        ("error.message", lambda body: body["error"]["message"]),
        ("error", lambda body: body["error"]),
        ("message", lambda body: body["message"]),
    ],
)
def test_where_errors_stand(modelscope: ModelScope, client: httpx.Client, place: Any, expected: Any) -> None:
    modelscope.place, modelscope.steps = place, 0
    task = client.post(SUBMIT, json=ORDER | {"prompt": "[fails]"}, headers=ASYNC).json()["task_id"]
    assert expected(look(client, task)) == "Image generation failed"
    refusal = client.post(SUBMIT, json=ORDER | {"prompt": "[refused]"}, headers=ASYNC)
    assert refusal.status_code == 400
    assert "inappropriate" in expected(refusal.json())


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "unknown"},
        {"prompt": ""},
        {"prompt": "x" * 2000},
        {"size": "511x1024"},
        {"size": "1024x2049"},
        {"size": "1024*1024"},
        {"seed": -1},
        {"seed": 2**31},
        {"seed": "7"},
        {"steps": 0},
        {"guidance": 1.0},
        {"unknown": 1},
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_what_is_refused(modelscope: ModelScope, client: httpx.Client, wrong: Json) -> None:
    assert client.post(SUBMIT, json=ORDER | wrong, headers=ASYNC).status_code == 400
    assert modelscope.tasks == []


def test_a_signed_link_is_good_until_the_next_look(modelscope: ModelScope, client: httpx.Client) -> None:
    modelscope.steps, modelscope.signed = 0, True
    task = client.post(SUBMIT, json=ORDER, headers=ASYNC).json()["task_id"]
    old, new = (look(client, task)["output_images"][0] for _ in range(2))
    assert [httpx.get(url).status_code for url in (old, new)] == [403, 200]
