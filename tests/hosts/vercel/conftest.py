"""Easel built by Vercel's CLI, and served: one build for all tests, and functions that start when they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openai
import pytest

from tests.hosts.runtime import SECRETS
from tests.hosts.vercel import cli
from tests.hosts.vercel.front import Front
from tests.hosts.vercel.output import Output
from tests.rig import API_KEY, OTHER_KEY, SIGNING_KEY

KEYS = {"API_KEYS": f"{API_KEY},{OTHER_KEY}", "SIGNING_KEYS": SIGNING_KEY}
STRAY = (".env", ".env.local", ".venv-2/lib.py", ".pytest_cache/README.md", "data/cookies.json", "build/left-over.zip")
"""Files that lie in many a working copy, and must not be deployed."""

Serve = Callable[..., Front]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that has been built."""
    if lacking := cli.missing():
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp("project")
    cli.copy_project(folder)
    for name in STRAY:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    cli.build(folder)
    return folder


@pytest.fixture(scope="session")
def output(project: Path) -> Output:
    return Output(project)


@pytest.fixture(scope="session")
def deploy(output: Output, upstream: dict[str, str]) -> Iterator[Serve]:
    """Serves the build in front of the emulator, with further settings; None takes one away."""
    fronts: list[Front] = []

    def serve(**settings: str | None) -> Front:
        chosen = {**KEYS, **upstream, **settings}
        environment = {name: value for name, value in chosen.items() if value is not None}
        fronts.append(Front(output, cli.python(), **environment))
        return fronts[-1]

    yield serve
    logs = [front.close() for front in fronts]
    assert not [secret for secret in SECRETS if secret in "".join(logs)]


@pytest.fixture(scope="session")
def standing(deploy: Serve) -> Front:
    return deploy()


@pytest.fixture
def front(standing: Front) -> Iterator[Front]:
    """The deployment of all tests that leave it in good health."""
    yield standing
    standing.seconds = None


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {API_KEY}"}
    with httpx.Client(base_url=front.url, headers=headers, timeout=60, verify=False) as client:
        yield client


@pytest.fixture
def sdk(front: Front) -> Iterator[openai.OpenAI]:
    """The real SDK, with its retries on."""
    with openai.OpenAI(base_url=f"{front.url}/v1", api_key=API_KEY, timeout=60) as sdk:
        yield sdk
