"""The Worker, staged as wrangler takes it and running in Pyodide."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.hosts.tools import NODE_MODULES
from tests.hosts.workers.front import Front
from tools.workers_package import STAGE

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def staged() -> None:
    """`make stage-cloudflare` without make."""
    subprocess.run([sys.executable, "-m", "tools.workers_package"], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def start_worker(staged: None) -> Iterator[Callable[..., Front]]:
    """Starts Workers, each from the folder given, and ends them after all tests."""
    if not shutil.which("node"):
        pytest.skip("Node is not here")
    if not (NODE_MODULES / "pyodide").exists():
        pytest.skip("Pyodide is not here: `make tools` installs it")
    with ExitStack() as fronts:
        yield lambda folder=STAGE: fronts.enter_context(Front(folder))


@pytest.fixture(scope="session")
def worker(start_worker: Callable[..., Front]) -> Front:
    return start_worker()
