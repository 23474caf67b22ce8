"""The way from ASGI to the platform, which has to bear an application that does everything wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.functions.helpers import eventually, received_until_cut
from tests.hosts import awkward
from tests.hosts.workers.front import Front
from tools.workers_package import STAGE

pytestmark = pytest.mark.hosts

ENTRY = """
from workers import WorkerEntrypoint
from awkward import app
from shared.hosts.workers import respond

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await respond(app, request.js_object)
"""


@pytest.fixture(scope="module")
def worker(start_worker: Callable[..., Front], tmp_path_factory: pytest.TempPathFactory) -> Front:
    folder = tmp_path_factory.mktemp("awkward")
    shutil.copytree(STAGE, folder, dirs_exist_ok=True)
    shutil.copy(awkward.__file__, folder)
    (folder / "entry.py").write_text(ENTRY, encoding="utf-8")
    return start_worker(folder)


@pytest.fixture
def client(worker: Front) -> Iterator[httpx.Client]:
    with worker.client() as client:
        yield client
        assert client.post("/listening", content=b"still there").content == b"still there"
    eventually(lambda: not worker.counts()["waiting"], seconds=5)


@pytest.mark.parametrize(
    "path", ["before-the-start", "before-the-first-byte", "without-a-word", "without-a-start", "cancelled"]
)
def test_before_the_first_byte_there_is_still_an_answer(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/{path}")
    assert answer.status_code == 500
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["after-the-first-byte", "without-an-end"])
def test_after_it_the_answer_is_cut(client: httpx.Client, path: str) -> None:
    assert received_until_cut(client, "GET", f"/{path}") == b"half of "


def test_after_the_end_it_is_too_late(client: httpx.Client) -> None:
    assert client.get("/after-the-end").content == b"whole"


def test_nobody_leaves_before_the_answer_is_whole(worker: Front, client: httpx.Client) -> None:
    heard = worker.output.count("heard it all")
    body = b"a long text " * 100_000
    assert client.post("/listening", content=body).content == body
    eventually(lambda: worker.output.count("heard it all") > heard, seconds=5)


def test_an_answer_that_is_not_taken_ends_the_work_for_it(client: httpx.Client) -> None:
    with client.stream("GET", "/stubborn") as answer:
        assert next(answer.iter_raw()).startswith(b"on and on")
