"""What the tests of the endpoints share: orders, jobs, ids, and what an answer has to look like."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from shared.jobs.ids import JobIds
from tests.emulators.zimage import ZImage
from tests.rig import API_KEY, SIGNING_KEY

Json = dict[str, Any]


GENERATIONS = "/v1/images/generations"
SUBMIT = "POST /api/z-image/generate"
OUTPUT = "GET /output/"
DAY = 86_400.0


class Served(Protocol):
    """Whatever serves the API at an address."""

    @property
    def url(self) -> str: ...


def order(client: httpx.Client, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    """Ask for a picture, `url` alone unless the test says otherwise."""
    return client.post(GENERATIONS, json={"prompt": "a cat", "response_format": "url"} | body, headers=headers)


def start_job(client: httpx.Client, **body: Any) -> Json:
    """A job that nobody waits for."""
    answer = order(client, {"prefer": "respond-async"}, **body)
    assert answer.status_code == 202, answer.text
    job: Json = answer.json()
    return job


def look(client: httpx.Client, job_id: str) -> Json:
    answer = client.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    job: Json = answer.json()
    return job


def finished_job(client: httpx.Client, **body: Any) -> Json:
    """A job that has come to its end, one way or the other."""
    job_id = start_job(client, **body)["id"]
    eventually(lambda: look(client, job_id)["status"] in ("completed", "failed"), seconds=10)
    return look(client, job_id)


def file_url(client: httpx.Client, **body: Any) -> str:
    """The address of a picture's bytes."""
    answer = order(client, **body)
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["data"][0]["url"]
    return url


def asset_id(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2].partition(".")[0]


def tickets(age: float = 0.0, keys: tuple[str, ...] = (SIGNING_KEY,)) -> JobIds:
    """The gateway's own way of making ids, as it worked `age` seconds ago."""
    return JobIds(keys, DAY, lambda: time.time() - age)


def looks(zimage: ZImage) -> int:
    """How often the upstream was asked about its jobs."""
    return sum("/task/" in call.path or "/batch-status/" in call.path for call in zimage.calls)


def fetches(zimage: ZImage) -> int:
    """How often a file was fetched from the upstream."""
    return sum(call.path.startswith("/output/") for call in zimage.calls)


def eventually(condition: Callable[[], bool], seconds: float = 1.0) -> None:
    """Fails unless the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.005)


def stands_still(count: Callable[[], int], seconds: float) -> bool:
    """Whether a number does not change any more for so long."""
    before = count()
    time.sleep(seconds)
    return count() == before


def assert_falls_silent(count: Callable[[], int]) -> None:
    """A number that grew several times a second does so no more, after a moment to notice."""
    eventually(lambda: stands_still(count, 0.5), seconds=1.5)


def assert_error(response: httpx.Response, status: int, code: str, param: str | None = None) -> Json:
    """The answer is the envelope with all that clients go by; returns what stands under `error`."""
    assert response.status_code == status, response.text
    error: Json = response.json()["error"]
    assert error.keys() >= {"message", "type", "param", "code"}
    assert (error["code"], error["param"]) == (code, param), error
    assert isinstance(error["type"], str)
    assert len(error["message"]) > 10
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    assert response.headers["x-should-retry"] in ("true", "false")
    return error


def received_until_cut(client: httpx.Client, method: str, url: str, **options: Any) -> bytes:
    """What arrives of an answer that breaks; fails when it ends in good order."""
    received = b""
    try:
        with client.stream(method, url, **options) as answer:
            for piece in answer.iter_raw():
                received += piece
    except httpx.RemoteProtocolError:
        return received
    raise AssertionError("the answer looks whole")


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height, from a PNG's header."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def decoded(text: str | None) -> bytes:
    assert text
    return base64.b64decode(text, validate=True)


def leaving_client(server: Served, **body: Any) -> AbstractContextManager[socket.socket]:
    """An order on a connection that is closed with the block, whatever is still to come over it."""
    return _leaving(server, "POST", GENERATIONS, {"prompt": "a cat", "response_format": "url"} | body)


def leaving_post(server: Served, path: str, body: Json) -> AbstractContextManager[socket.socket]:
    return _leaving(server, "POST", path, body)


def leaving_get(server: Served, path: str) -> AbstractContextManager[socket.socket]:
    return _leaving(server, "GET", path)


@contextmanager
def _leaving(server: Served, method: str, path: str, body: Json | None = None) -> Iterator[socket.socket]:
    request = httpx.Request(method, server.url + path, json=body, headers={"authorization": f"Bearer {API_KEY}"})
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + request.content)
        yield connection
