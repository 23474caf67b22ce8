"""Videos as the SDKs make them: started, waited for by their own loops, downloaded, deleted."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.emulators.ark import CLIP, Ark, Fate
from tests.emulators.faults import Cut, Drop, Reply
from tests.emulators.png import png
from tests.rig import API_KEY, Gateway
from tests.sdk.clients import Node, Wish

# OpenAI has given its own videos up; the protocol lives on.
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

QUICK = '{"seedance-2.0": {"typical_seconds": 2}}'
"""A client is told to look every tenth of a second."""


@pytest.fixture
def films(serve: Callable[..., Gateway], ark: Ark) -> Gateway:
    return serve(**ark.environment(), ARK_MODELS=QUICK)


def submits(ark: Ark) -> int:
    return sum(call.method == "POST" for call in ark.calls)


def test_python_waits_and_downloads(films: Gateway, ark: Ark, tmp_path: Path) -> None:
    with films.openai() as client:
        video = client.videos.create_and_poll(prompt="a fjord", model="sora-2", seconds="4", size="720x1280")
        assert (video.status, video.progress, video.error) == ("completed", 100, None)
        assert (video.seconds, video.size, video.model) == ("4", "720x1280", "seedance-2.0")
        client.videos.download_content(video.id).write_to_file(tmp_path / "fjord.mp4")
        assert (tmp_path / "fjord.mp4").read_bytes().startswith(CLIP)
        assert client.videos.retrieve(video.id).id == video.id
        assert client.videos.delete(video.id).deleted
        with pytest.raises(openai.NotFoundError):
            client.videos.retrieve(video.id)
    assert submits(ark) == 1


def test_python_async_does_so_too(films: Gateway) -> None:
    async def make() -> bytes:
        async with AsyncOpenAI(base_url=f"{films.url}/v1", api_key=API_KEY) as client:
            video = await client.videos.create_and_poll(prompt="a fjord", poll_interval_ms=50)
            return await (await client.videos.download_content(video.id)).aread()

    assert asyncio.run(make()).startswith(CLIP)


def test_python_uploads_a_first_frame(films: Gateway, ark: Ark) -> None:
    with films.openai() as client:
        client.videos.create(prompt="it moves", input_reference=png(320, 320))
    [task] = ark.tasks.values()
    assert task.order.roles == ["first_frame"]


def test_python_passes_on_what_openai_never_had(films: Gateway, ark: Ark) -> None:
    wishes: dict[str, Any] = {"ratio": "21:9", "return_last_frame": True, "images": ["https://pictures.example/a.png"]}
    with films.openai() as client:
        video = client.videos.create_and_poll(prompt="a fjord", extra_body=wishes)
        assert video.model_extra
        assert video.model_extra["last_frame_url"].endswith(".png")
    [task] = ark.tasks.values()
    assert (task.order.ratio, task.order.roles) == ("21:9", ["reference_image"])


def test_python_hears_of_a_failure(films: Gateway, ark: Ark) -> None:
    ark.next_fate(Fate.FAILS_AS_UNSAFE)
    with films.openai() as client:
        video = client.videos.create_and_poll(prompt="a fjord")
    assert video.status == "failed"
    assert video.error
    assert video.error.code == "moderation_blocked"
    assert "sensitive" in video.error.message


def test_python_lists_nothing(films: Gateway) -> None:
    with films.openai() as client:
        assert list(client.videos.list()) == []


def test_python_is_too_early(films: Gateway, ark: Ark) -> None:
    ark.next_fate(Fate.NEVER_ENDS)
    with films.openai() as client:
        video = client.videos.create(prompt="a fjord")
        with pytest.raises(openai.NotFoundError) as early:
            client.videos.download_content(video.id)
    assert early.value.code == "video_not_ready"


def test_python_looks_through_the_upstreams_troubles(films: Gateway, ark: Ark) -> None:
    ark.plan("GET /api/v3/contents", Reply(502, "<html>"), Drop())
    ark.plan("GET /tos", Cut(3000))
    with films.openai() as client:
        video = client.videos.create_and_poll(prompt="a fjord")
        assert client.videos.download_content(video.id).read().startswith(CLIP)


@pytest.mark.parametrize("fault", [Drop(after=True), Reply(503), Reply(200, "<html>")])
def test_python_never_buys_twice(films: Gateway, ark: Ark, fault: Drop | Reply) -> None:
    ark.plan("POST /api/v3/contents", fault)
    with films.openai() as client, pytest.raises(openai.APIStatusError) as uncertain:
        client.videos.create(prompt="a fjord")
    assert uncertain.value.status_code == 424
    assert submits(ark) == 1


def test_js(films: Gateway, node: Node) -> None:
    outcome = node.ask("js-video", Wish(f"{films.url}/v1", model="seedance-2.0", size="1280x720"))
    assert outcome["seen"] == ["queued", "queued", "in_progress", "completed"]
    assert (outcome["video"]["seconds"], outcome["video"]["size"]) == ("4", "1280x720")
    assert base64.b64decode(outcome["content"]).startswith(CLIP)
    assert outcome["deleted"] is True


def test_js_hears_of_a_failure(films: Gateway, ark: Ark, node: Node) -> None:
    ark.next_fate(Fate.FAILS)
    outcome = node.ask("js-video", Wish(f"{films.url}/v1", model="seedance-2.0"))
    assert outcome["seen"][-1] == "failed"
    assert outcome["video"]["error"]["code"] == "generation_failed"
