"""`python -m shared.hosts.local` in a process of its own, as `make serve` and the container run it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from tests.functions.helpers import eventually

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "shared.hosts.local")


class LocalServer:
    """Serves from construction until `stop`, with these settings and no others."""

    def __init__(self, settings: Mapping[str, str], command: Sequence[str] = COMMAND, folder: Path = ROOT) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115  # open until `stop`
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], **settings, "PORT": self.url.rpartition(":")[2]},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        eventually(self._answers, seconds=20)

    @property
    def log(self) -> str:
        """All that it has written so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def memory(self, name: str) -> int:
        """Bytes of resident memory: VmRSS now, VmHWM at its highest."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(rf"{name}:\s*(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def forget_highest(self) -> None:
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def interrupt(self) -> None:
        """SIGTERM, as `docker stop` begins."""
        self._process.terminate()

    def exit_status(self) -> int:
        return self._process.wait(10)

    def stop(self) -> str:
        """End it, and return its log."""
        self.interrupt()
        self.exit_status()
        with self._log:
            return self.log

    def _answers(self) -> bool:
        assert self._process.poll() is None, f"the server has ended: {self.log}"
        try:
            return httpx.get(f"{self.url}/ping", trust_env=False).text == "pong"
        except httpx.ConnectError:
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
