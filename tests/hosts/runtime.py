"""A function in a process of its own, started as Lambda starts it: by the wrapper, in a clean environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.hosts.runtime_api import Answer, RuntimeApi
from tests.rig import API_KEY, OTHER_KEY, SIGNING_KEY

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"API_KEYS": f"{API_KEY},{OTHER_KEY}", "SIGNING_KEYS": SIGNING_KEY}
SECRETS = (API_KEY, OTHER_KEY, SIGNING_KEY)

_WRAPPER = ROOT / "shared" / "hosts" / "lambda-exec"
_COVERAGE = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


class Runtime:
    """Lives until it is closed. `api` is its Runtime API."""

    def __init__(self, handler: str, **environment: str) -> None:
        self.api = RuntimeApi()
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115  # open until `close`
        self._process = subprocess.Popen(
            [_WRAPPER, sys.executable, "/var/runtime/bootstrap.py"],
            cwd="/",
            env=_platform(handler, self.api.address) | KEYS | environment | _COVERAGE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def send(self, event: Any, seconds: float = 30.0) -> Answer:
        """Hand over an event; the answer may still be on its way."""
        return self.api.send(event, seconds)

    def ask(self, event: Any, seconds: float = 30.0) -> Answer:
        """The answer to an event, when it is over."""
        return self.api.send(event, seconds).wait()

    def peak(self) -> float:
        """The most memory so far, in MiB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

    def exit_status(self) -> int:
        """Wait for the end of the process."""
        return self._process.wait(30)

    @property
    def output(self) -> str:
        """All that it has written to stdout and stderr."""
        self._log.seek(0)
        return self._log.read().decode()

    def close(self) -> None:
        """End it, and see that it kept its secrets."""
        self._process.terminate()
        self._process.wait()
        self.api.close()
        with self._log:
            output = self.output
        assert not [secret for secret in SECRETS if secret in output], output

    def __enter__(self) -> Runtime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _platform(handler: str, address: str) -> dict[str, str]:
    """What Lambda puts into the environment."""
    return {
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LAMBDA_TASK_ROOT": str(ROOT),
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_NAME": handler.rpartition(".")[0].rpartition("/")[2],
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/easel",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/20/[$LATEST]0",
        "_HANDLER": handler,
    }
