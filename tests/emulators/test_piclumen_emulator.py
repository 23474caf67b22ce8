"""The fake PicLumen against what is known of the real one: its answers, its tokens and its refusals."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.piclumen import ALICE, BOB, OPERATOR, Piclumen
from tests.emulators.piclumen.wire import ALWAYS_FOUR, FAST, REALISTIC

Json = dict[str, Any]
CREATE, LOOK = "/api/gen/create", "/api/task/batch-process-task"

# Answers of the real service, trimmed.
RECEIPT: Json = {
    "status": 0,
    "message": "success",
    "data": {"markId": "dca0d07b-41f8-41ec-8b68-0bcb3a843dc4", "featureName": "ttp", "fastHour": True, "index": -1},
}
DONE: Json = {
    "status": 0,
    "message": "success",
    "data": [
        {
            "promptId": "18571",
            "markId": "dca0d07b-41f8-41ec-8b68-0bcb3a843dc4",
            "status": "success",
            "info": None,
            "index": 0,
            "prompt": None,
            "img_urls": [
                {
                    "imgUrl": "https://...",
                    "thumbnailUrl": "https://...",
                    "highThumbnailUrl": "https://...",
                    "imgName": "...",
                    "sensitive": None,
                    "realWidth": 1344,
                    "realHeight": 768,
                }
            ],
        }
    ],
}
ORDER: Json = {
    "prompt": "a cat",
    "highPixels": False,
    "model_id": FAST,
    "negative_prompt": "",
    "resolution": {"width": 1344, "height": 768, "batch_size": 1},
    "model_ability": {},
    "seed": 9896923949,
    "steps": 6,
    "cfg": 1,
    "sampler_name": "euler",
    "scheduler": "normal",
    "ponyTags": {},
    "denoise": 1,
    "hires_fix_denoise": 0.5,
    "hires_scale": 2,
    "multi_img2img_info": {"style_list": []},
    "img_control_info": {"style_list": []},
    "continueCreate": False,
}
LEAN = {
    name: ORDER[name] for name in ORDER if name not in ("highPixels", "model_ability", "ponyTags", "continueCreate")
}


@pytest.fixture
def piclumen() -> Iterator[Piclumen]:
    with Piclumen() as emulator:
        yield emulator


@pytest.fixture
def client(piclumen: Piclumen) -> Iterator[httpx.Client]:
    headers = {"authorization": ALICE, "platform": "Web"}
    with httpx.Client(base_url=piclumen.url, headers=headers) as client:
        yield client


def create(client: httpx.Client, **more: Any) -> str:
    answer = client.post(CREATE, json=ORDER | more).json()
    assert answer["status"] == 0, answer
    mark: str = answer["data"]["markId"]
    return mark


def look(client: httpx.Client, *marks: str) -> list[Json]:
    answer = client.post(LOOK, json=list(marks)).json()
    assert answer["status"] == 0, answer
    data: list[Json] = answer["data"]
    return data


def shape_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])]
    return type(value)


def test_answers_look_like_the_real_ones(piclumen: Piclumen, client: httpx.Client) -> None:
    receipt = client.post(CREATE, json=ORDER).json()
    assert shape_of(receipt) == shape_of(RECEIPT)
    assert re.fullmatch(r"[0-9a-f-]{36}", receipt["data"]["markId"])
    piclumen.steps = 0
    mark = create(client)
    assert shape_of(client.post(LOOK, json=[mark]).json()) == shape_of(DONE)
    [entry] = client.get("/api/gen/model/list").json()["data"][:1]
    assert entry.keys() >= {"modelId", "modelDisplay", "defaultConfig"}


def test_a_task_advances_with_each_look_and_gives_its_pictures(piclumen: Piclumen, client: httpx.Client) -> None:
    mark = create(client, resolution={"width": 640, "height": 480, "batch_size": 2})
    seen = [look(client, mark)[0] for _ in range(3)]
    assert [entry["status"] for entry in seen] == ["pending", "running", "success"]
    assert [entry["img_urls"] for entry in seen[:2]] == [None, None]
    assert [entry["promptId"] is None for entry in seen] == [True, True, False]
    urls = [image["imgUrl"] for image in seen[2]["img_urls"]]
    pictures = [httpx.get(url) for url in urls]
    assert len({picture.content for picture in pictures}) == 2
    assert all(picture.content.startswith(b"\x89PNG") for picture in pictures)


def test_no_picture_before_its_time(piclumen: Piclumen, client: httpx.Client) -> None:
    create(client)
    assert client.get(f"/normal/20251231/14/{piclumen.tasks[0].names[0]}.webp").status_code == 404


@pytest.mark.parametrize("path", [CREATE, LOOK, "/api/gen/model/list", "/api/user/info"])
@pytest.mark.parametrize("token", ["", "f" * 40, f"Bearer {ALICE}"])
def test_a_bare_known_token_is_needed(piclumen: Piclumen, client: httpx.Client, path: str, token: str) -> None:
    method = "POST" if path in (CREATE, LOOK) else "GET"
    answer = client.request(method, path, headers={"authorization": token})
    assert (answer.status_code, answer.json()["data"]) == (401, None)
    piclumen.bad_token = "envelope"
    answer = client.request(method, path, headers={"authorization": token})
    assert (answer.status_code, answer.json()["status"]) == (200, 401)
    assert piclumen.tasks == []


def test_an_account_sees_its_own_tasks_only(client: httpx.Client) -> None:
    mark = create(client)
    assert client.get("/api/user/info").json()["status"] == 0
    for other in (BOB, OPERATOR):
        client.headers["authorization"] = other
        assert look(client, mark) == []


def test_an_unknown_mark_is_left_out_and_the_order_is_another_one(piclumen: Piclumen, client: httpx.Client) -> None:
    first, second = create(client), create(client)
    assert [entry["markId"] for entry in look(client, first, "nobody", second)] == [second, first]
    piclumen.crowded = True
    assert [entry["markId"] for entry in look(client, second)] == [first, second]


@pytest.mark.parametrize(
    "body",
    [LEAN, ORDER | {"seed": -1}, ORDER | {"model_id": REALISTIC, "cfg": 4.5}, ORDER | {"prompt": ""}],
)
def test_what_is_accepted(client: httpx.Client, body: Json) -> None:
    assert client.post(CREATE, json=body).json()["status"] == 0


def test_one_model_always_makes_four(piclumen: Piclumen, client: httpx.Client) -> None:
    piclumen.steps = 0
    [entry] = look(client, create(client, model_id=ALWAYS_FOUR))
    assert len(entry["img_urls"]) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_id": "unknown"},
        {"prompt": None},
        {"unknown": 1},
        {"steps": "6"},
        {"seed": 1.5},
        {"resolution": {"width": 64, "height": 64}},
        {"resolution": {"width": 1024, "height": 1024, "batch_size": 3}},
        {"resolution": {"width": 1024, "height": 1024, "batch_size": 5}, "model_id": REALISTIC},
        {"resolution": {"width": 10_000, "height": 1024, "batch_size": 1}},
        {"sampler_name": "unknown"},
        {"multi_img2img_info": {}},
    ],
    ids=str,
)
def test_what_is_refused(piclumen: Piclumen, client: httpx.Client, wrong: Json) -> None:
    answer = client.post(CREATE, json=ORDER | wrong)
    assert answer.status_code == 200
    assert answer.json()["status"] != 0
    assert piclumen.tasks == []


def test_other_refusals(piclumen: Piclumen, client: httpx.Client) -> None:
    assert client.post(CREATE, content=b"{", headers={"content-type": "text/plain"}).status_code == 415
    assert client.post(LOOK, json={"markId": "x"}).json()["status"] != 0
    assert client.post(CREATE, json=ORDER, headers={"platform": "iOS"}).json()["status"] != 0
    assert client.post(CREATE, json=ORDER | {"prompt": "[refused]"}).json()["data"] is None
    assert piclumen.tasks == []
