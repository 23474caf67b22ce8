"""The fake Z-Image against what is known of the real one: its answers, generations, shapes and refusals."""

import itertools
import json
import struct
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.faults import Drop
from tests.emulators.files import CHUNK, Gate
from tests.emulators.png import BigFile
from tests.emulators.zimage import Fate, ZImage

Json = dict[str, Any]
GENERATE = "/api/z-image/generate"
CHECK = "/api/prompt-moderation/check"
PIXEL = "data:image/png;base64,iVBORw0KGgo="

# Answers of the real service, trimmed.
RECEIPT: Json = {
    "success": True,
    "data": {
        "uuid": "3f0e",
        "task": {
            "id": "1",
            "uuid": "3f0e",
            "taskStatus": "pending",
            "prompt": "a cat",
            "width": 512,
            "height": 512,
            "progress": 0,
        },
    },
}
TASK: Json = {
    "success": True,
    "data": {
        "task": {
            "id": "1",
            "uuid": "3f0e",
            "taskStatus": "processing",
            "prompt": "a cat",
            "width": 512,
            "height": 512,
            "model": "turbo",
            "progress": 40,
            "resultUrl": None,
            "errorMessage": None,
        },
        "queuePosition": 2,
    },
}
STATUS: Json = {
    "success": True,
    "data": {"status": "pending", "queuePosition": 3, "progress": 0, "resultUrl": None, "errorMessage": None},
}
BATCH_STATUS: Json = {
    "success": True,
    "data": {"allCompleted": False, "tasks": [{"status": "completed", "resultUrl": "https://..."}]},
}
MODERATED: Json = {"success": True, "data": {"allowed": True, "promptModerationToken": "opaque"}}
NO_PROMPT: Json = {"success": False, "error": "Prompt is required and must be a string"}


@pytest.fixture
def zimage() -> Iterator[ZImage]:
    with ZImage() as emulator:
        yield emulator


@pytest.fixture
def client(zimage: ZImage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=zimage.url) as client:
        yield client


def order(client: httpx.Client, prompt: str = "a cat", **more: Any) -> Json:
    answer = client.post(GENERATE, json={"prompt": prompt, **more})
    assert answer.status_code == 200, answer.text
    data: Json = answer.json()["data"]
    return data


def look(client: httpx.Client, uuid: str) -> Json:
    data: Json = client.get(f"/api/z-image/task/{uuid}").json()["data"]
    return data


def words(client: httpx.Client, uuid: str, looks: int) -> list[str]:
    return [look(client, uuid)["task"]["taskStatus"] for _ in range(looks)]


def finish(client: httpx.Client, uuid: str) -> Json:
    task: Json = [look(client, uuid)["task"] for _ in range(3)][-1]
    return task


def shape_of(value: Any) -> Any:
    """The keys and types of an answer, without its values."""
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])]
    return type(value)


def test_answers_look_like_the_real_ones(zimage: ZImage, client: httpx.Client) -> None:
    receipt = client.post(GENERATE, json={"prompt": "a cat"}).json()
    uuid = receipt["data"]["uuid"]
    assert shape_of(receipt) == shape_of(RECEIPT)
    assert shape_of(client.get(f"/api/z-image/task/{uuid}").json()) == shape_of(TASK)
    assert shape_of(client.get(f"/api/z-image/status/{uuid}").json()) == shape_of(STATUS)
    check = {"prompt": "a cat", "routeKey": "text_to_image", "targetType": "text_to_image"}
    assert shape_of(client.post(CHECK, json=check).json()) == shape_of(MODERATED)
    zimage.batch, zimage.steps = "parent", 0
    parent = order(client, batchSize=2)["parentTaskUuid"]
    assert shape_of(client.get(f"/api/z-image/batch-status/{parent}").json()) == shape_of(BATCH_STATUS)


