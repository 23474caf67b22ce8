"""Images inside of the upstream's response: no job, no file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import openai
import pytest

from shared.errors import ContentRefused, Unavailable
from shared.results import Finished, InlineResult
from tests.emulators.png import BigFile, png
from tests.functions.helpers import GENERATIONS, Json, assert_error, decoded, eventually, order
from tests.functions.studio import PICTURE, Gateway, Studio, made

WEBP = b"RIFF\x1a\0\0\0WEBPVP8L" + bytes(20)
OTHERS = [b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 9, b"", b"BM" + bytes(90)]


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def open_gateway(studio: Studio) -> Iterator[Callable[..., Gateway]]:
    gateways: list[Gateway] = []

    def start(**options: Any) -> Gateway:
        gateways.append(Gateway(studio, **options))
        return gateways[-1]

    yield start
    studio.may_answer.set()
    for gateway in gateways:
        gateway.close()


@pytest.fixture
def gateway(open_gateway: Callable[..., Gateway]) -> Gateway:
    return open_gateway()


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client() as client:
        yield client


def events(answer: httpx.Response) -> list[Json]:
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]


def test_the_picture_is_in_the_answer(gateway: Gateway, studio: Studio) -> None:
    with gateway.openai() as sdk:
        answer = sdk.images.generate(prompt="a cat")
    assert answer.data
    [picture] = answer.data
    assert decoded(picture.b64_json) == PICTURE
    assert (picture.url, picture.revised_prompt) == (None, None)
    assert "job" not in (answer.model_extra or {})
    assert [request.prompt for request in studio.requests] == ["a cat"]


@pytest.mark.parametrize(
    ("response_format", "members"), [(None, {"b64_json"}), ("b64_json", {"b64_json"}), ("url", {"url"})]
)
def test_what_the_answer_holds(client: httpx.Client, response_format: str | None, members: set[str]) -> None:
    answer = order(client, response_format=response_format)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    [picture] = answer.json()["data"]
    assert picture.keys() == members
    text = picture.get("b64_json") or picture["url"].removeprefix("data:image/png;base64,")
    assert decoded(text) == PICTURE


def test_the_type_is_told_by_the_bytes(client: httpx.Client, studio: Studio) -> None:
    studio.answers = [Finished((made(WEBP, "image/png"),))] * 2
    assert order(client).json()["data"][0]["url"].startswith("data:image/webp;base64,")
    [event] = events(order(client, stream=True))
    assert event["output_format"] == "webp"


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_made_of_the_prompt(client: httpx.Client, studio: Studio, stream: bool) -> None:
    studio.answers = [Finished((made(),), 'a "cat"\n')]
    answer = order(client, stream=stream)
    [picture] = events(answer) if stream else answer.json()["data"]
    assert picture["revised_prompt"] == 'a "cat"\n'


@pytest.mark.parametrize("prefer", ["respond-async", "wait=0", "respond-async, wait=1"])
def test_there_is_nothing_to_come_back_to(client: httpx.Client, prefer: str) -> None:
    answer = order(client, {"prefer": prefer})
    assert (answer.status_code, len(answer.json()["data"])) == (200, 1)
    assert not {"preference-applied", "location"} & answer.headers.keys()


@pytest.mark.parametrize("content", OTHERS)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_no_picture_is_not_handed_on(
    client: httpx.Client, studio: Studio, content: bytes, stream: bool
) -> None:
    studio.answers = [Finished((made(content),))]
    answer = order(client, stream=stream)
    error = assert_error(answer, 424, "upstream_failed")
    assert "job" not in error
    assert answer.headers["x-should-retry"] == "false"
    assert "location" not in answer.headers


@pytest.mark.parametrize("spoiled", [b'","url":"https://evil.example/', b"\n", "é".encode()])
def test_what_is_not_base64_is_not_handed_on(client: httpx.Client, studio: Studio, spoiled: bytes) -> None:
    studio.answers = [Finished((InlineResult("image/png", made(png(64, 64)).base64 + spoiled),))]
    answer = order(client, response_format="b64_json", n=2).json()
    assert [decoded(picture["b64_json"]) for picture in answer["data"]] == [PICTURE]
    assert answer["missing"] == 1


def test_several_pictures(client: httpx.Client, studio: Studio) -> None:
    contents = [png(8, side) for side in (8, 16, 24)]
    studio.answers = [Finished((made(content),)) for content in contents]
    answer = order(client, n=3, response_format="b64_json").json()
    assert sorted(decoded(picture["b64_json"]) for picture in answer["data"]) == sorted(contents)


def test_a_large_picture_is_written_as_it_came(client: httpx.Client, studio: Studio) -> None:
    content = BigFile(5 << 20)[:]
    studio.answers = [Finished((made(content),))]
    assert decoded(order(client, response_format="b64_json").json()["data"][0]["b64_json"]) == content


@pytest.mark.parametrize("response_format", [None, "b64_json", "url"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_host_that_buffers_says_when_it_is_too_much(
    open_gateway: Callable[..., Gateway], studio: Studio, response_format: str | None, stream: bool
) -> None:
    studio.answers = [Finished((made(BigFile(20_000)[:]),))]
    with open_gateway(largest_response=20_000).client() as client:
        answer = order(client, response_format=response_format, stream=stream)
        error = assert_error(answer, 424, "response_too_large")
        assert not {"job", "details"} & error.keys()
        assert order(client, response_format=response_format, stream=stream).status_code == 200


def test_a_refusal_has_a_status_in_every_manner(client: httpx.Client, studio: Studio) -> None:
    studio.answers = [ContentRefused("This is refused.", param="prompt")] * 2
    for stream in (False, True):
        assert_error(order(client, stream=stream), 400, "moderation_blocked", "prompt")


def test_the_upstream_has_all_the_time_there_is_and_then_may_have_billed(
    open_gateway: Callable[..., Gateway], studio: Studio
) -> None:
    studio.may_answer.clear()
    with open_gateway(max_wait=0.3).client() as client:
        for stream in (False, True):
            answer = order(client, prompt=f"stream {stream}", stream=stream)
            error = assert_error(answer, 424, "upstream_failed")
            assert "billed" in error["message"]
            assert "job" not in error
            assert answer.headers["x-should-retry"] == "false"


def test_a_stream_shows_that_it_is_alive_while_the_upstream_works(client: httpx.Client, studio: Studio) -> None:
    studio.answers = [Finished((made(),)), Unavailable("It broke.")]
    studio.may_answer.clear()
    both_alive = Barrier(2, studio.may_answer.set, timeout=20)

    def streamed(prompt: str) -> list[str]:
        seen: list[str] = []
        with client.stream("POST", GENERATIONS, json={"prompt": prompt, "stream": True}) as answer:
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if not seen:
                    both_alive.wait()
                seen += [line] if line else []
        return seen

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(streamed, "first")
        eventually(lambda: len(studio.requests) == 1)
        second = threads.submit(streamed, "second")
        good, bad = first.result(), second.result()
    assert good[:2] == [": keep-alive", "event: image_generation.completed"]
    assert bad[:2] == [": keep-alive", "event: error"]
    assert json.loads(bad[2].removeprefix("data: "))["error"]["code"] == "upstream_unavailable"


def test_what_is_not_kept_is_not_made_twice(client: httpx.Client, studio: Studio) -> None:
    assert order(client, {"idempotency-key": "once"}).status_code == 200
    answer = order(client, {"idempotency-key": "once"})
    assert_error(answer, 424, "upstream_failed")
    assert len(studio.requests) == 1


def test_the_sdk_reads_the_stream(gateway: Gateway) -> None:
    with gateway.openai() as sdk, sdk.images.generate(prompt="a cat", stream=True) as stream:
        [event] = list(stream)
    assert isinstance(event, openai.types.ImageGenCompletedEvent)
    assert decoded(event.b64_json) == PICTURE
