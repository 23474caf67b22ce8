"""Jobs by their id: in our words, in those of Z-Image's clients, and as pictures."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.emulators.faults import Reply
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import (
    assert_error,
    assert_falls_silent,
    eventually,
    finished_job,
    leaving_get,
    look,
    looks,
    start_job,
)
from tests.rig import Gateway


def test_a_job_comes_along_look_by_look(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 10
    job_id = start_job(client)["id"]
    seen = [look(client, job_id) for _ in range(11)]
    assert [job["status"] for job in seen] == ["queued"] * 2 + ["in_progress"] * 8 + ["completed"]
    assert [job["progress"] for job in seen] == [0, 0, *range(20, 100, 10), 100]
    assert looks(zimage) == 11


def test_a_job_that_is_under_way(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.NEVER_ENDS)
    started = start_job(client, model="qwen-image", n=2)
    answer = client.get(f"/v1/jobs/{started['id']}")
    job = answer.json()
    assert job == started | {"status": job["status"], "progress": job["progress"]}
    assert (job["object"], job["kind"], job["model"], job["data"]) == ("job", "image", "qwen-image", [])
    assert job["error"] is None
    assert job["expires_at"] - job["created"] == 24 * 3600
    assert abs(job["created"] - time.time()) < 60
    assert int(answer.headers["openai-poll-after-ms"]) > 0
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        *(f"{prefix}/v1/{route}/{{id}}" for prefix in ("", "/api") for route in ("tasks", "images")),
        *("/v1/jobs/{id}", "/v1/models", "/v1/models/zimage-turbo", "/v1/health", "/ping", "/openapi.json"),
        *("/v1/videos", "/v1/jobs/unknown", "/v1/unknown"),
    ],
)
def test_no_answer_is_stored_by_a_cache(client: httpx.Client, path: str) -> None:
    answer = client.get(path.format(id=start_job(client)["id"]))
    assert answer.headers["cache-control"] == "no-store"


def test_a_job_that_is_done(client: httpx.Client, zimage: ZImage) -> None:
    job_id = start_job(client, n=3)["id"]
    answer = client.get(f"/v1/jobs/{job_id}")
    job = answer.json()
    assert (job["status"], job["progress"], job["error"]) == ("completed", 100, None)
    assert [picture["media_type"] for picture in job["data"]] == ["image/png"] * 3
    assert len({client.get(picture["url"]).content for picture in job["data"]}) == 3
    assert "openai-poll-after-ms" not in answer.headers


def test_a_job_of_several_upstream_jobs(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 2
    job_id = start_job(client, n=10)["id"]
    assert len(zimage.submits) == 3
    assert len(job_id) <= 300
    assert [look(client, job_id)["status"] for _ in range(3)] == ["queued", "in_progress", "completed"]
    assert len(look(client, job_id)["data"]) == 10


@pytest.mark.parametrize(
    ("fate", "code", "said"),
    [
        (Fate.FAILS, "generation_failed", "Image generation failed"),
        (Fate.FAILS_SILENTLY, "generation_failed", "no reason given"),
        (Fate.FAILS_AS_UNSAFE, "moderation_blocked", "NSFW content detected"),
    ],
)
def test_a_job_that_failed_is_a_good_answer(
    client: httpx.Client, zimage: ZImage, fate: Fate, code: str, said: str
) -> None:
    zimage.next_fate(fate)
    job = finished_job(client)
    assert (job["status"], job["data"]) == ("failed", [])
    assert job["error"].keys() >= {"message", "type", "param", "code"}
    assert job["error"]["code"] == code
    assert said in job["error"]["message"]


def test_a_job_of_sketch_is_simulated_by_the_clock(client: httpx.Client) -> None:
    job_id = start_job(client, model="sketch", size="64x64", delay=0.3)["id"]
    assert look(client, job_id)["status"] in ("queued", "in_progress")
    eventually(lambda: look(client, job_id)["status"] == "completed")
    assert client.get(look(client, job_id)["data"][0]["url"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize("prefix", ["chatcmpl-", "vtask_", "video_"])
def test_prefixes_of_other_apis_do_no_harm(client: httpx.Client, prefix: str) -> None:
    job = start_job(client)
    assert look(client, prefix + job["id"])["id"] == job["id"]


def test_the_upstreams_trouble_is_not_the_jobs(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 2
    job_id = start_job(client)["id"]
    zimage.plan("/task/", *[Reply(502, "<html>Bad Gateway</html>")] * 3)
    answer = client.get(f"/v1/jobs/{job_id}")
    assert_error(answer, 502, "upstream_unavailable")
    assert answer.headers["x-should-retry"] == "true"
    assert look(client, job_id)["status"] == "queued"


def test_a_job_that_the_upstream_has_lost(client: httpx.Client, zimage: ZImage) -> None:
    job_id = start_job(client)["id"]
    zimage.reset()
    assert_error(client.get(f"/v1/jobs/{job_id}"), 404, "not_found")


@pytest.mark.parametrize("model", ["zimage-turbo", "sketch"])
def test_a_job_that_cannot_be_cancelled(client: httpx.Client, model: str) -> None:
    job_id = start_job(client, model=model, delay=0)["id"]
    assert_error(client.delete(f"/v1/jobs/{job_id}"), 400, "not_cancellable", "id")


# In the words of Z-Image's clients


def test_a_task_comes_along_look_by_look(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 4
    job_id = start_job(client)["id"]
    answers = [client.get(f"/v1/tasks/{job_id}").json() for _ in range(5)]
    tasks = [answer["data"]["task"] for answer in answers]
    assert [answer["success"] for answer in answers] == [True] * 5
    assert [task["taskStatus"] for task in tasks] == ["pending"] + ["processing"] * 3 + ["completed"]
    assert [task["progress"] for task in tasks] == [0, 25, 50, 75, 100]
    assert {task["uuid"] for task in tasks} == {job_id}
    assert answers[0]["data"]["queuePosition"] == 3
    assert [task["resultUrl"] for task in tasks[:4]] == [None] * 4
    assert tasks[4]["resultUrls"] == [tasks[4]["resultUrl"]]
    assert client.get(tasks[4]["resultUrl"]).headers["content-type"] == "image/png"


def test_a_task_that_failed_is_a_good_answer(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS)
    job_id = finished_job(client)["id"]
    task = client.get(f"/v1/tasks/{job_id}").json()["data"]["task"]
    assert task["taskStatus"] == "failed"
    assert "Image generation failed" in task["errorMessage"]


def test_images_of_a_job_are_waited_for(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 1
    job_id = start_job(client, n=2)["id"]
    answer = client.get(f"/v1/images/{job_id}").json()
    assert (answer["uuid"], answer["status"], answer["success"]) == (job_id, "completed", True)
    assert answer["task_info"]["taskStatus"] == "completed"
    assert answer["data"]["images"] == answer["image_urls"]
    assert len({client.get(url).content for url in answer["image_urls"]}) == 2
    assert looks(zimage) == 2


def test_images_of_a_job_that_fails(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS)
    job_id = start_job(client)["id"]
    answer = client.get(f"/v1/images/{job_id}")
    assert assert_error(answer, 424, "generation_failed")["job"] == job_id
    assert (answer.json()["uuid"], answer.json()["status"]) == (job_id, "failed")


def test_images_of_a_job_that_takes_longer(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    gateway.environment["MAX_WAIT_SECONDS"] = "1"
    zimage.next_fate(Fate.NEVER_ENDS)
    job_id = start_job(client)["id"]
    answer = client.get(f"/v1/images/{job_id}")
    assert assert_error(answer, 408, "generation_pending")["job"] == job_id
    assert (answer.json()["uuid"], answer.json()["status"]) == (job_id, "timeout")
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["location"] == f"/v1/jobs/{job_id}"


def test_a_client_that_leaves_such_a_wait_ends_the_looking(
    gateway: Gateway, client: httpx.Client, zimage: ZImage
) -> None:
    zimage.seconds = 0.4
    zimage.next_fate(Fate.NEVER_ENDS)
    job_id = start_job(client)["id"]
    with leaving_get(gateway, f"/v1/images/{job_id}"):
        eventually(lambda: looks(zimage) >= 4, seconds=5)
    assert_falls_silent(lambda: looks(zimage))


@pytest.mark.parametrize("path", ["/jobs/{id}", "/v1/jobs/{id}/", "/tasks/{id}", "/images/{id}", "/v1/images/{id}/"])
def test_with_and_without_v1_and_a_slash_at_the_end(client: httpx.Client, zimage: ZImage, path: str) -> None:
    answer = client.get(path.replace("{id}", start_job(client)["id"]))
    assert answer.status_code == 200, answer.text
