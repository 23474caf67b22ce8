"""Three servers behind a load balancer, any of which may be killed at any time and is started again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

import httpx2

from tests.bench.processes import ROOT, Process, free_port

SIZE = 3


class Fleet:
    """`root` is the folder of the code that runs: another one than this shows how that fares."""

    def __init__(self, environment: Mapping[str, str], root: Path = ROOT) -> None:
        self.kills = 0
        self.ports = [free_port() for _ in range(SIZE)]
        self._environment = {**os.environ, **environment}
        self._root = root
        self._processes = {port: self._start(port) for port in self.ports}

    def kill(self, random: Random) -> None:
        """Kill one of them without a warning, and start it again."""
        port = random.choice(self.ports)
        self._processes[port].kill()
        self._processes[port].wait()
        self._processes[port] = self._start(port)
        self.kills += 1

    def megabytes(self) -> list[float]:
        """The memory of each, in the order of their ports."""
        sizes = []
        for port, process in self._processes.items():
            with suppress(OSError, StopIteration):  # killed a moment ago
                sizes.append(Process(process.pid, f"http://127.0.0.1:{port}").resident())
        return sizes

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "shared.hosts.local"]
        environment = {**self._environment, "PORT": str(port), "PYTHONPATH": str(self._root)}
        return subprocess.Popen(
            command, cwd=self._root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


class Balancer(httpx2.AsyncBaseTransport):
    """Sends each request to one of the ports, and to the next one where nothing listens."""

    def __init__(self, ports: list[int], random: Random) -> None:
        self._ports = ports
        self._random = random
        self._transport = httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=None))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        *others, last = self._random.sample(self._ports, len(self._ports))
        for port in others:
            with suppress(httpx2.ConnectError):
                return await self._sent(request, port)
        return await self._sent(request, last)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _sent(self, request: httpx2.Request, port: int) -> httpx2.Response:
        request.url = request.url.copy_with(port=port)
        return await self._transport.handle_async_request(request)
