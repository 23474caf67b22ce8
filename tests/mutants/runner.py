"""Runs tests on copies of the project, each with one seeded bug."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path

from tests.mutants.mutant import ROOT, Mutant

COPIED = (
    *("functions", "shared", "tests", "tools", "docs", "README.md", "README.zh-CN.md", "Makefile", "serverless.yml"),
    *("pytest.ini", ".python-version"),
)
LONGEST_RUN = 300.0
"""Seconds until tests count as hanging."""


class Outcome(Enum):
    """How a run of tests ended."""

    PASSED = "ESCAPED"
    FAILED = "caught"
    HUNG = "caught, hanging"
    BROKEN = "BROKEN: the tests did not run"


_OUTCOMES = {0: Outcome.PASSED, 1: Outcome.FAILED, None: Outcome.HUNG}
"""What pytest's exit statuses mean, None after a timeout. Any other means that the tests did not run."""


def check(mutants: Sequence[Mutant]) -> bool:
    """Run all of them, print each outcome, and return whether every one was caught."""
    if stale := [mutant.name for mutant in mutants if mutant.text().count(mutant.old) != 1]:
        raise SystemExit(f"these do not match their files exactly once: {', '.join(stale)}")
    suites = sorted({mutant.tests for mutant in mutants})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        unmutated = list(pool.map(run, suites))
        if fallen := [tests for tests, outcome in zip(suites, unmutated, strict=True) if outcome != Outcome.PASSED]:
            raise SystemExit(f"these tests fail without any mutant: {', '.join(fallen)}")
        outcomes = list(pool.map(lambda mutant: run(mutant.tests, mutant), mutants))
    for mutant, outcome in zip(mutants, outcomes, strict=True):
        print(f"{outcome.value:8} {mutant.name}  ({mutant.file})")
    caught = sum(outcome in (Outcome.FAILED, Outcome.HUNG) for outcome in outcomes)
    print(f"{caught} caught, {len(mutants) - caught} not caught")
    return caught == len(mutants)


def run(tests: str, mutant: Mutant | None = None) -> Outcome:
    """Run these tests on a copy of the project, with the bug in it."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", tests]
    with tempfile.TemporaryDirectory(prefix="easel-mutant-") as folder:
        copy = Path(folder)
        _copy_project(copy)
        if mutant:
            mutant.apply(copy)
        return _OUTCOMES.get(exit_status(command, copy, LONGEST_RUN), Outcome.BROKEN)


def exit_status(command: Sequence[str], folder: Path, timeout: float) -> int | None:
    """Run a command, and return None where it takes more than these seconds. No process that it starts remains."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of its processes have ended
    finally:
        process.wait()


def _copy_project(copy: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, copy / name)