def test_a_job_advances_with_each_look(zimage: ZImage, client: httpx.Client) -> None:
    data = order(client, width=640, height=480)
    assert data["uuid"] == data["task"]["uuid"]
    seen = [look(client, data["uuid"]) for _ in range(4)]
    assert [(at["task"]["taskStatus"], at["task"]["progress"], at["queuePosition"]) for at in seen] == [
        ("pending", 0, 3),
        ("processing", 50, 0),
        ("completed", 100, 0),
        ("completed", 100, 0),
    ]
    assert [at["task"]["resultUrl"] for at in seen[:3]] == [None, None, f"{zimage.url}/output/{data['uuid']}_0.png"]
    assert zimage.submits[0].order.width == 640


def test_a_job_advances_with_the_clock(zimage: ZImage, client: httpx.Client) -> None:
    zimage.seconds = 0.5
    slow = order(client)["uuid"]
    zimage.seconds = 0
    assert words(client, order(client)["uuid"], 1) == ["completed"]
    job, seen = zimage.submits[0], [look(client, slow)]
    assert job.done_at == job.course.started + 0.5
    while seen[-1]["task"]["taskStatus"] != "completed":
        assert time.monotonic() < job.done_at + 5
        seen.append(look(client, slow))
    assert time.monotonic() >= job.done_at
    assert seen[-1]["queuePosition"] == 0
    progress = [at["task"]["progress"] for at in seen]
    assert progress == sorted(progress)
    assert progress[-1] == 100


def test_the_flat_status_is_a_look_too(client: httpx.Client) -> None:
    uuid = order(client)["uuid"]
    seen = [client.get(f"/api/z-image/status/{uuid}").json()["data"] for _ in range(3)]
    assert [at["status"] for at in seen] == ["pending", "processing", "completed"]
    assert seen[-1]["resultUrl"].endswith(f"{uuid}_0.png")


@pytest.mark.parametrize("path", ["task", "status", "batch-status"])
def test_an_unknown_uuid_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/api/z-image/{path}/no-such")
    assert (answer.status_code, answer.json()) == (404, {"success": False, "error": "Task not found"})


@pytest.mark.parametrize(
    ("shape", "count", "expected"),
    [
        ("url", 1, '{"resultUrl": "0"}'),
        ("url", 2, '{"resultUrl": "[\\"0\\", \\"1\\"]"}'),
        ("json-array-string", 1, '{"resultUrl": "[\\"0\\"]"}'),
        ("resultUrls", 2, '{"resultUrls": ["0", "1"]}'),
    ],
)
def test_result_shapes(zimage: ZImage, client: httpx.Client, shape: Any, count: int, expected: str) -> None:
    zimage.shape = shape
    zimage.files_origin = "https://files.example"
    uuid = order(client, batchSize=count)["uuid"]
    task = finish(client, uuid)
    result = json.dumps({key: task[key] for key in ("resultUrl", "resultUrls") if key in task})
    for index in range(count):
        result = result.replace(f"https://files.example/output/{uuid}_{index}.png", str(index))
    assert result == expected


def test_a_batch_with_a_parent(zimage: ZImage, client: httpx.Client) -> None:
    zimage.batch = "parent"
    data = order(client, batchSize=2)
    seen = [client.get(f"/api/z-image/batch-status/{data['parentTaskUuid']}").json()["data"] for _ in range(3)]
    assert [(at["allCompleted"], [task["status"] for task in at["tasks"]]) for at in seen] == [
        (False, ["pending", "pending"]),
        (False, ["completed", "processing"]),
        (True, ["completed", "completed"]),
    ]
    files = [client.get(task["resultUrl"]).content for task in seen[-1]["tasks"]]
    assert files[0] != files[1]
    assert words(client, data["uuid"], 1) == ["completed"]
    assert len(zimage.submits) == 1
    assert "parentTaskUuid" not in order(client)


