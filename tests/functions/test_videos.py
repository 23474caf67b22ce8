"""Videos over HTTP: OpenAI's routes, the Imagen API's two generations, and the bytes, by ranges as players want."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from tests.emulators.ark import CLIP, Ark, Fate
from tests.emulators.faults import Drop, Reply, Slow
from tests.emulators.png import png
from tests.functions.helpers import assert_error, asset_id, eventually, tickets
from tests.rig import OTHER_KEY, Gateway

Json = dict[str, Any]

QUICK = json.dumps({name: {"typical_seconds": 0} for name in ("seedance-2.0", "seedance-1.5-pro")})
KEYS = {
    "id",
    "object",
    "model",
    "status",
    "progress",
    "created_at",
    "completed_at",
    "expires_at",
    "prompt",
    "remixed_from_video_id",
    "seconds",
    "size",
    "error",
}
PICTURE = "https://pictures.example/cat.png"
DATA_URL = f"data:image/png;base64,{base64.b64encode(png(400, 300)).decode()}"


@pytest.fixture
def films(serve: Callable[..., Gateway], ark: Ark) -> Gateway:
    """A gateway in front of an Ark that is done at once."""
    ark.steps = 0
    return serve(**ark.environment(), ARK_MODELS=QUICK, PROVIDERS="zimage")


@pytest.fixture
def client(films: Gateway) -> Iterator[httpx.Client]:
    with films.client() as client:
        yield client


def create(client: httpx.Client, **body: Any) -> Json:
    answer = client.post("/v1/videos", json={"prompt": "a fjord"} | body)
    assert answer.status_code == 200, answer.text
    video: Json = answer.json()
    return video


def show(client: httpx.Client, video_id: str) -> Json:
    answer = client.get(f"/v1/videos/{video_id}")
    assert answer.status_code == 200, answer.text
    video: Json = answer.json()
    return video


def ordered(ark: Ark) -> Json:
    """What the last order said, as it came in."""
    body: Json = next(call.json for call in reversed(ark.calls) if call.method == "POST")
    return body


# OpenAI's routes


def test_a_video_comes_along_look_by_look(client: httpx.Client, ark: Ark) -> None:
    ark.steps = 5
    created = create(client, seconds="4", size="720x1280")
    assert created.keys() == KEYS
    assert (created["object"], created["status"], created["progress"]) == ("video", "queued", 0)
    assert (created["prompt"], created["seconds"], created["size"]) == ("a fjord", "4", "720x1280")
    assert abs(created["created_at"] - time.time()) < 60
    assert created["expires_at"] - created["created_at"] == 24 * 3600
    seen = [show(client, created["id"]) for _ in range(6)]
    assert [video["status"] for video in seen] == ["queued"] + ["in_progress"] * 4 + ["completed"]
    repeated = created.keys() - {"status", "progress", "prompt"}
    assert all(video[name] == created[name] for video in seen for name in repeated)
    assert {video["prompt"] for video in seen} == {None}  # nothing is stored, and no id holds a prompt
    assert seen[5].keys() == KEYS | {"url", "last_frame_url"}
    assert client.get(seen[5]["url"]).content.startswith(CLIP)


def test_pending_videos_say_when_to_look_again(films: Gateway, client: httpx.Client, ark: Ark) -> None:
    ark.steps = 2
    films.environment["ARK_MODELS"] = '{"seedance-2.0": {"typical_seconds": 60}}'
    answer = client.post("/v1/videos", json={"prompt": "a fjord"})
    pending = client.get(f"/v1/videos/{answer.json()['id']}")
    assert [each.headers["openai-poll-after-ms"] for each in (answer, pending)] == ["3000", "3000"]
    client.get(f"/v1/videos/{answer.json()['id']}")
    done = client.get(f"/v1/videos/{answer.json()['id']}")
    assert done.json()["status"] == "completed"
    assert "openai-poll-after-ms" not in done.headers


@pytest.mark.parametrize(
    ("fate", "code", "said"),
    [
        (Fate.FAILS, "generation_failed", "unexpected internal error"),
        (Fate.FAILS_AS_UNSAFE, "moderation_blocked", "sensitive information"),
        (Fate.EXPIRES, "generation_failed", "time"),
        (Fate.NO_RESULT, "generation_failed", "without a usable result"),
    ],
)
def test_a_video_that_failed_is_a_good_answer(client: httpx.Client, ark: Ark, fate: Fate, code: str, said: str) -> None:
    ark.next_fate(fate)
    video = show(client, create(client)["id"])
    assert video.keys() == KEYS
    assert (video["status"], video["error"]["code"]) == ("failed", code)
    assert said in video["error"]["message"]
    assert_error(client.get(f"/v1/videos/{video['id']}/content"), 404, "not_found", "id")


def test_the_content_by_itself_and_by_ranges(client: httpx.Client, ark: Ark) -> None:
    path = f"/v1/videos/{create(client)['id']}/content"
    whole = client.get(path)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.content.startswith(CLIP)
    part = client.get(path, headers={"range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, whole.content[1000:2000])
    assert part.headers["content-type"] == "video/mp4"  # though the storage calls it octets
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
    head = client.head(path)
    assert head.headers["content-length"] == str(len(whole.content))
    assert {answer.headers["cache-control"].split(", ")[0] for answer in (whole, part, head)} == {"private"}
    assert "HEAD" not in {call.method for call in ark.calls}
    assert "authorization" not in [call for call in ark.calls if "/tos/" in call.path][-1].headers


def test_one_look_is_enough_for_the_content(client: httpx.Client, ark: Ark) -> None:
    path = f"/v1/videos/{create(client)['id']}/content"
    ark.calls.clear()
    client.get(path)
    assert [call.method for call in ark.calls] == ["GET", "GET"]  # the task, the file


def test_the_content_of_an_unfinished_video(client: httpx.Client, ark: Ark) -> None:
    ark.next_fate(Fate.NEVER_ENDS)
    ark.steps = 10
    path = f"/v1/videos/{create(client)['id']}/content"
    assert_error(client.get(path), 404, "video_not_ready", "id")
    assert client.get(path).headers["x-should-retry"] == "false"


def test_other_variants_of_the_content(client: httpx.Client) -> None:
    path = f"/v1/videos/{create(client)['id']}/content"
    assert client.get(path, params={"variant": "video"}).status_code == 200
    assert_error(client.get(path, params={"variant": "thumbnail"}), 400, "invalid_value", "variant")


def test_the_list_is_empty_and_says_why(client: httpx.Client) -> None:
    create(client)
    answer = client.get("/v1/videos", params={"limit": 10, "order": "asc"})
    page: Json = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert answer.json() == page
    assert "nothing is stored" in answer.headers["easel-note"]


@pytest.mark.parametrize(("steps", "deleted"), [(0, True), (10, True)])
def test_deleting_a_video(client: httpx.Client, ark: Ark, steps: int, deleted: bool) -> None:
    ark.steps = steps
    video_id = create(client)["id"]
    # openai-python says that it sends JSON, and sends nothing.
    answer = client.delete(f"/v1/videos/{video_id}", headers={"content-type": "application/json"})
    assert answer.json() == {"id": video_id, "object": "video.deleted", "deleted": deleted}


def test_a_deleted_video_is_gone(client: httpx.Client, ark: Ark) -> None:
    video_id = create(client)["id"]
    client.delete(f"/v1/videos/{video_id}")
    assert not ark.tasks
    assert_error(client.get(f"/v1/videos/{video_id}"), 404, "not_found")


def test_a_cancelled_video_counts_as_failed(client: httpx.Client, ark: Ark) -> None:
    ark.steps = 10
    video_id = create(client)["id"]
    client.delete(f"/v1/videos/{video_id}")
    video = show(client, video_id)
    assert (video["status"], video["error"]["code"]) == ("failed", "cancelled")


def test_a_video_under_way_is_not_deleted(client: httpx.Client, ark: Ark) -> None:
    ark.steps = 4
    video_id = create(client)["id"]
    assert [show(client, video_id)["status"] for _ in range(2)] == ["queued", "in_progress"]
    assert client.delete(f"/v1/videos/{video_id}").json()["deleted"] is False
    assert len(ark.tasks) == 1


def test_the_job_of_a_video(client: httpx.Client, ark: Ark) -> None:
    job_id = create(client, return_last_frame=True)["id"].removeprefix("video_")
    job = client.get(f"/v1/jobs/{job_id}").json()
    assert (job["kind"], job["status"]) == ("video", "completed")
    assert [file["media_type"] for file in job["data"]] == ["video/mp4", "image/png"]
    assert [urlsplit(file["url"]).path.split("/")[1] for file in job["data"]] == ["videos", "images"]
    assert [client.get(file["url"]).headers["content-type"] for file in job["data"]] == ["video/mp4", "image/png"]


def test_cancelling_the_job_of_a_video_never_deletes_its_result(client: httpx.Client, ark: Ark) -> None:
    job_id = create(client)["id"]
    assert client.delete(f"/v1/jobs/{job_id}").json()["deleted"] is False
    assert show(client, job_id)["status"] == "completed"
    ark.steps = 10
    waiting = create(client)["id"]
    assert client.delete(f"/v1/jobs/{waiting}").json()["deleted"] is True
    assert show(client, waiting)["error"]["code"] == "cancelled"


def test_an_id_of_something_else_is_no_video(films: Gateway, client: httpx.Client) -> None:
    answer = client.post(
        "/v1/images/generations", json={"prompt": "a cat", "model": "sketch"}, headers={"prefer": "respond-async"}
    )
    job_id = answer.json()["id"]
    mine = create(client)["id"]
    with films.client(OTHER_KEY) as stranger:
        for reader, video_id in [(client, job_id), (stranger, mine), (client, "video_nothing")]:
            for method, path in [("GET", ""), ("GET", "/content"), ("DELETE", "")]:
                assert_error(reader.request(method, f"/v1/videos/{video_id}{path}"), 404, "not_found", "id")
            assert_error(reader.get(f"/v2/videos/generations/{video_id}"), 404, "not_found", "id")
            assert_error(reader.get(f"/v2/videos/generations/{video_id}/assets"), 404, "not_found", "id")


def test_a_video_started_here_is_looked_at_there_and_fetched_from_elsewhere(
    serve: Callable[..., Gateway], ark: Ark
) -> None:
    ark.steps = 1
    here, there, elsewhere = (serve(**ark.environment(), ARK_MODELS=QUICK) for _ in range(3))
    with here.client() as client:
        video_id = create(client)["id"]
    with there.client() as client:
        assert [show(client, video_id)["status"] for _ in range(2)] == ["queued", "completed"]
        path = urlsplit(show(client, video_id)["url"]).path
    with elsewhere.client() as client:
        assert client.get(path).content == client.get(f"/v1/videos/{video_id}/content").content


# What is asked for, and what of it reaches Ark

ASKED: list[tuple[str, Json, Json, set[str]]] = [
    ("nothing", {}, {"duration": 5, "resolution": "720p", "watermark": False}, set()),
    ("seconds as text", {"seconds": "8"}, {"duration": 8}, set()),
    ("seconds as a number", {"seconds": 8}, {"duration": 8}, set()),
    ("a fraction of seconds", {"seconds": "4.6"}, {"duration": 5}, {"seconds"}),
    ("duration", {"duration": 12}, {"duration": 12}, set()),
    ("seconds below the least", {"seconds": 1}, {"duration": 4}, {"seconds"}),
    ("duration below the least", {"duration": 2}, {"duration": 4}, {"duration"}),
    ("both names at once", {"seconds": 8, "duration": 9}, {"duration": 8}, {"duration"}),
    ("wide", {"size": "1280x720"}, {"resolution": "720p", "ratio": "16:9"}, set()),
    ("high", {"size": "720x1280"}, {"resolution": "720p", "ratio": "9:16"}, set()),
    ("a size of Sora's", {"size": "1024x1792"}, {"resolution": "1080p", "ratio": "9:16"}, {"size"}),
    ("size and resolution", {"size": "1280x720", "resolution": "480p"}, {"resolution": "720p"}, {"resolution"}),
    ("resolution", {"resolution": "1080p"}, {"resolution": "1080p"}, set()),
    ("another resolution", {"resolution": "2k"}, {"resolution": "1080p"}, {"resolution"}),
    ("ratio", {"ratio": "21:9"}, {"ratio": "21:9"}, set()),
    ("aspect_ratio", {"aspect_ratio": "1:1"}, {"ratio": "1:1"}, set()),
    ("a ratio that Ark lacks", {"ratio": "9:21"}, {"ratio": "9:16"}, {"ratio"}),
    ("a picture's ratio without one", {"ratio": "keep_ratio"}, {}, {"ratio"}),
    ("a picture's ratio", {"ratio": "keep_ratio", "images": [PICTURE]}, {"ratio": "adaptive"}, set()),
    ("null", {"ratio": None, "seed": None, "watermark": None}, {"watermark": False}, set()),
    ("seed", {"seed": 7}, {"seed": 7}, set()),
    ("no seed", {"seed": -1}, {}, set()),
    ("watermark", {"watermark": True}, {"watermark": True}, set()),
    ("last frame", {"return_last_frame": True}, {"return_last_frame": True}, set()),
    ("no audio", {"generate_audio": False}, {"generate_audio": False}, set()),
    ("camera where it cannot be fixed", {"camerafixed": True}, {}, {"camerafixed"}),
    ("camera", {"camerafixed": True, "model": "seedance-1.5-pro"}, {"camera_fixed": True}, set()),
    ("camera by Ark's name", {"camera_fixed": False, "model": "video-3.0"}, {"camera_fixed": False}, set()),
    ("audio where there is none", {"generate_audio": True, "model": "video-3.0"}, {}, {"generate_audio"}),
    ("something unheard of", {"style": "noir", "negative_prompt": "rain"}, {}, {"negative_prompt", "style"}),
]


@pytest.mark.parametrize(("body", "expected", "ignored"), [case[1:] for case in ASKED], ids=[case[0] for case in ASKED])
def test_what_is_asked_for_reaches_ark(
    client: httpx.Client, ark: Ark, body: Json, expected: Json, ignored: set[str]
) -> None:
    answer = client.post("/v2/videos/generations", json={"prompt": "a fjord"} | body)
    assert answer.status_code == 200, answer.text
    sent = ordered(ark)
    assert sent["content"][0] == {"type": "text", "text": "a fjord"}
    settled = {"resolution": "720p", "duration": 5, "watermark": False} | expected
    assert (
        {name: value for name, value in sent.items() if name not in ("model", "content")}
        == {
            "ratio": sent.get("ratio"),
            **settled,
        }
        if "ratio" in sent
        else settled
    )
    assert set(filter(None, answer.headers.get("easel-ignored", "").split(", "))) == ignored


LITE = "doubao-seedance-1-0-lite-i2v-250428"
LITE_ENDS = "doubao-seedance-1-0-lite-i2v-first-last-frame-250428"
LITE_REFERENCE = "doubao-seedance-1-0-lite-i2v-reference-250428"
ENDS = ["first_frame", "last_frame"]
PLACES: list[tuple[str, Json, list[str]]] = [
    ("omni", {"images": [PICTURE, PICTURE]}, ["reference_image"] * 2),
    ("subject", {"images": [PICTURE], "reference_mode": "subject"}, ["reference_image"]),
    ("both ends", {"images": [PICTURE] * 2, "reference_mode": "first_last_frame"}, ENDS),
    ("by name", {"first_frame_image": PICTURE, "last_frame_image": DATA_URL}, ENDS),
    ("first alone", {"first_frame_image": PICTURE}, ENDS[:1]),
    ("input_reference", {"input_reference": PICTURE}, ENDS[:1]),
    ("input_reference as an object", {"input_reference": {"image_url": PICTURE}}, ENDS[:1]),
    ("input_reference inside", {"input_reference": DATA_URL}, ENDS[:1]),
    ("lite", {"model": LITE, "images": [PICTURE]}, ENDS[:1]),
    ("lite, both ends", {"model": LITE_ENDS, "images": [PICTURE] * 2}, ENDS),
    ("lite, reference", {"model": LITE_REFERENCE, "images": [PICTURE] * 4}, ["reference_image"] * 4),
    ("lite, input_reference", {"model": LITE_REFERENCE, "input_reference": PICTURE}, ["reference_image"]),
    ("frames only", {"model": "seedance-1.5-pro", "images": [PICTURE] * 2}, ENDS),
    ("then last", {"model": "seedance-1.5-pro", "images": [PICTURE], "last_frame_image": DATA_URL}, ENDS),
]


@pytest.mark.parametrize(("body", "roles"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_pictures_come_to_their_places(client: httpx.Client, ark: Ark, body: Json, roles: list[str]) -> None:
    create(client, **body)
    pictures = [item for item in ordered(ark)["content"] if item["type"] == "image_url"]
    assert [picture["role"] for picture in pictures] == roles
    # An address goes up as it is: nobody here visited it.
    assert {picture["image_url"]["url"] for picture in pictures} <= {PICTURE, DATA_URL}
    if "last_frame_image" in body:
        assert pictures[-1]["image_url"]["url"] == DATA_URL


def test_reference_videos_are_the_upstreams_to_fetch(client: httpx.Client, ark: Ark) -> None:
    create(client, reference_videos=["https://videos.example/a.mp4"], images=[PICTURE])
    assert ordered(ark)["content"][2] == {
        "type": "video_url",
        "video_url": {"url": "https://videos.example/a.mp4"},
        "role": "reference_video",
    }


def test_a_form_as_the_sdks_send_it(client: httpx.Client, ark: Ark) -> None:
    fields = {"prompt": "a fjord", "seconds": "8", "watermark": "true", "images[]": [PICTURE, PICTURE], "size": ""}
    answer = client.post("/v1/videos", data=fields, files={"unused": b""})
    assert answer.status_code == 200, answer.text
    sent = ordered(ark)
    assert (sent["duration"], sent["watermark"]) == (8, True)
    assert [item["role"] for item in sent["content"][1:]] == ["reference_image"] * 2


def test_a_file_in_a_form(client: httpx.Client, ark: Ark) -> None:
    answer = client.post("/v1/videos", data={"prompt": "a fjord"}, files={"input_reference": ("upload", png(400, 300))})
    assert answer.status_code == 200, answer.text
    assert ordered(ark)["content"][1]["image_url"]["url"] == DATA_URL


def test_an_object_in_a_form(client: httpx.Client, ark: Ark) -> None:
    fields = {"prompt": (None, "a fjord"), "input_reference[image_url]": (None, PICTURE)}
    answer = client.post("/v1/videos", files=fields)
    assert answer.status_code == 200, answer.text
    assert ordered(ark)["content"][1]["image_url"]["url"] == PICTURE


class Bad(NamedTuple):
    """What is wrong beside a good prompt, and the answer that it gets."""

    name: str
    body: Json
    param: str | None
    code: str = "invalid_value"
    status: int = 400


VIDEO_LINK = "https://videos.example/a.mp4"
BAD = [
    Bad("no prompt", {"prompt": None}, "prompt"),
    Bad("blank prompt", {"prompt": " "}, "prompt"),
    Bad("two videos", {"n": 2}, "n", "invalid_n"),
    Bad("word as n", {"n": "two"}, "n"),
    Bad("word as seconds", {"seconds": "long"}, "seconds"),
    Bad("no seconds", {"seconds": 0}, "seconds"),
    Bad("seconds without end", {"seconds": 60}, "seconds"),
    Bad("duration without end", {"duration": 60}, "duration"),
    Bad("malformed size", {"size": "banana"}, "size"),
    Bad("malformed resolution", {"resolution": "sharp"}, "resolution"),
    Bad("no resolution", {"resolution": "0000p"}, "resolution"),
    Bad("malformed ratio", {"ratio": "wide"}, "ratio"),
    Bad("malformed aspect_ratio", {"aspect_ratio": "16:0"}, "aspect_ratio"),
    Bad("seed too large", {"seed": 1 << 32}, "seed"),
    Bad("base64 asked for", {"response_format": "b64_json"}, "response_format"),
    Bad("unknown mode", {"reference_mode": "vibes"}, "reference_mode"),
    Bad("unknown model", {"model": "nope"}, "model", "model_not_found", 404),
    Bad("a model of pictures", {"model": "sketch"}, "model"),
    Bad("odd picture", {"images": [7]}, "images"),
    Bad("picture in the words of an edit", {"image": PICTURE}, "image"),
    Bad(
        "frames in other words", {"frame_images": [{"frame_type": "first_frame", "image_url": PICTURE}]}, "frame_images"
    ),
    Bad("references in other words", {"input_references": [{"image_url": PICTURE}]}, "input_references"),
    Bad("picture of a file", {"input_reference": "file:///etc/passwd"}, "input_reference", "invalid_image_url"),
    Bad("id of a file", {"input_reference": {"file_id": "f"}}, "input_reference"),
    Bad(
        "broken data URL",
        {"first_frame_image": "data:image/png;base64,%%"},
        "first_frame_image",
        "invalid_base64_image",
    ),
    Bad("endless address", {"images": ["https://a.example/" + "a" * 16_384]}, "images", "invalid_image_url"),
    Bad("endless name of a model", {"model": "sora" * 100}, "model"),
    Bad("endless address of a video", {"reference_videos": ["https://a.example/" + "a" * 16_384]}, "reference_videos"),
    Bad("too many references", {"images": [PICTURE] * 10}, "images"),
    Bad("too many frames", {"images": [PICTURE] * 3, "reference_mode": "first_last_frame"}, "images"),
    Bad("too many at all", {"images": [PICTURE] * 17}, "images"),
    Bad("no frames", {"reference_mode": "first_last_frame"}, "reference_mode"),
    Bad("one frame for two", {"images": [PICTURE], "reference_mode": "first_last_frame"}, "reference_mode"),
    Bad("last frame alone", {"last_frame_image": PICTURE}, "last_frame_image"),
    Bad("first frame twice", {"first_frame_image": PICTURE, "input_reference": PICTURE}, "input_reference"),
    Bad("frames and references", {"first_frame_image": PICTURE, "images": [PICTURE]}, "images"),
    Bad("two frames for one", {"model": "video-3.0", "images": [PICTURE] * 2}, "images"),
    Bad("too many videos", {"reference_videos": [VIDEO_LINK] * 4}, "reference_videos"),
    Bad("a model without videos", {"model": "video-3.0", "reference_videos": [VIDEO_LINK]}, "reference_videos"),
    Bad("video of a file", {"reference_videos": ["file:///v.mp4"]}, "reference_videos"),
]
STARTS = ["/v1/videos", "/v1/videos/generations", "/v2/videos/generations"]


@pytest.mark.parametrize("path", STARTS)
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_orders_nothing(client: httpx.Client, ark: Ark, path: str, bad: Bad) -> None:
    answer = client.post(path, json={"prompt": "a fjord"} | bad.body)
    error = assert_error(answer, bad.status, bad.code, bad.param)
    assert answer.json()["detail"] == {"error": error}
    assert not ark.calls


@pytest.mark.parametrize("path", STARTS)
def test_broken_bodies_order_nothing(client: httpx.Client, ark: Ark, path: str) -> None:
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert_error(client.post(path, content=b'{"prompt": '), 400, "invalid_json")
    assert_error(client.post(path, content=b"--y nothing", headers=form), 400, "invalid_form")
    assert not ark.calls


def test_without_a_model_for_videos(serve: Callable[..., Gateway]) -> None:
    with serve().client() as client:
        assert_error(client.post("/v1/videos", json={"prompt": "x"}), 404, "model_not_found", "model")


def test_a_model_for_videos_that_its_provider_does_not_make(serve: Callable[..., Gateway]) -> None:
    with serve(SKETCH_MODELS='{"film": {"kind": "video"}}').client() as client:
        answer = client.post("/v1/videos", json={"prompt": "x", "seconds": 7, "size": "640x480"})
        assert_error(answer, 400, "invalid_value", "model")


def test_a_configured_model_takes_what_is_asked_for(films: Gateway, client: httpx.Client, ark: Ark) -> None:
    films.environment["ARK_MODELS"] = json.dumps(
        {
            "film": {"kind": "video", "upstream": "doubao-seedance-2-0-260128"},
            "short": {"kind": "video", "upstream": "doubao-seedance-2-0-260128", "seconds": [4], "ratios": ["1:1"]},
        }
    )
    asked = {"seconds": 7, "size": "640x480"}
    assert create(client, model="film", **asked)["size"] == "640x480"
    sent = ordered(ark)
    assert (sent["duration"], sent["resolution"], sent["ratio"]) == (7, "480p", "4:3")
    assert create(client, model="film")["size"] == "1280x720"
    assert create(client, model="short")["size"] == "720x720"


def test_a_key_is_needed_for_all_but_the_file(films: Gateway, client: httpx.Client) -> None:
    video = show(client, create(client)["id"])
    bare = httpx.Client(base_url=films.url)
    for method, path in [("POST", "/v1/videos"), ("GET", "/v1/videos"), ("GET", f"/v1/videos/{video['id']}/content")]:
        assert_error(bare.request(method, path), 401, "invalid_api_key")
    assert bare.get(video["url"]).status_code == 200
    bare.close()


# The Imagen API's two generations


def test_a_v1_client_waits_for_its_video(client: httpx.Client, ark: Ark) -> None:
    ark.steps = 2
    answer = client.post("/v1/videos/generations", json={"prompt": "a fjord", "n": 1, "response_format": "url"})
    body = answer.json()
    [entry] = body["data"]
    assert entry.keys() == {"url"}
    assert abs(body["created"] - time.time()) < 60
    assert client.get(entry["url"]).content.startswith(CLIP)
    assert urlsplit(entry["url"]).path.endswith(".mp4")


def test_a_v1_wait_that_takes_too_long(films: Gateway, client: httpx.Client, ark: Ark) -> None:
    films.environment["MAX_WAIT_SECONDS"] = "1"
    ark.next_fate(Fate.NEVER_ENDS)
    answer = client.post("/v1/videos/generations", json={"prompt": "a fjord"})
    job = assert_error(answer, 424, "generation_pending")["job"]
    assert answer.json()["detail"]["error"]["job"] == job
    assert show(client, job)["status"] in ("queued", "in_progress")
    # Sent again, the same request is given the same video.
    again = client.post("/v1/videos/generations", json={"prompt": "a fjord"})
    assert again.json()["error"]["job"] == job
    assert len(ark.tasks) == 1


def test_a_v1_client_that_would_rather_come_back(client: httpx.Client, ark: Ark) -> None:
    ark.next_fate(Fate.NEVER_ENDS)
    answer = client.post("/v1/videos/generations", json={"prompt": "a fjord"}, headers={"prefer": "respond-async"})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    assert answer.headers["preference-applied"] == "respond-async"


def test_a_v1_video_that_fails(client: httpx.Client, ark: Ark) -> None:
    ark.next_fate(Fate.FAILS_AS_UNSAFE)
    answer = client.post("/v1/videos/generations", json={"prompt": "a fjord"})
    assert_error(answer, 424, "moderation_blocked")


def test_a_v2_task_from_its_start_to_its_assets(client: httpx.Client, ark: Ark) -> None:
    ark.steps = 4
    asked = {"model": LITE, "images": [PICTURE], "duration": 5, "resolution": "720p", "ratio": "16:9"}
    created = client.post("/v2/videos/generations", json={"prompt": "dance", "return_last_frame": True, **asked})
    task = created.json()
    [upstream] = ark.tasks
    assert task["id"].startswith("vtask_")
    assert {**task, "id": "", "created": 0} == {
        "id": "",
        "created": 0,
        "status": "queued",
        "model": LITE,
        "provider_task_id": upstream,
        "provider_item_ids": None,
        "provider_generate_id": None,
        "result": None,
        "error": None,
    }
    path = f"/v2/videos/generations/{task['id']}"
    early = client.get(f"{path}/assets").json()
    assert early == {"id": task["id"], "status": "queued", "provider_task_id": upstream, "assets": []}
    seen = [client.get(path).json() for _ in range(4)]
    assert [each["status"] for each in seen] == ["processing"] * 3 + ["succeeded"]
    result = seen[3]["result"]
    assert seen[3]["error"] is None
    assert client.get(result["url"]).content.startswith(CLIP)
    assert client.get(result["last_frame_url"]).headers["content-type"] == "image/png"
    assert result["provider_task_id"] == upstream
    assert client.get(f"{path}/assets").json()["assets"] == [result["url"]]


def test_a_v2_task_without_a_last_frame(client: httpx.Client) -> None:
    task = client.post("/v2/videos/generations", json={"prompt": "dance"}).json()
    assert client.get(f"/v2/videos/generations/{task['id']}").json()["result"]["last_frame_url"] is None


def test_a_v2_task_that_fails_is_a_good_answer(client: httpx.Client, ark: Ark) -> None:
    ark.next_fate(Fate.FAILS)
    task = client.post("/v2/videos/generations", json={"prompt": "dance"}).json()
    answer = client.get(f"/v2/videos/generations/{task['id']}")
    assert (answer.status_code, answer.json()["status"], answer.json()["result"]) == (200, "failed", None)
    assert answer.json()["error"].keys() >= {"message", "type", "code"}


# Nothing is bought twice


@pytest.mark.parametrize("path", ["/v1/videos", "/v2/videos/generations"])
def test_a_repeated_order_is_one_order(client: httpx.Client, ark: Ark, path: str) -> None:
    first = client.post(path, json={"prompt": "a fjord"}).json()
    again = client.post(path, json={"prompt": "a fjord"}, headers={"x-stainless-retry-count": "1"}).json()
    keyed = [
        client.post(path, json={"prompt": "a cat"}, headers={"idempotency-key": f"cat {path}"}).json() for _ in range(2)
    ]
    assert first["id"] == again["id"]
    assert keyed[0]["id"] == keyed[1]["id"] != first["id"]
    assert len(ark.tasks) == 2


def test_a_repeated_form_is_one_order_though_its_boundary_differs(client: httpx.Client, ark: Ark) -> None:
    form: dict[str, tuple[str | None, bytes]] = {
        "prompt": (None, b"a fjord"),
        "input_reference": ("a.png", png(400, 300)),
    }
    retried = {"x-stainless-retry-count": "1"}
    first, again = (client.post("/v1/videos", files=form, headers=each).json() for each in ({}, retried))
    assert first["id"] == again["id"]
    assert len(ark.tasks) == 1


@pytest.mark.parametrize("fault", [Drop(after=True), Reply(500, "<html>"), Reply(200, {"odd": "shape"})])
def test_an_order_whose_fate_is_unknown_is_not_repeated(client: httpx.Client, ark: Ark, fault: Drop | Reply) -> None:
    ark.plan("POST /api/v3/contents", fault)
    answer = client.post("/v1/videos", json={"prompt": "a fjord"})
    assert answer.status_code == 424
    assert answer.headers["x-should-retry"] == "false"
    assert len([call for call in ark.calls if call.method == "POST"]) == 1


def test_a_caller_who_leaves_while_ark_is_asked_finds_the_video_later(
    films: Gateway, client: httpx.Client, ark: Ark
) -> None:
    ark.plan("POST /api/v3/contents", Slow(0.4))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/v1/videos", json={"prompt": "a fjord"}, timeout=0.1)
    eventually(lambda: len(ark.tasks) == 1)
    again = client.post("/v1/videos", json={"prompt": "a fjord"}, headers={"x-stainless-retry-count": "1"})
    assert again.status_code == 200
    assert len(ark.tasks) == 1


# Files


def test_a_player_seeks(client: httpx.Client) -> None:
    url = show(client, create(client)["id"])["url"]
    headers = {"range": "bytes=0-"}
    begun = client.get(url, headers=headers)
    assert begun.status_code == 206
    assert begun.headers["content-range"] == f"bytes 0-{len(begun.content) - 1}/{len(begun.content)}"
    middle = client.get(url, headers={"range": "bytes=3000-", "if-range": begun.headers["etag"]})
    assert (middle.status_code, middle.content) == (206, begun.content[3000:])
    last = client.get(url, headers={"range": "bytes=-5"})
    assert last.content == begun.content[-5:]
    assert client.get(url, headers={"range": "bytes=999999-"}).status_code == 416
    assert client.get(url, headers={"if-none-match": begun.headers["etag"]}).status_code == 304


def test_a_link_that_is_over(client: httpx.Client, ark: Ark) -> None:
    url = show(client, create(client)["id"])["url"]
    ark.expired = True
    assert_error(client.get(url), 502, "upstream_unavailable")


def test_an_expired_or_foreign_file_id(films: Gateway, client: httpx.Client) -> None:
    url = show(client, create(client)["id"])["url"]
    asset = tickets().file(asset_id(url))
    old = tickets(keys=("another key",)).file_id(asset)
    assert_error(client.get(f"/videos/{old}.mp4"), 404, "not_found", "id")
    assert_error(client.get("/videos/nothing.mp4"), 404, "not_found", "id")


def test_the_models_say_what_videos_there_are(client: httpx.Client) -> None:
    listed = {model["id"]: model for model in client.get("/v1/models").json()["data"]}
    seedance = listed["seedance-2.0"]
    assert (seedance["kind"], seedance["owned_by"], seedance["async"]) == ("video", "ark", True)
    assert seedance["seconds"] == list(range(4, 16))
    assert seedance["resolutions"] == ["720p", "480p", "1080p", "4k"]
    assert "16:9" in seedance["ratios"]
    assert seedance["architecture"] == {"input_modalities": ["text", "image"], "output_modalities": ["video"]}
    assert listed["sora-2"]["root"] == "seedance-2.0"
    assert listed["sketch"].keys().isdisjoint({"seconds", "resolutions"})
