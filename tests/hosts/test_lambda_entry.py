"""Functions under Mangum, where an answer leaves in one piece."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

import pytest
from starlette.responses import Response

from shared.api import Access, App, Context, Endpoint
from shared.api.streaming import StreamedResponse
from shared.hosts.lambda_entry import LambdaHandler, lambda_handler
from tests.emulators.png import SIGNATURE
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import GENERATIONS, decoded
from tests.hosts.events import FRONTS, NO_REQUESTS, Event, Front, custom_domain, http_api, rest
from tests.rig import API_KEY, SIGNING_KEY

pytestmark = pytest.mark.hosts


class LambdaContext(NamedTuple):
    """As much of Lambda's as anybody asks for."""

    milliseconds: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class Whole(NamedTuple):
    """An answer as a front takes it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def handler_of(
    monkeypatch: pytest.MonkeyPatch, upstream: dict[str, str], zimage: ZImage
) -> Iterator[Callable[[str], LambdaHandler]]:
    """The handler of a function, as new, on an event loop that ends with the test."""
    for name, value in {"API_KEYS": API_KEY, "SIGNING_KEYS": SIGNING_KEY, **upstream}.items():
        monkeypatch.setenv(name, value)
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield lambda name: lambda_handler(import_module(f"functions.{name}").app)
        asyncio.set_event_loop(None)


@pytest.fixture
def images(handler_of: Callable[[str], LambdaHandler]) -> LambdaHandler:
    return handler_of("images_generations")


def ask(handler: LambdaHandler, event: Any, context: Any = LambdaContext()) -> Whole:  # noqa: B008  # a value
    answer = handler(event, context)
    body = base64.b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"].encode()
    return Whole(answer["statusCode"], answer["headers"], body)


def order(front: Front = rest, headers: dict[str, str] | None = None, **body: Any) -> Event:
    return front("POST", GENERATIONS, {"prompt": "a cat", "response_format": "url"} | body, **(headers or {}))


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.__name__)
def test_every_front(images: LambdaHandler, front: Front) -> None:
    answer = ask(images, order(front, response_format="b64_json"))
    assert answer.status == 200
    assert decoded(answer.json["data"][0]["b64_json"]).startswith(SIGNATURE)


def test_a_file(images: LambdaHandler, handler_of: Callable[[str], LambdaHandler]) -> None:
    job = ask(images, order(headers={"Prefer": "respond-async"})).json["id"]
    answer = ask(handler_of("files"), rest("GET", f"/images?id={job}"))
    assert answer.headers["content-type"] == "image/png"
    assert answer.body.startswith(SIGNATURE)


@pytest.mark.parametrize(
    ("front", "base"),
    [
        (rest, "https://api.example/dev"),
        (custom_domain, "https://api.example/img"),
        (http_api, "https://api.example"),
    ],
)
def test_links_begin_with_the_stage_or_base_path(images: LambdaHandler, front: Front, base: str) -> None:
    [image] = ask(images, order(front)).json["data"]
    assert image["url"].partition("/images/")[0] == base


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_is_answered(images: LambdaHandler, name: str) -> None:
    assert ask(images, NO_REQUESTS[name]).status == 204


def test_pending_comes_before_the_deadline(images: LambdaHandler) -> None:
    answer = ask(images, order(prompt=f"[{Fate.NEVER_ENDS}]"), LambdaContext(1000))
    assert answer.status == 424
    assert answer.json["error"]["code"] == "generation_pending"


def test_what_an_instance_remembers_lasts_to_the_next_event(
    images: LambdaHandler, zimage: ZImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda's runtime changes the environment with each event. That must not look like other settings."""
    for trace_id in ("Root=1-a", "Root=1-b"):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace_id)
        ask(images, order(headers={"Idempotency-Key": "once"}))
    assert len(zimage.submits) == 1


def test_an_answer_that_breaks_off_is_an_error_of_ours(handler_of: Callable[[str], LambdaHandler]) -> None:
    async def broken(call: Context) -> Response:
        return StreamedResponse(pieces(), "image/png")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"half of "
        raise ZeroDivisionError

    handler = lambda_handler(App([Endpoint("/v1/broken", Access.ANYONE, GET=broken)]))
    answer = ask(handler, rest("GET", "/v1/broken"))
    assert answer.status == 500
    assert answer.json["error"]["type"] == "server_error"
    assert answer.headers["x-request-id"] in answer.json["error"]["message"]


def test_no_path_is_logged(images: LambdaHandler, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ask(images, rest("GET", "/v1/jobs/a-secret"))
    assert "a-secret" not in caplog.text


LARGE = 5_000_000


def test_pictures_that_are_too_large_are_links_alone(images: LambdaHandler, zimage: ZImage) -> None:
    zimage.payload = LARGE
    answer = ask(images, order(response_format=None))
    assert answer.status == 200
    assert [list(picture) for picture in answer.json["data"]] == [["url"]]


def test_a_stream_that_is_too_large_has_links_alone(images: LambdaHandler, zimage: ZImage) -> None:
    zimage.payload = LARGE
    body = ask(images, order(response_format=None, stream=True)).body.decode()
    assert '"url"' in body
    assert '"b64_json"' not in body


@pytest.mark.parametrize("stream", [False, True])
def test_bytes_that_were_asked_for_and_are_too_large_are_told_of(
    images: LambdaHandler, zimage: ZImage, stream: bool
) -> None:
    zimage.payload = LARGE
    answer = ask(images, order(response_format="b64_json", stream=stream))
    assert (answer.status, "response_too_large" in answer.body.decode()) == (200 if stream else 424, True)
    if not stream:
        assert len(answer.json["error"]["details"]["urls"]) == 1
        assert answer.headers["x-should-retry"] == "false"


def test_a_file_that_is_too_large_is_had_by_ranges(
    handler_of: Callable[[str], LambdaHandler], images: LambdaHandler, zimage: ZImage
) -> None:
    zimage.payload = LARGE
    [picture] = ask(images, order()).json["data"]
    path = "/images/" + picture["url"].rpartition("/")[2]
    files = handler_of("files")
    assert ask(files, rest("GET", path)).json["error"]["code"] == "response_too_large"
    part = ask(files, rest("GET", path, range="bytes=0-999"))
    assert (part.status, len(part.body)) == (206, 1000)
