"""Processes that are measured from outside: started, pinned, looked at in /proc, and stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "linux":
    sys.exit("The benchmarks look at processes in /proc, which Linux alone has.")

ROOT = Path(__file__).resolve().parents[2]
_CORES = sorted(os.sched_getaffinity(0))
_START_SECONDS = 20.0
_MEGABYTE = 1 << 20


class Process:
    """A running server, seen from outside."""

    def __init__(self, pid: int, url: str) -> None:
        self.url = url
        self._folder = Path("/proc", str(pid))

    def cpu(self) -> float:
        """Seconds of CPU time used so far."""
        return int((self._folder / "schedstat").read_text().split()[0]) / 1e9

    def resident(self) -> float:
        """Megabytes of memory in use now."""
        return self._memory("VmRSS")

    def peak(self) -> float:
        """The most megabytes since the last `reset_peak`."""
        return self._memory("VmHWM")

    def reset_peak(self) -> None:
        (self._folder / "clear_refs").write_text("5")

    def _memory(self, name: str) -> float:
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name)) / _MEGABYTE


@contextmanager
def serving(
    arguments: Sequence[str], port: int, environment: Mapping[str, str] | None = None, *, apart: bool = False
) -> Iterator[Process]:
    """A Python process that listens on `port`, from when it does until the block ends.

    `apart` gives it a core that the load and the stub leave alone, where there is more than one.
    """
    command = [sys.executable, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
    try:
        if apart:
            os.sched_setaffinity(process.pid, _CORES[-1:])
        wait_for(port, lambda: process.poll() is None)
        yield Process(process.pid, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def stay_aside() -> None:
    """Keep this process, and those that it starts without `apart`, off the core of the servers that are measured."""
    if len(_CORES) > 1:
        os.sched_setaffinity(0, _CORES[:-1])


def wait_for(port: int, is_running: Callable[[], bool]) -> None:
    """Return when a process listens on `port`."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and is_running():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")
