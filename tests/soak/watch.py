"""What an attack costs: the memory that the server takes, and how long its other callers wait."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

from tests.local_server import ROOT, LocalServer

MEGABYTE = 1 << 20


class Watch:
    """While the block lasts, a process of its own pings the server.

    `peak` is the most memory above what was in use before, in megabytes; `longest` is the longest ping in
    milliseconds, known when the block has ended.
    """

    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self._before = 0
        self.peak = self.longest = 0.0

    def __enter__(self) -> Watch:
        command = [sys.executable, "-m", "tests.soak.ping", self._server.url]
        self._pings = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._pings.stdout
        assert self._pings.stdout.readline() == "ready\n"
        self._before = self._server.memory("VmRSS")
        self._server.forget_highest()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.peak = (self._server.memory("VmHWM") - self._before) / MEGABYTE
        self.longest = float(self._pings.communicate()[0])
