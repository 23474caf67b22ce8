"""Upstream calls over the platform's fetch: they keep the promises of the sockets, with less knowledge of failures."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from tests.emulators.faults import Cut, Drop, Reply, Slow
from tests.emulators.files import Gate
from tests.emulators.zimage import ZImage
from tests.functions.helpers import eventually, finished_job
from tests.hosts.aws.moto import free_port
from tests.hosts.workers.front import Front

pytestmark = pytest.mark.hosts

JSON = {"content-type": "application/json"}
PATH = "/api/z-image/task/none"

EXCHANGE = """
import asyncio, httpx
from shared.http.js_transport import FetchTransport

async def exchange(url, method="GET", headers=None, body=None, patience=None, **timeout):
    request = httpx.Request(method, url, headers=headers, content=body, extensions={"timeout": timeout})
    try:
        async with asyncio.timeout(patience):
            response = await FetchTransport().handle_async_request(request)
            try:
                parts = [part async for part in response.stream]
            finally:
                await response.stream.aclose()
    except Exception as error:
        return [type(error).__name__]
    return [response.status_code, response.headers.multi_items(), b"".join(parts).decode("latin-1")]

"""


def exchange(front: Front, url: str, **options: Any) -> list[Any]:
    """Status, headers and body; or the name of the error alone."""
    program = f"{EXCHANGE}import json\nawait exchange(url={url!r}, **json.loads({json.dumps(options)!r}))"
    answer: list[Any] = front.run(program)
    return answer


class TestAnswers:
    def test_what_is_sent(self, front: Front, zimage: ZImage) -> None:
        headers = {"user-agent": "easel", "x-own": "1", "accept-encoding": "gzip, deflate"}
        zimage.plan(PATH, Reply(200))
        exchange(front, zimage.url + PATH, method="POST", headers=headers, body="{}")
        [call] = zimage.calls
        assert (call.method, call.body) == ("POST", b"{}")
        assert call.headers.items() >= {"user-agent": "easel", "x-own": "1", "content-length": "2"}.items()
        assert call.headers["host"] in zimage.url

    def test_a_file_is_asked_for_as_it_is(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, Reply(200))
        exchange(front, zimage.url + PATH, headers={"accept-encoding": "identity"})
        assert zimage.calls[0].headers["accept-encoding"] == "identity"

    def test_what_the_platform_has_decoded_does_not_say_so(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, Reply(200, gzip.compress(b"a lighthouse"), {"content-encoding": "gzip"}))
        _, headers, body = exchange(front, zimage.url + PATH)
        assert body == "a lighthouse"
        assert not {"content-encoding", "content-length"} & dict(headers).keys()

    def test_repeated_headers_stay_apart(self, front: Front, zimage: ZImage) -> None:
        token = json.dumps({"token": "x"})
        answer = exchange(front, f"{zimage.url}/api/z-image/verify-anonymous", method="POST", body=token, headers=JSON)
        assert answer[0] == 200, answer
        assert [name for name, _ in answer[1]].count("set-cookie") == len(zimage.cookie.split("; "))

    @pytest.mark.parametrize("status", [204, 304])
    def test_without_a_body(self, front: Front, zimage: ZImage, status: int) -> None:
        zimage.plan(PATH, Reply(status))
        assert exchange(front, zimage.url + PATH)[::2] == [status, ""]

    def test_redirects_are_not_followed(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, Reply(302, headers={"location": "/elsewhere"}))
        status, headers, _ = exchange(front, zimage.url + PATH)
        assert (status, dict(headers)["location"]) == (302, "/elsewhere")
        assert len(zimage.calls) == 1

    def test_many_at_a_time(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, *[Reply(200, b"whole")] * 12)
        program = f"{EXCHANGE}await asyncio.gather(*[exchange({zimage.url + PATH!r}) for _ in range(12)])"
        assert [answer[2] for answer in front.run(program)] == ["whole"] * 12


class TestFailures:
    """None of them is a ConnectError: that would say that nothing had left, and here nobody knows."""

    def test_a_closed_port(self, front: Front) -> None:
        assert exchange(front, f"http://127.0.0.1:{free_port()}/") == ["ReadError"]

    def test_what_speaks_no_tls(self, front: Front, zimage: ZImage) -> None:
        assert exchange(front, zimage.url.replace("http:", "https:")) == ["ReadError"]

    def test_no_answer(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, Drop())
        assert exchange(front, zimage.url + PATH) == ["ReadError"]

    def test_half_an_answer(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, Cut(5))
        assert exchange(front, zimage.url + PATH) == ["ReadError"]

    def test_what_is_no_web_address_is_never_sent(self, front: Front) -> None:
        assert exchange(front, "ftp://127.0.0.1/") == ["LocalProtocolError"]

    def test_a_late_answer(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, Slow(20))
        aborted = front.counts()["aborted"]
        assert exchange(front, zimage.url + PATH, connect=0.1, read=0.1) == ["ReadTimeout"]
        assert front.counts()["aborted"] == aborted + 1
        eventually(lambda: bool(zimage.closed_early), seconds=5)

    def test_a_body_that_stalls(self, front: Front, client: httpx.Client, zimage: ZImage) -> None:
        client.get(finished_job(client)["data"][0]["url"])
        file = zimage.calls[-1].path
        zimage.payload, zimage.gate = 1 << 20, Gate(1)
        assert exchange(front, zimage.url + file, connect=5, read=0.2) == ["ReadTimeout"]
        eventually(lambda: not zimage.open_streams, seconds=5)

    def test_a_caller_whose_patience_is_over(self, front: Front, zimage: ZImage) -> None:
        zimage.plan(PATH, Slow(20))
        assert exchange(front, zimage.url + PATH, connect=5, patience=0.1) == ["TimeoutError"]
        eventually(lambda: bool(zimage.closed_early), seconds=5)
