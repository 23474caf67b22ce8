"""An instance: a built function in a process of its own, started by Vercel's launcher and speaking its protocol."""

from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from tests.hosts.vercel.output import Function

_START = "import sys; sys.path.insert(0, {task!r}); import vc__handler__python"
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0

Message = dict[str, Any]


class Dead(Exception):
    """The process ended, or said that it cannot serve; with what it wrote."""


class Instance:
    """Serves many requests at once until `stop`. Raises Dead when it does not come up.

    Its requests go to `url`, and carry a number in `x-vercel-internal-request-id`. It was `start_seconds` in coming up.
    """

    def __init__(self, function: Function, python: str, **environment: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vc")
        task = Path(self._folder.name, "task")
        task.mkdir()
        function.unpack(task)
        self._messages: list[Message] = []
        self._news = Condition()
        self._output = tempfile.TemporaryFile("a+b")  # noqa: SIM115  # open until `stop`
        with socket.socket(socket.AF_UNIX) as listener:
            address = str(Path(self._folder.name, "ipc"))
            listener.bind(address)
            listener.listen()
            begin = time.monotonic()
            self._process = subprocess.Popen(
                # Without -S, what this machine's Python has would stand in for what is missing from the bundle.
                [python, "-s", "-S", "-c", _START.format(task=str(task))],
                cwd=task,
                env=_platform(function, task) | {"VERCEL_IPC_PATH": address} | environment,
                stdout=self._output,
                stderr=subprocess.STDOUT,
            )
            self._socket = self._connected(listener)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = f"http://127.0.0.1:{self._started()['httpPort']}"
        self.start_seconds = time.monotonic() - begin

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """All that it has logged, printed or written so far."""
        messages = [message["payload"]["message"] for message in self._messages if message["type"] == "log"]
        self._output.seek(0)
        return "".join(base64.b64decode(text).decode() for text in messages) + self._output.read().decode()

    @property
    def running(self) -> set[int]:
        """The requests that it has begun and not ended: the platform keeps it alive for them."""
        begun, ended = (self._requests(word) for word in ("handler-started", "end"))
        return begun - ended

    def memory(self) -> float:
        """The most so far, in MiB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

    def cpu(self) -> float:
        """Seconds of CPU time used so far, by all threads."""
        threads = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def interrupt(self) -> None:
        """What the platform does when it has no more use for it."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()

    def exit_status(self) -> int:
        return self._process.wait(_STOP_SECONDS)

    def stop(self) -> str:
        """End it, and return its log."""
        self.interrupt()
        try:
            self.exit_status()
        except subprocess.TimeoutExpired:
            self.kill()
            self.exit_status()
        self._reader.join()
        self._socket.close()
        with self._output:
            log = self.log
        self._folder.cleanup()
        return log

    def _connected(self, listener: socket.socket) -> socket.socket:
        listener.settimeout(0.1)
        for _ in range(int(_START_SECONDS / 0.1)):
            with suppress(TimeoutError):
                return listener.accept()[0]
            if not self.alive:
                break
        self.kill()
        raise Dead(self.log)

    def _started(self) -> Message:
        with self._news:
            self._news.wait_for(lambda: self._messages, _START_SECONDS)
        if not self._messages or self._messages[0]["type"] != "server-started":
            raise Dead(f"{self._messages[:1]} {self.stop()}")
        payload: Message = self._messages[0]["payload"]
        return payload

    def _requests(self, word: str) -> set[int]:
        return {each["payload"]["context"]["requestId"] for each in self._messages if each["type"] == word}

    def _read(self) -> None:
        rest = b""
        while received := self._socket.recv(65536):
            *complete, rest = (rest + received).split(b"\0")
            with self._news:
                self._messages.extend(json.loads(text) for text in complete)
                self._news.notify_all()
        with self._news:
            self._messages.append({"type": "gone"})
            self._news.notify_all()


def _platform(function: Function, task: Path) -> dict[str, str]:
    """What Vercel puts into the environment."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "VERCEL": "1",
        "VERCEL_ENV": "production",
        "VERCEL_REGION": "iad1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.config['runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "LAMBDA_TASK_ROOT": str(task),
        "_HANDLER": function.config["handler"],
        **function.config["environment"],
    }