@pytest.mark.parametrize(
    ("fate", "state", "message"),
    [
        (Fate.FAILS, "failed", "Image generation failed"),
        (Fate.FAILS_SILENTLY, "failed", None),
        (Fate.FAILS_AS_UNSAFE, "failed", "NSFW content detected"),
        (Fate.NO_RESULT, "completed", None),
        (Fate.NEVER_ENDS, "processing", None),
    ],
)
@pytest.mark.parametrize("marked", [False, True])
def test_ill_fates(
    zimage: ZImage, client: httpx.Client, fate: Fate, state: str, message: str | None, marked: bool
) -> None:
    if not marked:
        zimage.next_fate(fate)
    task = finish(client, order(client, f"a cat [{fate}]" if marked else "a cat")["uuid"])
    assert (task["taskStatus"], task["errorMessage"], task["resultUrl"]) == (state, message, None)
    assert words(client, order(client)["uuid"], 3)[-1] == "completed"


def test_a_receipt_without_uuid_is_still_taken_work(zimage: ZImage, client: httpx.Client) -> None:
    data = order(client, "[no-uuid]")
    assert "uuid" not in data
    assert "uuid" not in data["task"]
    assert len(zimage.submits) == 1


def test_a_refusal_takes_no_work(zimage: ZImage, client: httpx.Client) -> None:
    answer = client.post(GENERATE, json={"prompt": "[refused]"})
    assert (answer.status_code, answer.json()["success"], "NSFW" in answer.json()["error"]) == (200, False, True)
    assert zimage.submits == []


def test_odd_words_for_a_while_or_for_ever(zimage: ZImage, client: httpx.Client) -> None:
    zimage.state_words = ("refining", "upscaling")
    expected = ["refining", "upscaling", "pending", "processing", "completed"]
    assert words(client, order(client)["uuid"], 5) == expected
    zimage.state_words = itertools.repeat("refining")
    zimage.seconds = 0
    data = look(client, order(client)["uuid"])
    assert (data["task"]["taskStatus"], data["task"]["progress"], data["task"]["resultUrl"]) == ("refining", 90, None)


@pytest.mark.parametrize(
    "body",
    [
        {"batchSize": 3, "modelType": "qwen-image", "seed": "0042"},
        {"batch_size": 3, "model": "qwen-image", "negative_prompt": "", "steps": 8, "cfg_scale": 7},
        {"batchSize": 3, "batch_size": 1, "modelType": "qwen-image", "model": "turbo"},
        {"batchSize": 3, "modelType": "qwen-image", "sourceImages": [PIXEL], "promptModerationToken": "any"},
    ],
)
def test_both_dialects_are_read(zimage: ZImage, client: httpx.Client, body: Json) -> None:
    order(client, **body)
    taken = zimage.submits[0].order
    assert (taken.batch_size, taken.model_type) == (3, "qwen-image")


@pytest.mark.parametrize("body", [{}, {"prompt": ""}, {"prompt": None}, {"prompt": 7}, {"prompt": ["a"]}])
def test_a_prompt_is_required(zimage: ZImage, client: httpx.Client, body: Json) -> None:
    answer = client.post(GENERATE, json=body)
    assert (answer.status_code, answer.json()) == (400, NO_PROMPT)
    assert (len(zimage.calls), zimage.submits) == (1, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": 1},
        {"source_images": [PIXEL]},
        {"width": 63},
        {"height": 2049},
        {"width": "512"},
        {"width": 512.5},
        {"width": True},
        {"batchSize": 0},
        {"batchSize": 5},
        {"batch_size": "1"},
        {"seed": 42},
        {"seed": "-1"},
        {"modelType": "turbo-xl"},
        {"sourceImages": []},
        {"sourceImages": ["https://example.com/a.png"]},
        {"sourceImages": ["data:image/png;base64,@@@"]},
    ],
    ids=str,
)
def test_what_the_service_does_not_know_is_refused(zimage: ZImage, client: httpx.Client, wrong: Json) -> None:
    answer = client.post(GENERATE, json={"prompt": "a cat"} | wrong)
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert next(iter(wrong)).replace("batch_size", "batchSize") in answer.json()["error"]
    assert zimage.submits == []


@pytest.mark.parametrize(
    ("body", "kind"), [("{", "application/json"), ("[]", "application/json"), ("{}", "text/plain")]
)
def test_only_json_objects_are_read(client: httpx.Client, body: str, kind: str) -> None:
    answer = client.post(GENERATE, content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["success"]) == (400, False)


