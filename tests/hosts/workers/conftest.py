"""The Worker, staged as wrangler takes it and running in Pyodide, in front of the Z-Image emulator."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import openai
import pytest

from shared.hosts.workers_package import STAGE
from tests.emulators.zimage import ZImage
from tests.hosts.workers.front import Front

ROOT = Path(__file__).resolve().parents[3]
NODE_MODULES = ROOT / "tests" / "node_modules"

_SPELLINGS = itertools.cycle(["memory", ""])
"""Of one and the same setting: at each change of it the Worker forgets which jobs other tests may come back for."""


@pytest.fixture(scope="session")
def staged() -> None:
    """`make stage-cloudflare` without make."""
    subprocess.run([sys.executable, "-m", "shared.hosts.workers_package"], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def start(staged: None) -> Iterator[Callable[..., Front]]:
    """Starts Workers, each from the folder given, and ends them after all tests."""
    if not shutil.which("node"):
        pytest.skip("Node is not here")
    if not (NODE_MODULES / "pyodide").exists():
        pytest.skip("Pyodide is not here: `make node` installs it")
    with ExitStack() as fronts:
        yield lambda folder=STAGE: fronts.enter_context(Front(folder))


@pytest.fixture(scope="session")
def running_front(start: Callable[..., Front]) -> Front:
    return start()


@pytest.fixture
def front(running_front: Front, zimage: ZImage, upstream: dict[str, str]) -> Front:
    running_front.configure(upstream | {"STATE": next(_SPELLINGS)})
    return running_front


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with front.client() as client:
        yield client


@pytest.fixture
def sdk(front: Front) -> Iterator[openai.OpenAI]:
    with front.openai() as sdk:
        yield sdk
