"""From the start of a process to its first answer: a function of ours beside a bare one, both compiled."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from tests.bench.figures import Figure, at_most
from tests.bench.processes import ROOT
from tests.bench.servers import KEY

_ROUNDS = 15
_OURS, _FLOOR = "functions.models", "tests.bench.floor"


class _Start(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {**os.environ, "API_KEYS": KEY, "PYTHONPYCACHEPREFIX": bytecode}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for module in (_OURS, _FLOOR):
            _start(module, environment)  # compiles
        rounds = [(_start(_OURS, environment), _start(_FLOOR, environment)) for _ in range(_ROUNDS)]
    for index, what in enumerate(("wall", "CPU")):
        ours, floor = ([pair[side][index] for pair in rounds] for side in (0, 1))
        yield Figure(
            "start",
            f"to a function's first answer: {what}",
            [one / other for one, other in zip(ours, floor, strict=True)],
            f"{median(ours) * 1000:.0f} / {median(floor) * 1000:.0f} ms",
            at_most(1.45),
        )


def _start(module: str, environment: dict[str, str]) -> _Start:
    began = time.perf_counter()
    command = [sys.executable, "-m", "tests.bench.first_answer", module]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        status, cpu = process.stdout.readline().split()
        wall = time.perf_counter() - began
    if status != "200":
        raise RuntimeError(f"{module} answered with status {status}")
    return _Start(wall, float(cpu))
