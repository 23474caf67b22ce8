"""Gemini's videos over HTTP: OpenAI's SDK, the Imagen API's two generations, and what callers are told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest

from tests.emulators.ark import CLIP
from tests.emulators.faults import Drop, Reply
from tests.emulators.gemini import LIVE, OMNI, VEO, FilmFate, Gemini
from tests.emulators.gemini.anchors import QUOTA, SHUT
from tests.emulators.png import png
from tests.functions.helpers import Json, assert_error
from tests.rig import Gateway

QUICK = json.dumps({name: {"typical_seconds": 0} for name in OMNI})
PICTURE = f"data:image/png;base64,{base64.b64encode(png(64, 36)).decode()}"

the_sora_api_lives_on = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture
def gateway(serve: Callable[..., Gateway], gemini: Gemini) -> Gateway:
    """A gateway in front of a Gemini that is done at once."""
    gemini.steps = 0
    return serve(**gemini.environment(), GEMINI_MODELS=QUICK)


def create(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/v1/videos", json={"prompt": "a fjord"} | body)


def created(client: httpx.Client, **body: Any) -> str:
    answer = create(client, **body)
    assert answer.status_code == 200, answer.text
    name: str = answer.json()["id"]
    return name


def show(client: httpx.Client, video_id: str) -> Json:
    answer = client.get(f"/v1/videos/{video_id}")
    assert answer.status_code == 200, answer.text
    video: Json = answer.json()
    return video


def ordered(gemini: Gemini) -> Json:
    """What the last order said."""
    body: Json = next(call.json for call in reversed(gemini.calls) if call.method == "POST")
    return body


@the_sora_api_lives_on
def test_the_sdk_waits_for_a_video_and_fetches_it(sdk: openai.OpenAI, gemini: Gemini, tmp_path: Path) -> None:
    gemini.steps = 2
    video = sdk.videos.create_and_poll(prompt="a fjord", seconds="4", size="720x1280", poll_interval_ms=50)
    assert (video.status, video.seconds, video.size) == ("completed", "4", "720x1280")
    assert video.model == "gemini-omni-1.2-flash"
    sdk.videos.download_content(video.id).write_to_file(tmp_path / "fjord.mp4")
    assert (tmp_path / "fjord.mp4").read_bytes().startswith(CLIP)
    assert sdk.videos.delete(video.id).deleted
    assert not gemini.films
    with pytest.raises(openai.NotFoundError):
        sdk.videos.retrieve(video.id)


@the_sora_api_lives_on
def test_the_sdk_sends_a_picture(sdk: openai.OpenAI, gemini: Gemini) -> None:
    sdk.videos.create(prompt="a fjord", input_reference=("a.png", png(64, 36), "image/png"))
    assert ordered(gemini)["generation_config"]["video_config"]["task"] == "image_to_video"
    assert [film.pictures for film in gemini.films.values()] == [[png(64, 36)]]


@the_sora_api_lives_on
def test_the_sdk_is_told_why(sdk: openai.OpenAI, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.UNSAFE)
    video = sdk.videos.create_and_poll(prompt="a fjord", poll_interval_ms=50)
    assert video.error
    assert (video.status, video.error.code) == ("failed", "moderation_blocked")
    gemini.next_fate(FilmFate.REFUSED)
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.videos.create(prompt="a fjord")
    assert caught.value.code == "moderation_blocked"
    assert len(gemini.films) == 1


@pytest.mark.parametrize(
    ("asked", "sent", "ignored"),
    [
        ({}, {"duration": "10s", "resolution": "720p"}, None),
        ({"seconds": "5", "size": "1280x720"}, {"duration": "5s", "aspect_ratio": "16:9"}, None),
        ({"size": "1792x1024"}, {"resolution": "1080p", "aspect_ratio": "16:9"}, "size"),
        ({"size": "1080x1920"}, {"resolution": "1080p", "aspect_ratio": "9:16"}, None),
        ({"resolution": "4k", "ratio": "9:16"}, {"resolution": "4k", "aspect_ratio": "9:16"}, None),
        ({"resolution": "480p"}, {"resolution": "360p"}, "resolution"),
        ({"ratio": "1:1"}, {"aspect_ratio": "16:9"}, "ratio"),
        ({"seconds": 1}, {"duration": "3s"}, "seconds"),
        ({"seed": 7, "watermark": False, "generate_audio": True}, {}, "generate_audio, seed, watermark"),
        ({"model": "gemini-omni-flash-preview", "resolution": "1080p"}, {"resolution": "720p"}, "resolution"),
    ],
)
def test_what_is_asked_for_reaches_gemini(
    client: httpx.Client, gemini: Gemini, asked: Json, sent: Json, ignored: str | None
) -> None:
    answer = create(client, **asked)
    assert answer.status_code == 200, answer.text
    assert ordered(gemini)["response_format"].items() >= sent.items()
    assert answer.headers.get("easel-ignored") == ignored


@pytest.mark.parametrize(
    ("asked", "task", "pictures"),
    [
        ({"first_frame_image": PICTURE, "last_frame_image": PICTURE}, "image_to_video", 2),
        ({"images": [PICTURE] * 2, "reference_mode": "first_last_frame"}, "image_to_video", 2),
        ({"images": [PICTURE] * 3}, "reference_to_video", 3),
    ],
)
def test_pictures_come_to_their_places(
    client: httpx.Client, gemini: Gemini, asked: Json, task: str, pictures: int
) -> None:
    created(client, **asked)
    assert ordered(gemini)["generation_config"]["video_config"]["task"] == task
    assert [len(film.pictures) for film in gemini.films.values()] == [pictures]


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"seconds": 16}, "seconds"),
        ({"images": [PICTURE] * 11}, "images"),
        ({"reference_videos": ["https://videos.example/a.mp4"]}, "reference_videos"),
    ],
)
def test_what_gemini_cannot_do_is_not_ordered(client: httpx.Client, gemini: Gemini, asked: Json, param: str) -> None:
    assert_error(create(client, **asked), 400, "invalid_value", param)
    assert not gemini.films


@pytest.mark.parametrize(
    ("fate", "code", "said"),
    [
        (FilmFate.FAILS, "generation_failed", "internal error"),
        (FilmFate.UNSAFE, "moderation_blocked", "safety"),
        (FilmFate.LOOK_REFUSED, "generation_failed", "invalid argument"),
        (FilmFate.REGION, "region_restricted", "region"),
        (FilmFate.WORDS, "generation_failed", "describe"),
        (FilmFate.INCOMPLETE, "generation_failed", "before"),
        (FilmFate.BUDGET, "upstream_out_of_credit", "budget"),
        (FilmFate.ACTION, "generation_failed", "requires_action"),
        (FilmFate.CONTINUES, "generation_failed", "requires_continuation"),
        (FilmFate.NO_FILE, "generation_failed", "could not be made"),
    ],
)
def test_a_video_that_failed_is_a_good_answer(client: httpx.Client, fate: FilmFate, code: str, said: str) -> None:
    video = show(client, created(client, prompt=f"a fjord [{fate}]"))
    assert (video["status"], video["error"]["code"]) == ("failed", code)
    assert said in video["error"]["message"]
    assert_error(client.get(f"/v1/videos/{video['id']}/content"), 404, "not_found", "id")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Reply(429, QUOTA), 429, "rate_limit_exceeded"),
        (Reply(404, SHUT), 404, "model_not_found"),
        (Reply(503, {"error": {"message": "The model is overloaded.", "code": "x"}}), 502, "upstream_unavailable"),
        (Reply(500, "<html>"), 424, "upstream_failed"),
        (Reply(200, {"odd": "shape"}), 424, "upstream_failed"),
        (Drop(after=True), 424, "upstream_failed"),
    ],
)
def test_what_callers_are_told_of_an_order(
    client: httpx.Client, gemini: Gemini, fault: Reply | Drop, status: int, code: str
) -> None:
    gemini.plan("POST /v1beta/interactions", fault)
    answer = create(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert sum(call.method == "POST" for call in gemini.calls) == 1
    assert gemini.key not in answer.text


@pytest.mark.parametrize("fate", [FilmFate.COMPLETES, FilmFate.INLINE])
def test_a_player_seeks(client: httpx.Client, fate: FilmFate) -> None:
    url = show(client, created(client, prompt=f"[{fate}]"))["url"]
    begun = client.get(url, headers={"range": "bytes=0-"})
    assert begun.status_code == 206
    assert begun.content.startswith(CLIP)
    middle = client.get(url, headers={"range": "bytes=3000-3999", "if-range": begun.headers["etag"]})
    assert (middle.status_code, middle.content) == (206, begun.content[3000:4000])
    assert middle.headers["content-range"] == f"bytes 3000-3999/{len(begun.content)}"
    assert client.get(url, headers={"range": "bytes=999999-"}).status_code == 416
    assert client.head(url).headers["content-length"] == str(len(begun.content))


def test_a_video_started_here_is_fetched_from_elsewhere(serve: Callable[..., Gateway], gemini: Gemini) -> None:
    gemini.steps = 1
    here, there, elsewhere = (serve(**gemini.environment(), GEMINI_MODELS=QUICK) for _ in range(3))
    with here.client() as client:
        video_id = created(client)
        assert len(video_id) < 260
        assert gemini.key not in video_id
    with there.client() as client:
        assert [show(client, video_id)["status"] for _ in range(2)] == ["queued", "completed"]
        path = urlsplit(show(client, video_id)["url"]).path
    with elsewhere.client() as client:
        looked = len(gemini.calls)
        assert client.get(path).content.startswith(CLIP)
        assert [call.path.split("/")[1] for call in gemini.calls[looked:]] == ["v1beta", "download"]


def test_a_video_whose_file_is_late_goes_on(client: httpx.Client, gemini: Gemini) -> None:
    gemini.next_fate(FilmFate.LATE_FILE)
    video_id = created(client)
    assert [show(client, video_id)["status"] for _ in range(3)] == ["in_progress", "in_progress", "completed"]


def test_a_video_under_way_is_stopped(client: httpx.Client, gemini: Gemini) -> None:
    gemini.steps = 9
    video_id = created(client)
    show(client, video_id)
    assert client.delete(f"/v1/videos/{video_id}").json()["deleted"] is True
    assert show(client, video_id)["error"]["code"] == "cancelled"
    other = created(client, prompt="another")
    assert client.delete(f"/v1/jobs/{other.removeprefix('video_')}").json()["deleted"] is True


def test_a_v1_client_waits_for_its_video(client: httpx.Client, gemini: Gemini) -> None:
    answer = client.post("/v1/videos/generations", json={"prompt": "a fjord", "n": 1, "response_format": "url"})
    [entry] = answer.json()["data"]
    assert client.get(entry["url"]).content.startswith(CLIP)
    refused = client.post("/v1/videos/generations", json={"prompt": "[region]"})
    assert_error(refused, 424, "region_restricted")


def test_the_v2_flow(client: httpx.Client, gemini: Gemini) -> None:
    gemini.steps = 2
    asked = {"model": "gemini-omni-1.1-flash", "duration": 6, "resolution": "1080p", "ratio": "9:16"}
    task = client.post("/v2/videos/generations", json={"prompt": "a fjord", **asked}).json()
    [interaction] = gemini.films
    path = f"/v2/videos/generations/{task['id']}"
    seen = [client.get(path).json() for _ in range(3)]
    assert [each["status"] for each in seen] == ["queued", "processing", "succeeded"]
    assert {each["provider_task_id"] for each in seen} == {interaction}
    assert client.get(seen[-1]["result"]["url"]).content.startswith(CLIP)
    assert client.get(f"{path}/assets").json()["assets"] == [seen[-1]["result"]["url"]]


def test_a_key_that_still_has_veo(serve: Callable[..., Gateway], gemini: Gemini) -> None:
    gemini.live, gemini.shut, gemini.steps = (*LIVE, VEO), (), 1
    with serve(**gemini.environment()).client() as client:
        model = client.get(f"/v1/models/{VEO}").json()
        assert (model["kind"], model["seconds"], model["async"]) == ("video", [4, 6, 8], True)
        video_id = created(client, model=VEO, size="1280x720")
        assert [show(client, video_id)["status"] for _ in range(2)] == ["in_progress", "completed"]
        assert client.get(f"/v1/videos/{video_id}/content").content.startswith(CLIP)
        assert client.delete(f"/v1/videos/{video_id}").json()["deleted"] is False
        refused = create(client, model=VEO, seconds=4, resolution="1080p")
        assert_error(refused, 400, "invalid_value", "seconds")
        assert "must be 8" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("name", "said"), [(VEO, "gemini-omni-1.2-flash"), ("imagen-4.0-generate-001", "gemini-nano-banana-2.1")]
)
def test_what_google_has_shut(client: httpx.Client, gemini: Gemini, name: str, said: str) -> None:
    path = "/v1/videos" if name == VEO else "/v1/images/generations"
    answer = client.post(path, json={"prompt": "a fjord", "model": name})
    assert said in assert_error(answer, 404, "model_not_found", "model")["message"]
    assert not gemini.films
    assert not gemini.submits


def test_a_model_for_videos_draws_no_pictures(client: httpx.Client) -> None:
    answer = client.post("/v1/images/generations", json={"prompt": "a fjord", "model": "gemini-omni-1.2-flash"})
    assert_error(answer, 400, "invalid_value", "model")


def test_a_repeated_order_is_one_order(client: httpx.Client, gemini: Gemini) -> None:
    headers = {"idempotency-key": "fjord"}
    answers = [client.post("/v1/videos", json={"prompt": "a fjord"}, headers=headers).json() for _ in range(2)]
    assert answers[0]["id"] == answers[1]["id"]
    assert len(gemini.films) == 1
