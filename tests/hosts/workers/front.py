"""The Worker behind a real HTTP server: Pyodide in Node, with the packages and the SDK that the platform runs."""

from __future__ import annotations

import itertools
import json
import queue
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any

import httpx
import openai

from tests.hosts.runtime import KEYS, SECRETS
from tests.rig import API_KEY
from tools.workers_package import PACKAGES, STAGE

_SCRIPT = Path(__file__).with_name("front.mjs")
_START_SECONDS = 120.0
_ANSWER_SECONDS = 30.0
_SPELLINGS = itertools.cycle(["memory", ""])


class Front:
    """Serves at `url` until it is closed. `boot` and `imports` are what starting took, in milliseconds."""

    def __init__(self, stage: Path = STAGE) -> None:
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115  # open until `close`
        self._process = subprocess.Popen(
            ["node", str(_SCRIPT), str(stage), str(PACKAGES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        ready = self._line(_START_SECONDS)
        self.url: str = ready["url"]
        self.boot: float = ready["boot"]
        self.imports: float = ready["imports"]

    def configure(self, settings: Mapping[str, Any], *, forgetful: bool = False) -> None:
        """What the Worker finds in its `env` from the next request on, beside the keys.

        A `forgetful` one has another spelling of STATE, and so no longer knows which jobs others may come back for.
        """
        state = {"STATE": next(_SPELLINGS)} if forgetful else {}
        self._ask({"env": KEYS | state | dict(settings)})

    def run(self, program: str) -> Any:
        """The last value of a Python program, which may await, in the Worker's interpreter."""
        return self._ask({"python": program}).get("answer")

    def counts(self) -> dict[str, int]:
        """`fetches` that were made, `aborted` ones, chunks of them that Python has read; requests `waiting` to end."""
        counts: dict[str, int] = self._ask({})["counts"]
        return counts

    def client(self, key: str = API_KEY) -> httpx.Client:
        headers = {"authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, verify=False)

    def openai(self, key: str = API_KEY) -> openai.OpenAI:
        """The real SDK, with its retries on."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, timeout=60)

    @property
    def output(self) -> str:
        """All that it has written to stderr."""
        self._log.seek(0)
        return self._log.read().decode()

    def close(self) -> None:
        """End it, and see that it kept its secrets."""
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(30)
        self._reader.join()
        self._process.stdout.close()
        with self._log:
            output = self.output
        assert not [secret for secret in SECRETS if secret in output], output

    def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._line(_ANSWER_SECONDS)

    def _line(self, seconds: float) -> dict[str, Any]:
        line = self._lines.get(timeout=seconds)
        if not line:
            raise RuntimeError(f"the Worker is gone: {self.output}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def __enter__(self) -> Front:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