def test_the_cookie_generation(zimage: ZImage, client: httpx.Client) -> None:
    zimage.auth = "cookie"
    refused = [client.post(GENERATE, json={"prompt": "a cat"}), client.get("/api/z-image/task/x")]
    assert [(answer.status_code, answer.json()["success"]) for answer in refused] == [(401, False)] * 2
    verified = client.post("/api/z-image/verify-anonymous", json={"token": "from a browser"})
    assert verified.json() == {"success": True}
    pairs = [line.partition(";")[0] for line in verified.headers.get_list("set-cookie")]
    assert "; ".join(pairs) == zimage.cookie
    client.cookies.clear()
    client.headers["cookie"] = zimage.cookie
    task = finish(client, order(client)["uuid"])
    assert httpx.get(task["resultUrl"]).status_code == 200


def test_the_moderation_generation(zimage: ZImage, client: httpx.Client) -> None:
    zimage.auth = "moderation"
    check = {"prompt": "a cat", "routeKey": "text_to_image", "targetType": "text_to_image"}
    token = client.post(CHECK, json=check).json()["data"]["promptModerationToken"]
    bodies: list[Json] = [
        {"prompt": "a cat"},
        {"prompt": "a cat", "promptModerationToken": "made up"},
        {"prompt": "a cat", "promptModerationToken": token},
        {"prompt": "a cat", "promptModerationToken": token},
    ]
    assert [client.post(GENERATE, json=body).status_code for body in bodies] == [403, 403, 200, 403]
    token = client.post(CHECK, json=check).json()["data"]["promptModerationToken"]
    assert client.post(GENERATE, json={"prompt": "a dog", "promptModerationToken": token}).status_code == 403
    blocked = client.post(CHECK, json=check | {"prompt": "a forbidden cat"})
    assert (blocked.status_code, blocked.json()["data"]) == (200, {"allowed": False})
    assert client.post(CHECK, json=check | {"routeKey": "other"}).status_code == 400
    assert client.post(CHECK, json=check | {"more": 1}).status_code == 400


def test_work_taken_before_a_drop_counts(zimage: ZImage, client: httpx.Client) -> None:
    zimage.plan("/generate", Drop(after=True))
    with pytest.raises(httpx.RemoteProtocolError):
        order(client)
    assert len(zimage.submits) == 1


def test_the_file_is_a_picture_of_the_size_asked_for(client: httpx.Client) -> None:
    uuid = order(client, width=640, height=480, batchSize=2)["uuid"]
    path = f"/output/{uuid}_0.png"
    assert client.get(path).status_code == 404, "not there before the job is done"
    finish(client, uuid)
    picture = client.get(path)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert struct.unpack(">II", picture.content[16:24]) == (640, 480)
    assert picture.content != client.get(f"/output/{uuid}_1.png").content
    assert client.get(f"/output/{uuid}_2.png").status_code == 404
    part = client.get(path, headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    assert client.head(path).headers["content-length"] == str(len(picture.content))


def test_other_files_can_be_put_in_its_place(zimage: ZImage, client: httpx.Client) -> None:
    url = finish(client, order(client)["uuid"])["resultUrl"]
    zimage.payload, zimage.content_type, zimage.ranges = b"<html>", "text/html", False
    answer = client.get(url, headers={"range": "bytes=1-"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"<html>", "text/html")
    zimage.payload = b""
    assert client.get(url).content == b""


def test_a_big_file_is_streamed_as_the_test_allows(zimage: ZImage, client: httpx.Client) -> None:
    url = finish(client, order(client)["uuid"])["resultUrl"]
    zimage.payload, zimage.gate = 200_000_000, Gate(1)
    with client.stream("GET", url) as answer:
        assert answer.headers["content-length"] == "200000000"
        chunks = answer.iter_raw(CHUNK)
        assert next(chunks) == BigFile(200_000_000)[:CHUNK]
        zimage.gate.open()
        assert CHUNK + sum(map(len, chunks)) == 200_000_000
