"""The fake Ark against what is known of the real one: tasks, pictures, refusals, and links that only GET opens."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.ark import CLIP, KEY, Ark, Fate

Json = dict[str, Any]
TASKS = "/contents/generations/tasks"
DRAW = "/images/generations"
PICTURE = "https://pictures.example/cat.png"

# The request and the answers of the service's own client, trimmed; null is what that sends for fields not set.
ORDER: Json = {
    "model": "doubao-seedance-2-0-260128",
    "content": [{"type": "text", "text": "dance"}],
    "callback_url": None,
    "return_last_frame": True,
    "service_tier": None,
    "seed": None,
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "watermark": False,
}
DONE = {
    "id",
    "model",
    "status",
    "content",
    "usage",
    "created_at",
    "updated_at",
    "seed",
    "resolution",
    "ratio",
    "duration",
    "framespersecond",
    "service_tier",
    "execution_expires_after",
    "generate_audio",
    "draft",
}


@pytest.fixture
def api(ark: Ark) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=f"{ark.url}/api/v3", headers=headers, verify=False) as client:
        yield client


def create(api: httpx.Client, **changes: Any) -> httpx.Response:
    return api.post(TASKS, json=ORDER | changes)


def picture(role: str | None = None) -> Json:
    return {"type": "image_url", "image_url": {"url": PICTURE}} | ({"role": role} if role else {})


def assert_refused(answer: httpx.Response, status: int, code: str, said: str = "") -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), answer.text
    assert error.keys() == {"code", "message", "param", "type"}
    assert said in error["message"]


def test_a_task_from_its_order_to_its_bytes(api: httpx.Client, ark: Ark) -> None:
    ark.steps = 5
    created = create(api)
    assert created.json().keys() == {"id"}
    task = created.json()["id"]
    seen = [api.get(f"{TASKS}/{task}").json() for _ in range(6)]
    assert [each["status"] for each in seen] == ["queued"] + ["running"] * 4 + ["succeeded"]
    assert all(each.keys() == {"id", "model", "status", "created_at", "updated_at"} for each in seen[:5])
    assert seen[5].keys() == DONE
    links = seen[5]["content"]
    assert httpx.get(links["video_url"]).content.startswith(CLIP)
    assert httpx.get(links["video_url"]).headers["content-type"] == "application/octet-stream"
    assert httpx.get(links["last_frame_url"]).content.startswith(b"\x89PNG")


def test_the_last_frame_is_there_when_it_was_asked_for(api: httpx.Client, ark: Ark) -> None:
    ark.steps = 0
    task = create(api, return_last_frame=None).json()["id"]
    assert api.get(f"{TASKS}/{task}").json()["content"].keys() == {"video_url"}


@pytest.mark.parametrize(
    ("fate", "status", "code"),
    [
        (Fate.FAILS, "failed", "InternalServiceError"),
        (Fate.FAILS_AS_UNSAFE, "failed", "OutputVideoSensitiveContentDetected"),
        (Fate.EXPIRES, "expired", None),
        (Fate.NEVER_ENDS, "queued", None),
    ],
)
def test_how_tasks_end(api: httpx.Client, ark: Ark, fate: Fate, status: str, code: str | None) -> None:
    ark.steps = 0 if fate is not Fate.NEVER_ENDS else 10
    task = create(api, content=[{"type": "text", "text": f"dance [{fate}]"}]).json()["id"]
    record = api.get(f"{TASKS}/{task}").json()
    assert (record["status"], record.get("error", {}).get("code")) == (status, code)
    assert "content" not in record


def test_odd_words_stand_in_the_place_of_steps(api: httpx.Client, ark: Ark) -> None:
    ark.state_words = itertools.repeat("marinating")
    task = create(api).json()["id"]
    assert {api.get(f"{TASKS}/{task}").json()["status"] for _ in range(5)} == {"marinating"}


def test_what_waits_is_cancelled_and_what_has_ended_is_deleted(api: httpx.Client, ark: Ark) -> None:
    ark.steps = 4
    waiting = create(api).json()["id"]
    assert api.delete(f"{TASKS}/{waiting}").json() == {}
    assert api.get(f"{TASKS}/{waiting}").json()["status"] == "cancelled"
    assert_refused(api.delete(f"{TASKS}/{waiting}"), 409, "InvalidAction")
    busy = create(api).json()["id"]
    for _ in range(2):
        api.get(f"{TASKS}/{busy}")
    assert_refused(api.delete(f"{TASKS}/{busy}"), 409, "InvalidAction")
    for _ in range(4):
        api.get(f"{TASKS}/{busy}")
    assert api.delete(f"{TASKS}/{busy}").json() == {}
    assert_refused(api.get(f"{TASKS}/{busy}"), 404, "NotFound.id")
    assert api.get(TASKS).json()["total"] == 1


REFUSED: list[tuple[Json, str]] = [
    ({"content": [{"type": "text", "text": "x"}, picture(), picture()]}, "role must be specified for image contents"),
    ({"content": [{"type": "text", "text": "x"}, picture("last_frame")]}, "make no sense"),
    ({"content": [{"type": "text", "text": "x"}, picture("first_frame"), picture("reference_image")]}, "mixed"),
    ({"content": [{"type": "text", "text": "x"}, *[picture("reference_image")] * 10]}, "too many"),
    ({"content": []}, "content"),
    ({"duration": 3}, "duration"),
    ({"duration": "5"}, "duration"),
    ({"ratio": "9:21"}, "ratio"),
    ({"resolution": "8k"}, "resolution"),
    ({"model": "doubao-seedance-2-0-fast-260128", "resolution": "1080p"}, "resolution"),
    ({"seed": -2}, "seed"),
    ({"camera_fixed": True}, "camera_fixed"),
    ({"priority": 10}, "priority"),
    ({"model": "doubao-seedance-1-5-pro-251215", "priority": 1}, "priority"),
    ({"draft": True, "resolution": "480p"}, "draft"),
    ({"model": "doubao-seedance-1-5-pro-251215", "draft": True}, "draft"),
    ({"prompt": "dance"}, "prompt"),
    ({"content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}, "image_url"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
def test_malformed_orders_are_refused(api: httpx.Client, ark: Ark, changes: Json, said: str) -> None:
    assert_refused(create(api, **changes), 400, "InvalidParameter", said)
    assert not ark.tasks


def test_tasks_are_filtered_and_listed_by_page(api: httpx.Client, ark: Ark) -> None:
    ark.steps = 0
    done = [create(api).json()["id"] for _ in range(3)]
    other = create(api, model="doubao-seedance-1-5-pro-251215").json()["id"]

    def listed(**query: Any) -> tuple[int, list[str]]:
        content = api.get(TASKS, params={name.replace("filter_", "filter."): value for name, value in query.items()})
        return content.json()["total"], [item["id"] for item in content.json()["items"]]

    assert listed() == (4, [*done, other])
    assert listed(filter_task_ids=[done[2], other]) == (2, [done[2], other])
    assert listed(filter_model="doubao-seedance-1-5-pro-251215") == (1, [other])
    assert listed(filter_status="cancelled") == (0, [])
    assert listed(filter_service_tier="flex") == (0, [])
    assert listed(page_num=2, page_size=3) == (4, [other])
    assert_refused(api.get(TASKS, params={"page_size": "501"}), 400, "InvalidParameter", "page_size")


def test_an_image_as_base64(api: httpx.Client) -> None:
    body = {"model": "doubao-seedream-4-5-251128", "prompt": "a cat", "response_format": "b64_json"}
    [image] = api.post(DRAW, json=body).json()["data"]
    assert image.keys() == {"b64_json", "size"}
    assert base64.b64decode(image["b64_json"]).startswith(b"\xff\xd8\xff")


def test_an_image_as_a_stream(api: httpx.Client, ark: Ark) -> None:
    ark.next_fate(Fate.PARTLY_FAILS)
    response = api.post(DRAW, json={"model": "doubao-seedream-4-5-251128", "prompt": "a cat", "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    *events, done = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert done == "[DONE]"
    assert [json.loads(event)["type"] for event in events] == [
        "image_generation.partial_failed",
        "image_generation.partial_succeeded",
        "image_generation.completed",
    ]
    assert [json.loads(event).get("image_index") for event in events] == [0, 1, None]


def test_what_is_missing_is_named(api: httpx.Client) -> None:
    assert_refused(api.post(TASKS, json={"content": ORDER["content"]}), 400, "MissingParameter", "model")


@pytest.mark.parametrize("path", [TASKS, DRAW])
def test_accounts_and_models(api: httpx.Client, ark: Ark, path: str) -> None:
    model = "doubao-seedance-2-0-260128" if path == TASKS else "doubao-seedream-4-5-251128"
    order = ORDER | {"model": model} if path == TASKS else {"model": model, "prompt": "a cat"}
    assert_refused(api.post(path, json=order, headers={"authorization": "Bearer x"}), 401, "AuthenticationError")
    assert_refused(api.post(path, json=order | {"model": "seedance"}), 404, "InvalidEndpointOrModel.NotFound")
    ark.closed = frozenset({model})
    assert_refused(api.post(path, json=order), 404, "ModelNotOpen")
    ark.overdue = True
    assert_refused(api.post(path, json=order), 403, "AccountOverdueError")


def test_the_clients_own_request_id_comes_back(api: httpx.Client) -> None:
    answer = api.post(TASKS, json=ORDER, headers={"x-client-request-id": "20261120000000abc"})
    assert answer.headers["x-client-request-id"] == "20261120000000abc"


def test_a_picture_and_its_file(api: httpx.Client) -> None:
    answer = api.post(DRAW, json={"model": "doubao-seedream-4-5-251128", "prompt": "a cat", "size": "2560x1440"})
    [made] = answer.json()["data"]
    assert made["size"] == "2560x1440"
    assert httpx.get(made["url"]).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("model", "size", "taken"),
    [
        ("doubao-seedream-4-5-251128", "1024x1024", False),
        ("doubao-seedream-4-5-251128", "1920x1920", True),
        ("doubao-seedream-5-0-260128", "1K", False),
        ("doubao-seedream-5-0-260128", "2K", True),
        ("doubao-seedream-5-0-pro-260628", "1K", True),
        ("doubao-seedream-5-0-pro-260628", "4K", False),
        ("doubao-seedream-4-0-250828", "1024x1024", True),
        ("doubao-seedream-4-0-250828", "512x512", False),
        ("doubao-seedream-4-0-250828", "5000x1000", False),
    ],
)
def test_sizes_of_pictures(api: httpx.Client, model: str, size: str, taken: bool) -> None:
    answer = api.post(DRAW, json={"model": model, "prompt": "a cat", "size": size})
    assert (answer.status_code == 200) is taken, answer.text


def test_a_part_of_the_pictures_may_fail(api: httpx.Client, ark: Ark) -> None:
    ark.next_fate(Fate.PARTLY_FAILS)
    answer = api.post(DRAW, json={"model": "doubao-seedream-4-5-251128", "prompt": "a cat"})
    assert [set(entry) for entry in answer.json()["data"]] == [{"error"}, {"url", "size"}]


@pytest.mark.parametrize("path", [TASKS, DRAW])
def test_a_refused_prompt(api: httpx.Client, path: str) -> None:
    order = ORDER | {"content": [{"type": "text", "text": "[refused]"}]}
    drawn = {"model": "doubao-seedream-4-5-251128", "prompt": "[refused]"}
    answer = api.post(path, json=order if path == TASKS else drawn)
    assert_refused(answer, 400, "InputTextSensitiveContentDetected")


def test_links_open_to_a_bare_get_and_to_nothing_else(api: httpx.Client, ark: Ark) -> None:
    ark.steps = 0
    url = api.get(f"{TASKS}/{create(api).json()['id']}").json()["content"]["video_url"]
    part = httpx.get(url, headers={"range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, CLIP[:100])
    tampered = url.replace("X-Tos-Signature=", "X-Tos-Signature=0")
    for answer in (httpx.head(url), httpx.get(url, headers={"authorization": "Bearer x"}), httpx.get(tampered)):
        assert answer.status_code == 403
    ark.expired = True
    assert "<Code>AccessDenied</Code>" in httpx.get(url).text
