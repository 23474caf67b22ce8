"""Jimeng over HTTP: pictures, edits and videos with OpenAI's SDK, the Imagen API's v2 flow, sessions that wear out."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.ark import Ark
from tests.emulators.jimeng import CLIP, SESSION, Fate, Jimeng
from tests.emulators.jimeng.wire import PictureComponent, VideoComponent
from tests.emulators.png import png
from tests.functions.helpers import assert_error, png_size
from tests.rig import Gateway

QUICK = json.dumps({name: {"typical_seconds": 0} for name in ("jimeng-5.0", "video-3.5-pro", "video-3.0")})
ADMIN = {"authorization": "Bearer an-operators-key"}

the_sora_api_lives_on = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture
def gateway(serve: Callable[..., Gateway], jimeng: Jimeng) -> Gateway:
    """A gateway in front of a Jimeng that is done at once."""
    jimeng.steps = 0
    return serve(**jimeng.environment(), JIMENG_MODELS=QUICK, ADMIN_KEYS="an-operators-key")


def draw(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/v1/images/generations", json={"prompt": "a cat", "model": "jimeng-5.0"} | body)


def film(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/v2/videos/generations", json={"prompt": "a fjord"} | body)


def filmed(jimeng: Jimeng) -> VideoComponent:
    [run] = jimeng.runs.values()
    assert isinstance(run.order.component, VideoComponent)
    return run.order.component


def kept(jimeng: Jimeng) -> dict[str, bytes | None]:
    """The uploaded pictures by their uris; the empty one is none."""
    return {"": None} | {place.uri: place.data for place in jimeng.storage.places.values()}


def exported(session: str) -> str:
    later = time.time() + 1000
    cookie = {"domain": ".jianying.com", "name": "sessionid", "value": session, "expirationDate": later}
    return json.dumps([cookie, {"domain": ".google.com", "name": "a", "value": "b"}])


# Pictures


def test_pictures_with_the_sdk(sdk: openai.OpenAI, jimeng: Jimeng) -> None:
    answer = sdk.images.generate(prompt="a cat", n=6, size="1792x1024", response_format="b64_json")
    assert answer.data
    files = [base64.b64decode(picture.b64_json or "") for picture in answer.data]
    assert len(set(files)) == 6
    assert {png_size(file) for file in files} == {(2560, 1440)}
    assert len(jimeng.runs) == 2  # of four pictures each


def test_an_edit_with_the_sdk(sdk: openai.OpenAI, jimeng: Jimeng) -> None:
    source = png(300, 400)
    answer = sdk.images.edit(image=("cat.png", source), prompt="make it red", response_format="b64_json")
    assert answer.data
    assert png_size(base64.b64decode(answer.data[0].b64_json or "")) == (1728, 2304)  # in the shape of what was sent
    [run] = jimeng.runs.values()
    assert isinstance(run.order.component, PictureComponent)
    assert [kept(jimeng)[uri] for uri in run.order.component.uris] == [source]


def test_a_pictures_file_comes_by_its_link(client: httpx.Client, gateway: Gateway) -> None:
    link = draw(client, response_format="url").json()["data"][0]["url"]
    assert png_size(httpx.get(link).content) == (2048, 2048)


def test_a_picture_that_fails_is_not_to_be_tried_again(client: httpx.Client, jimeng: Jimeng) -> None:
    jimeng.next_fate(Fate.FAILS, Fate.FAILS_AS_UNSAFE)
    assert_error(draw(client), 424, "generation_failed")
    assert_error(draw(client), 424, "moderation_blocked")
    assert len(jimeng.runs) == 2


REFUSALS = [
    (Fate.REFUSED, 400, "moderation_blocked", "prompt"),
    (Fate.SUSPECTED, 502, "generation_blocked", None),
    (Fate.TOO_DEAR, 402, "upstream_out_of_credit", None),
    (Fate.NO_ID, 424, "upstream_failed", None),
]


@pytest.mark.parametrize(("fate", "status", "code", "param"), REFUSALS)
def test_what_callers_hear_of_a_refusal(
    client: httpx.Client, jimeng: Jimeng, fate: Fate, status: int, code: str, param: str | None
) -> None:
    jimeng.next_fate(fate)
    answer = draw(client)
    assert_error(answer, status, code, param)
    assert SESSION not in answer.text


# Videos


@the_sora_api_lives_on
def test_a_video_from_text_with_the_sdk(sdk: openai.OpenAI, jimeng: Jimeng, tmp_path: Path) -> None:
    jimeng.steps = 2
    video = sdk.videos.create_and_poll(prompt="a fjord", model="sora-2", seconds="12", size="720x1280")
    assert (video.status, video.progress, video.error) == ("completed", 100, None)
    assert (video.seconds, video.size, video.model) == ("12", "720x1280", "video-3.5-pro")
    sdk.videos.download_content(video.id).write_to_file(tmp_path / "fjord.mp4")
    assert (tmp_path / "fjord.mp4").read_bytes().startswith(CLIP)
    parameters = filmed(jimeng).parameters
    assert (parameters.video_aspect_ratio, parameters.model_req_key[-7:]) == ("9:16", "3.5_pro")
    assert filmed(jimeng).wanted.duration_ms == 12_000


@the_sora_api_lives_on
def test_a_video_from_frames_with_the_sdk(sdk: openai.OpenAI, jimeng: Jimeng) -> None:
    first, last = png(320, 180), png(320, 180, (9, 9, 9))
    wishes = {"last_frame_image": f"data:image/png;base64,{base64.b64encode(last).decode()}"}
    video = sdk.videos.create_and_poll(
        prompt="it moves", model="video-3.0", input_reference=("first.png", first), extra_body=wishes
    )
    assert video.status == "completed"
    assert sdk.videos.download_content(video.id).read().startswith(CLIP)
    assert [kept(jimeng)[uri] for uri in filmed(jimeng).frames] == [first, last]


@the_sora_api_lives_on
def test_a_video_that_fails_with_the_sdk(sdk: openai.OpenAI, jimeng: Jimeng) -> None:
    jimeng.next_fate(Fate.FAILS_AS_UNSAFE)
    video = sdk.videos.create_and_poll(prompt="a fjord", model="video-3.0")
    assert video.error
    assert (video.status, video.error.code) == ("failed", "moderation_blocked")


def test_the_v2_flow(client: httpx.Client, gateway: Gateway, jimeng: Jimeng) -> None:
    jimeng.steps = 2
    asked = {"model": "video-3.0", "duration": 10, "resolution": "1080p", "ratio": "21:9", "seed": 7, "watermark": True}
    created = film(client, **asked)
    assert created.headers["easel-ignored"] == "watermark"
    task = created.json()
    assert (task["id"][:6], task["status"], task["model"]) == ("vtask_", "queued", "video-3.0")
    assert (task["result"], task["error"]) == (None, None)
    [run] = jimeng.runs
    path = f"/v2/videos/generations/{task['id']}"
    seen = [client.get(path).json() for _ in range(3)]
    assert [task["status"] for task in seen] == ["queued", "processing", "succeeded"]
    assert {task["provider_task_id"] for task in seen} == {run}
    assert httpx.get(seen[-1]["result"]["url"]).content.startswith(CLIP)
    assert client.get(f"{path}/assets").json()["assets"] == [seen[-1]["result"]["url"]]
    wanted = filmed(jimeng).wanted
    assert (wanted.duration_ms, wanted.resolution) == (10_000, "1080p")
    assert (filmed(jimeng).parameters.video_aspect_ratio, filmed(jimeng).parameters.seed) == ("21:9", 7)


def test_images_of_the_v2_flow_are_frames(client: httpx.Client, jimeng: Jimeng) -> None:
    urls = [f"data:image/png;base64,{base64.b64encode(png(8, side)).decode()}" for side in (8, 16)]
    assert film(client, model="video-3.5-pro", reference_mode="first_last_frame", images=urls).status_code == 200
    assert all(filmed(jimeng).frames)
    assert_error(film(client, model="video-3.5-pro", images=[urls[0]] * 3), 400, "invalid_value", "images")
    assert_error(film(client, model="video-3.5-pro", duration=15), 400, "invalid_value", "duration")


# Models


BROWSERS_OWN = ["seedance-2.0", "seedance-2.0-fast", "doubao-seedance-1-0-lite-i2v-250428"]


@pytest.mark.parametrize("name", BROWSERS_OWN)
def test_what_only_browsers_get_is_refused_with_the_reason(client: httpx.Client, jimeng: Jimeng, name: str) -> None:
    answer = film(client, model=name)
    assert_error(answer, 404, "model_not_found", "model")
    assert f"'{name}'" in answer.json()["error"]["message"]
    assert "ARK_API_KEY" in answer.json()["error"]["message"]
    assert name not in {model["id"] for model in client.get("/v1/models").json()["data"]}
    assert not jimeng.calls


@pytest.mark.parametrize("name", BROWSERS_OWN)
def test_what_only_browsers_get_comes_from_ark(
    serve: Callable[..., Gateway], jimeng: Jimeng, ark: Ark, name: str
) -> None:
    with serve(**jimeng.environment(), **ark.environment()).client() as client:
        images = [] if name.startswith("seedance") else ["https://pictures.example/a.png"]
        assert film(client, model=name, images=images).status_code == 200
        assert film(client, model="jimeng/video-3.0").status_code == 200
    assert (len(ark.tasks), len(jimeng.runs)) == (1, 1)


def test_without_jimeng_a_name_is_just_unknown(serve: Callable[..., Gateway]) -> None:
    with serve().client() as client:
        answer = film(client, model="seedance-2.0")
    assert_error(answer, 404, "model_not_found", "model")
    assert "Jimeng" not in answer.json()["error"]["message"]


# Accounts


def test_another_account_serves_where_a_session_is_gone(serve: Callable[..., Gateway], jimeng: Jimeng) -> None:
    accounts = [{"id": name, "provider": "jimeng", "key": key} for name, key in [("a", "gone"), ("b", SESSION)]]
    environment = {"JIMENG_BASE_URL": jimeng.url, "ACCOUNTS": json.dumps(accounts), "ADMIN_KEYS": "an-operators-key"}
    with serve(**environment).client() as client:
        for number in range(8):
            assert film(client, model="video-3.0", prompt=f"fjord {number}").status_code == 200
        states = client.get("/v1/health", headers=ADMIN).json()["accounts"]
    tried = [call for call in jimeng.calls if "sessionid=gone" in call.headers["cookie"]]
    assert len(tried) <= 1
    assert {state["last_error"] for state in states} <= {None, "upstream_account_rejected"}
    assert len(jimeng.runs) == 8


def test_cookie_files_are_accounts(serve: Callable[..., Gateway], jimeng: Jimeng, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/cookies.json").write_text(exported(SESSION))
    with serve(JIMENG_BASE_URL=jimeng.url, ACCOUNTS_DIR=str(tmp_path)).client() as client:
        assert film(client, model="jimeng/video-3.0").status_code == 200
    assert jimeng.calls[-1].headers["cookie"] == f"sessionid={SESSION}"


def test_new_cookies_are_tried_out_first(gateway: Gateway, client: httpx.Client, jimeng: Jimeng) -> None:
    gateway.environment["JIMENG_SESSIONID"] = "stale"
    assert_error(film(client, model="video-3.0"), 502, "upstream_account_rejected")
    files = [("cookies.json", exported(session)) for session in ("stale-too", SESSION)]
    refused, taken = (client.post("/v1/cookies", headers=ADMIN, files={"file": file}) for file in files)
    assert_error(refused, 400, "cookies_rejected", "file")
    assert (taken.status_code, taken.json()["cookie_count"]) == (200, 1)
    assert film(client, model="video-3.0").status_code == 200
    assert len(jimeng.runs) == 1
