"""Functions under the streaming Runtime API loop: what leaves when, and what the processes bear."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.emulators.faults import Cut, Drop, Reply, Slow
from tests.emulators.files import CHUNK, Gate
from tests.emulators.png import SIGNATURE, BigFile
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import GENERATIONS, OUTPUT, SUBMIT, decoded, eventually, stands_still
from tests.hosts.events import FRONTS, NO_REQUESTS, Event, Front, http_api, rest
from tests.hosts.runtime import Runtime

pytestmark = pytest.mark.hosts

BIG = 20 << 20


def order(front: Front = rest, headers: dict[str, str] | None = None, **body: Any) -> Event:
    """A request for a picture, `url` alone unless the test says otherwise."""
    return front("POST", GENERATIONS, {"prompt": "a cat", "response_format": "url"} | body, **(headers or {}))


@pytest.fixture
def path(images: Runtime, zimage: ZImage) -> str:
    """Where a picture is, below the stage."""
    url: str = images.ask(order()).json["data"][0]["url"]
    return urlsplit(url).path.removeprefix("/dev")


def get(path: str, method: str = "GET", **headers: str) -> Event:
    return rest(method, path, **headers)


def still_serves(runtime: Runtime, event: Event) -> None:
    answer = runtime.ask(event)
    assert answer.whole
    assert answer.status < 400, answer.raw


class TestBytes:
    def test_the_first_leaves_long_before_the_last_has_come(self, files: Runtime, path: str, zimage: ZImage) -> None:
        zimage.payload, zimage.gate = BIG, Gate(2)
        answer = files.send(get(path))
        eventually(lambda: len(answer.raw) > CHUNK, seconds=10)
        assert not answer.over.is_set()
        assert zimage.gate.passed == 2
        zimage.gate.open()
        assert answer.wait().whole
        assert answer.body == BigFile(BIG)[:BIG]
        assert answer.response_headers["content-length"] == str(BIG)

    def test_memory_stays_flat(self, start: Callable[..., Runtime], files: Runtime, path: str, zimage: ZImage) -> None:
        runtime = start("functions/files.handler")
        assert runtime.ask(get(path)).status == 200
        before = runtime.peak()
        zimage.payload = BIG
        assert len(runtime.ask(get(path)).body) == BIG
        assert runtime.peak() - before < 6

    def test_the_upstream_waits_for_a_slow_reader(
        self, start: Callable[..., Runtime], path: str, zimage: ZImage
    ) -> None:
        zimage.payload, zimage.gate = 64 << 20, Gate()
        gate = zimage.gate
        gate.open()
        runtime = start("functions/files.handler")
        runtime.api.reads.clear()
        runtime.send(get(path))
        eventually(lambda: gate.passed > 0, seconds=10)
        eventually(lambda: stands_still(lambda: gate.passed, seconds=0.3), seconds=10)
        assert gate.passed * CHUNK < 32 << 20

    def test_a_range(self, files: Runtime, path: str, zimage: ZImage) -> None:
        zimage.payload = BIG
        answer = files.ask(get(path, Range="bytes=1000000-1000009"))
        assert answer.status == 206
        assert answer.body == BigFile(BIG)[1_000_000:1_000_010]
        assert answer.response_headers["content-range"] == f"bytes 1000000-1000009/{BIG}"

    def test_head_and_not_modified_have_no_body(self, files: Runtime, path: str) -> None:
        head = files.ask(get(path, "HEAD"))
        same = files.ask(get(path, If_None_Match=head.response_headers["etag"]))
        assert (head.status, head.body) == (200, b"")
        assert int(head.response_headers["content-length"]) > 0
        assert (same.status, same.body) == (304, b"")

    def test_a_cut_upstream_is_a_broken_transfer(self, files: Runtime, path: str, zimage: ZImage) -> None:
        zimage.payload = BIG
        zimage.plan(OUTPUT, Cut(1 << 20), Reply(410))
        answer = files.ask(get(path))
        assert answer.status == 200
        assert len(answer.body) <= 1 << 20
        assert answer.trailers["lambda-runtime-function-error-type"] == "ResultLost"
        assert answer.cut_by["errorType"] == "ResultLost"
        still_serves(files, get(path))

    def test_an_upstream_that_resumes_is_not(self, files: Runtime, path: str, zimage: ZImage) -> None:
        zimage.payload = BIG
        zimage.plan(OUTPUT, Cut(1 << 20))
        answer = files.ask(get(path))
        assert answer.whole
        assert answer.body == BigFile(BIG)[:BIG]


class TestPictures:
    @pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.__name__)
    def test_every_front(self, images: Runtime, files: Runtime, zimage: ZImage, front: Front) -> None:
        answer = images.ask(order(front, prompt="a füchs", response_format="b64_json"))
        assert answer.kind == "response"
        assert answer.headers["lambda-runtime-function-response-mode"] == "streaming"
        assert answer.headers["content-type"] == "application/vnd.awslambda.http-integration-response"
        assert answer.whole
        assert answer.response_headers["content-type"] == "application/json"
        assert decoded(answer.json["data"][0]["b64_json"]).startswith(SIGNATURE)
        assert zimage.submits[0].order.prompt == "a füchs"

    @pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.__name__)
    def test_a_query(self, images: Runtime, files: Runtime, zimage: ZImage, front: Front) -> None:
        job = images.ask(order(headers={"Prefer": "respond-async"})).json["id"]
        answer = files.ask(front("GET", f"/images?index=0&id={job}"))
        assert answer.status == 200
        assert answer.body.startswith(SIGNATURE)

    @pytest.mark.parametrize(
        ("event", "base"),
        [
            (order(), "https://api.example/dev"),
            (order(partial(rest, stage="v1")), "https://api.example/v1"),
            (order(partial(http_api, stage="dev")), "https://api.example/dev"),
            (order(http_api), "https://api.example"),
        ],
        ids=["rest", "rest at v1", "http at dev", "http"],
    )
    def test_addresses_have_the_stage(self, images: Runtime, zimage: ZImage, event: Event, base: str) -> None:
        assert images.ask(event).json["data"][0]["url"].startswith(f"{base}/images/")

    def test_where_a_job_is_has_it_too(self, images: Runtime, zimage: ZImage) -> None:
        answer = images.ask(order(headers={"Prefer": "respond-async"}))
        assert answer.status == 202
        assert answer.response_headers["location"] == f"/dev/v1/jobs/{answer.json['id']}"

    def test_events_leave_one_by_one(self, images: Runtime, zimage: ZImage) -> None:
        zimage.gate = Gate()
        answer = images.send(order(n=2, stream=True, response_format="b64_json"))
        eventually(lambda: b": job " in answer.raw, seconds=10)
        assert answer.response_headers["content-type"].startswith("text/event-stream")
        assert b"image_generation.completed" not in answer.body
        zimage.gate.allow()
        eventually(lambda: answer.body.count(b"\n\n") == 2, seconds=10)
        assert not answer.over.is_set()
        zimage.gate.allow()
        assert answer.wait().whole
        assert answer.body.count(b"event: image_generation.completed\n") == 2

    def test_what_a_process_remembers_lasts_to_the_next_event(self, images: Runtime, zimage: ZImage) -> None:
        """Lambda changes the environment with each event. That must not look like other settings."""
        first, second = (images.ask(order(headers={"Idempotency-Key": "once"})) for _ in range(2))
        assert first.json["job"] == second.json["job"]
        assert len(zimage.submits) == 1


class TestDeadline:
    """MAX_WAIT_SECONDS is 240 here, and Lambda stops the function long before that."""

    SECONDS = 3.0

    def test_pending_comes_before_it(self, images: Runtime, zimage: ZImage) -> None:
        answer = images.ask(order(prompt=f"[{Fate.NEVER_ENDS}]"), self.SECONDS)
        assert answer.chunks[-1].at < answer.asked_at + self.SECONDS
        assert answer.status == 424
        assert answer.json["error"]["code"] == "generation_pending"
        assert answer.response_headers["location"].startswith("/dev/v1/jobs/")

    def test_an_event_comes_before_it(self, images: Runtime, zimage: ZImage) -> None:
        answer = images.ask(order(prompt=f"[{Fate.NEVER_ENDS}]", stream=True), self.SECONDS)
        assert answer.chunks[-1].at < answer.asked_at + self.SECONDS
        assert answer.whole
        assert b"event: error\n" in answer.body
        assert b"generation_pending" in answer.body

    def test_an_upstream_that_does_not_take_the_work_in_time(
        self, start: Callable[..., Runtime], zimage: ZImage
    ) -> None:
        """It may have taken it: nobody may try again."""
        zimage.plan(SUBMIT, Slow(20))
        answer = start("functions/images_generations.handler").ask(order(), self.SECONDS)
        assert answer.chunks[-1].at < answer.asked_at + self.SECONDS
        assert answer.status == 424
        assert answer.json["error"]["code"] == "upstream_failed"

    def test_a_deadline_that_is_over_is_no_reason_to_fall(self, images: Runtime, zimage: ZImage) -> None:
        answer = images.ask(order(prompt=f"[{Fate.NEVER_ENDS}]"), -1.0)
        assert answer.status == 424


class TestErrors:
    def test_ours_are_whole_answers(self, images: Runtime, zimage: ZImage) -> None:
        zimage.plan(SUBMIT, Drop(after=True))
        for event, status in [
            (order(n=99), 400),
            (order(headers={"Authorization": "Bearer nobody"}), 401),
            (rest("GET", "/v1/nowhere"), 404),
            (order(), 424),
        ]:
            answer = images.ask(event)
            assert answer.whole
            assert answer.status == status
            assert answer.json["error"].keys() >= {"message", "type", "param", "code"}

    @pytest.mark.parametrize(
        "path", ["before-the-start", "before-the-first-byte", "without-a-word", "without-a-start", "cancelled"]
    )
    def test_before_the_first_byte_there_is_still_an_answer(self, awkward: Runtime, path: str) -> None:
        answer = awkward.ask(rest("GET", f"/{path}"))
        assert answer.whole
        assert answer.status == 500
        assert answer.json["error"].keys() == {"message", "type", "param", "code"}
        assert answer.json["error"]["type"] == "server_error"
        assert answer.response_headers["x-should-retry"] == "false"
        assert answer.response_headers["x-request-id"] in answer.json["error"]["message"]
        still_serves(awkward, rest("GET", "/many-headers"))

    @pytest.mark.parametrize(
        ("path", "error"), [("after-the-first-byte", "Broken"), ("without-an-end", "RuntimeError")]
    )
    def test_after_it_the_trailers_tell(self, awkward: Runtime, path: str, error: str) -> None:
        answer = awkward.ask(rest("GET", f"/{path}"))
        assert (answer.status, answer.body) == (200, b"half of ")
        assert answer.trailers["lambda-runtime-function-error-type"] == error
        assert answer.cut_by["errorType"] == error
        assert not answer.whole
        still_serves(awkward, rest("GET", "/many-headers"))

    def test_after_the_end_it_is_too_late(self, awkward: Runtime) -> None:
        answer = awkward.ask(rest("GET", "/after-the-end"))
        assert answer.whole
        assert answer.body == b"whole"
        still_serves(awkward, rest("GET", "/many-headers"))

    @pytest.mark.parametrize(
        ("handler", "error"),
        [
            ("tests/hosts/nowhere.handler", "ModuleNotFoundError"),
            ("shared/media.handler", "AttributeError"),
            ("handler", "ValueError"),
        ],
    )
    def test_a_function_that_cannot_be_loaded(self, start: Callable[..., Runtime], handler: str, error: str) -> None:
        runtime = start(handler)
        assert runtime.exit_status() == 1
        [(headers, body)] = runtime.api.init_errors
        assert headers["lambda-runtime-function-error-type"] == f"Runtime.{error}"
        assert body["errorType"] == error
        assert body["errorMessage"]
        assert body["stackTrace"]
        assert error in runtime.output

    def test_a_bundle_without_what_the_loop_needs(self, start: Callable[..., Runtime], tmp_path: Path) -> None:
        (tmp_path / "mangum.py").write_text("raise ImportError('as if it were not there')")
        runtime = start("functions/root.handler", PYTHONPATH=str(tmp_path))
        assert runtime.exit_status() == 1
        [(headers, _)] = runtime.api.init_errors
        assert headers["lambda-runtime-function-error-type"] == "Runtime.ImportError"


class TestLoop:
    @pytest.mark.parametrize("name", NO_REQUESTS)
    def test_what_is_no_request_is_answered(self, awkward: Runtime, name: str) -> None:
        answer = awkward.ask(NO_REQUESTS[name])
        assert answer.whole
        assert (answer.status, answer.body) == (204, b"")
        still_serves(awkward, rest("GET", "/many-headers"))

    @pytest.mark.parametrize(
        "damage",
        [
            {"headers": {"Host": "a:b:c"}, "multiValueHeaders": None},
            {"body": "a", "isBase64Encoded": True},
            {"path": 7},
        ],
    )
    def test_a_request_that_cannot_be_read_is_answered(self, awkward: Runtime, damage: Event) -> None:
        answer = awkward.ask(rest("GET", "/many-headers") | damage)
        assert answer.whole
        assert answer.status == 500
        still_serves(awkward, rest("GET", "/many-headers"))

    def test_headers(self, awkward: Runtime) -> None:
        answer = awkward.ask(rest("GET", "/many-headers"))
        assert answer.prelude == {
            "statusCode": 204,
            "headers": {"vary": "Accept, Origin"},
            "cookies": ["a=1; Path=/", "b=2"],
        }
        assert answer.body == b""

    def test_nobody_leaves_before_the_answer_is_whole(self, awkward: Runtime) -> None:
        answer = awkward.ask(rest("POST", "/listening", {"a": 1}))
        assert answer.json == {"a": 1}
        eventually(lambda: "heard it all" in awkward.output, seconds=5)

    def test_connections_are_kept(self, awkward: Runtime) -> None:
        for _ in range(5):
            still_serves(awkward, rest("GET", "/many-headers"))
        assert awkward.api.connections == 2

    def test_connections_that_were_closed_are_opened_anew(self, start: Callable[..., Runtime]) -> None:
        runtime = start("tests/hosts/awkward.handler")
        runtime.api.closes_connections = True
        for _ in range(4):
            still_serves(runtime, rest("GET", "/many-headers"))
            time.sleep(0.05)
        assert runtime.api.connections >= 8

    def test_events_in_chunks(self, start: Callable[..., Runtime]) -> None:
        runtime = start("tests/hosts/awkward.handler")
        runtime.api.chunked_events = True
        text = "a long text " * 1000
        assert runtime.ask(rest("POST", "/listening", text)).json == text
        still_serves(runtime, rest("GET", "/many-headers"))

    def test_an_answer_that_is_not_taken_ends_the_work_for_it(
        self, start: Callable[..., Runtime], path: str, zimage: ZImage
    ) -> None:
        runtime = start("functions/files.handler")
        zimage.payload, zimage.gate = BIG, Gate(10)
        runtime.api.breaks_after = 4
        answer = runtime.ask(get(path))
        assert answer.broken
        runtime.api.breaks_after = None
        zimage.gate.open()
        eventually(lambda: len(zimage.closed_early) == 1, seconds=10)
        still_serves(runtime, get(path))

    @pytest.mark.parametrize("path", ["after-the-first-byte", "stubborn"])
    def test_nor_does_it_end_the_loop(self, start: Callable[..., Runtime], path: str) -> None:
        runtime = start("tests/hosts/awkward.handler")
        runtime.api.breaks_after = 2
        assert runtime.ask(rest("GET", f"/{path}")).broken
        runtime.api.breaks_after = None
        still_serves(runtime, rest("GET", "/many-headers"))
