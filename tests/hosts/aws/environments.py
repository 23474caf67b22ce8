"""Execution environments: processes of a deployed function, each with a Runtime API of its own."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from threading import Lock
from typing import IO, Any

from tests.hosts.aws.deployment import Function
from tests.hosts.runtime_api import Answer, RuntimeApi

_TASK_ROOT = "/var/task"


class Environment:
    """A process that serves one event at a time. `credentials` are those of the function's role, and where AWS is.

    What it writes goes to `log`, or else where this process writes.
    """

    def __init__(
        self,
        function: Function,
        interpreter: str,
        runtime_folder: Path,
        credentials: Mapping[str, str] | None = None,
        log: IO[bytes] | None = None,
    ) -> None:
        self.function = function
        self.api = RuntimeApi()
        self._process = subprocess.Popen(
            self._command(interpreter),
            cwd=function.folder,
            env={**self._platform(runtime_folder), **(credentials or {}), **self._own()},
            stdout=log or subprocess.DEVNULL,
            stderr=log,
        )

    def send(self, event: dict[str, Any], seconds: float | None = None) -> Answer:
        """Hand over an event, which the function has `seconds` for; else those that it is set to."""
        return self.api.send(event, seconds or self.function.timeout)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def peak(self) -> float:
        """The most memory so far, in MiB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

    def cpu(self) -> float:
        """Seconds of CPU time used so far, by all threads."""
        threads = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.api.close()

    def _command(self, interpreter: str) -> list[str]:
        """By the wrapper where the function has one, as Lambda does; else Lambda's own loop."""
        wrapper = self._own().get("AWS_LAMBDA_EXEC_WRAPPER")
        runtime = [interpreter, "-m", "awslambdaric", self.function.handler]
        return [wrapper, *runtime] if wrapper else runtime

    def _own(self) -> dict[str, str]:
        folder = str(self.function.folder)
        return {name: value.replace(_TASK_ROOT, folder) for name, value in self.function.environment.items()}

    def _platform(self, runtime_folder: Path) -> dict[str, str]:
        """What Lambda puts into every environment."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(self.function.folder),
            "LAMBDA_RUNTIME_DIR": str(runtime_folder),
            "PYTHONPATH": str(runtime_folder),
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.function.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": self.function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/20/[$LATEST]0",
            "_HANDLER": self.function.handler,
        }


class Environments:
    """The environments of all functions: each serves one request at a time, and a new one starts when none is idle.

    `seconds` replaces the longest time that an invocation may take.
    """

    def __init__(self, interpreter: str, runtime_folder: Path, credentials: Mapping[str, str]) -> None:
        self.started = 0
        self.seconds: float | None = None
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115  # open until `end`
        self._credentials = credentials
        self._interpreter = interpreter
        self._runtime_folder = runtime_folder
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._lock = Lock()

    @asynccontextmanager
    async def take(self, function: Function) -> AsyncIterator[Environment]:
        """One for the block. It is gone afterwards when it died there."""
        environment = await asyncio.to_thread(self._take, function)
        try:
            yield environment
        finally:
            self._give_back(environment)

    @property
    def log(self) -> str:
        """All that they have written so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def of(self, name: str) -> list[Environment]:
        """The environments of the function whose name ends so."""
        with self._lock:
            return [each for each in [*self._idle, *self._busy] if each.function.name.endswith(f"-{name}")]

    def kill_idle(self, random: Random) -> list[str]:
        """End one that serves nothing at the moment, as Lambda does when it likes; return its function's name."""
        with self._lock:
            dying = [self._idle.pop(random.randrange(len(self._idle)))] if self._idle else []
        return _killed(dying)

    def kill_busy(self, name: str, most: int | None = None) -> list[str]:
        """End those of a function that are in the midst of something."""
        with self._lock:
            dying = [each for each in self._busy if each.function.name.endswith(f"-{name}")][:most]
        return _killed(dying)

    def close(self) -> None:
        """End all of them; who asks next gets a new one."""
        with self._lock:
            dying, self._idle = [*self._idle, *self._busy], []
        _killed(dying)

    def end(self) -> str:
        """End all of them for good, and return what they have written."""
        self.close()
        with self._log:
            return self.log

    def _take(self, function: Function) -> Environment:
        with self._lock:
            idle = [each for each in self._idle if each.function == function and each.alive]
            if idle:
                environment = idle[-1]
                self._idle.remove(environment)
            else:
                environment = Environment(
                    function, self._interpreter, self._runtime_folder, self._credentials, self._log
                )
                self.started += 1
            self._busy.add(environment)
            return environment

    def _give_back(self, environment: Environment) -> None:
        with self._lock:
            self._busy.discard(environment)
            if environment.alive:
                self._idle.append(environment)
                return
        environment.kill()


def _killed(environments: list[Environment]) -> list[str]:
    for environment in environments:
        environment.kill()
    return [environment.function.name for environment in environments]
