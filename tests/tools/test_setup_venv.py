""".venv gets pip from the package index where Python has no ensurepip, and only the expected wheel."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.emulators.server import Server
from tools.setup_venv import ADVICE, PIP_WHEEL

ROOT = Path(__file__).parents[2]
DOWNLOAD = "from tools.setup_venv import download_pip; print(len(download_pip()))"
PASSWORD = "a-password"
LOGIN = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()
OTHER_WHEEL = f"the package index does not have the expected {PIP_WHEEL}"


async def page(request: Request) -> Response:
    if request.path_params["index"] == "private" and request.headers.get("authorization") != LOGIN:
        return Response(status_code=401)
    links = {"other": PIP_WHEEL, "private": PIP_WHEEL, "none": "pip-1.0-py3-none-any.whl"}
    return HTMLResponse(f'<a href="../../wheel/{links[request.path_params["index"]]}#sha256=0">wheel</a>')


async def wheel(request: Request) -> Response:
    return Response(b"another wheel of the same name")


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    server = Server(Starlette(routes=[Route("/{index}/pip/", page), Route("/wheel/{name}", wheel)]))
    yield server.url
    server.stop()


def download(**settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run([sys.executable, "-c", DOWNLOAD], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("{index}/other", OTHER_WHEEL),
        ("{index}/none/", OTHER_WHEEL),
        (f"http://user:{PASSWORD}@{{host}}/private", OTHER_WHEEL),
        (f"http://user:not-{PASSWORD}@{{host}}/private", "pip cannot be downloaded (Unauthorized)"),
        ("{index}/missing/at/all", "pip cannot be downloaded (Not Found)"),
        (f"http://user:{PASSWORD}@127.0.0.1:port", "pip cannot be downloaded (InvalidURL)"),
        (PASSWORD, "pip cannot be downloaded (ValueError)"),
    ],
)
def test_what_is_not_the_expected_wheel_ends_with_advice(index: str, address: str, reason: str) -> None:
    done = download(PIP_INDEX_URL=address.format(index=index, host=urlsplit(index).netloc))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"easel: {reason}. {ADVICE}\n"
    assert PASSWORD not in done.stderr


@pytest.mark.hosts
def test_the_expected_wheel_is_on_the_index() -> None:
    done = download()
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 1_000_000
