"""The clients, each as a function from a wish to what came of it: openai-python, openai-js and the AI SDK."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeAlias

import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI
from openai.types import ImagesResponse

from tests.rig import API_KEY

_FOLDER = Path(__file__).parent
_PACKAGES = ("openai", "ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible")


@dataclass(frozen=True)
class Wish:
    """What a client is asked to do, with its retries as they come; `timeout` is its own, in seconds."""

    base_url: str
    prompt: str = "a lighthouse at dusk"
    model: str = "zimage-turbo"
    n: int = 1
    size: str | None = None
    response_format: str | None = None
    timeout: float | None = None
    api_key: str = API_KEY


@dataclass(frozen=True)
class Outcome:
    """What the client's user has in the end: pictures and links, or an exception of that class."""

    pictures: tuple[bytes | None, ...] = ()
    urls: tuple[str | None, ...] = ()
    error: str | None = None
    message: str = ""
    status: int | None = None
    code: str | None = None
    job: str | None = None
    seconds: float = 0.0


Client: TypeAlias = Callable[[Wish], Outcome]


def python(wish: Wish) -> Outcome:
    with OpenAI(**_options(wish), http_client=DefaultHttpxClient(verify=False)) as client:
        return _images(client.images.generate(**_body(wish)))


def python_async(wish: Wish) -> Outcome:
    async def generate() -> Outcome:
        async with AsyncOpenAI(**_options(wish), http_client=DefaultAsyncHttpxClient(verify=False)) as client:
            return _images(await client.images.generate(**_body(wish)))

    return asyncio.run(generate())


def python_stream(wish: Wish) -> Outcome:
    with OpenAI(**_options(wish), http_client=DefaultHttpxClient(verify=False)) as client:
        events = list(client.images.generate(**_body(wish), stream=True))
    assert {event.type for event in events} <= {"image_generation.completed"}
    return _outcome([event.b64_json for event in events], [getattr(event, "url", None) for event in events])


def timed(client: Client) -> Client:
    """The client with a clock, and with its exceptions as outcomes."""

    def run(wish: Wish) -> Outcome:
        start = time.monotonic()
        try:
            outcome = client(wish)
        except Exception as error:  # whatever a user would see, a bug of the client's own included
            outcome = _failure(error)
        return replace(outcome, seconds=time.monotonic() - start)

    return run


class Node:
    """One process for all scenarios of the JavaScript clients."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", _FOLDER / "clients.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._ids = count()
        self._lock = Lock()
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def lacks() -> str | None:
        """What is missing here, as a reason for skipping."""
        if not shutil.which("node"):
            return "node is not installed"
        missing = [name for name in _PACKAGES if not (_FOLDER.parent / "node_modules" / name).is_dir()]
        return f"npm ci --prefix tests would install {', '.join(missing)}" if missing else None

    def ask(self, client: str, wish: Wish) -> dict[str, Any]:
        answer: Future[dict[str, Any]] = Future()
        with self._lock:
            number = next(self._ids)
            self._waiting[number] = answer
            assert self._process.stdin
            self._process.stdin.write(json.dumps({"id": number, "client": client, **asdict(wish)}) + "\n")
        return answer.result(timeout=120)

    def client(self, name: str) -> Client:
        def run(wish: Wish) -> Outcome:
            answer = self.ask(name, wish)
            if answer.get("error"):
                return Outcome(**answer)
            return _outcome(answer["pictures"], answer["urls"])

        return run

    def close(self) -> None:
        with self._process as process:
            assert process.stdin
            process.stdin.close()
            process.wait(10)
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            answer = json.loads(line)
            self._waiting.pop(answer.pop("id")).set_result(answer)
        for unanswered in self._waiting.values():
            unanswered.set_exception(RuntimeError("node ended"))


PYTHON: dict[str, Client] = {"python": python, "python-async": python_async, "python-stream": python_stream}
JAVASCRIPT = ("js", "js-stream", "ai-openai", "ai-compatible")
CLIENTS = (*PYTHON, *JAVASCRIPT)


def _options(wish: Wish) -> dict[str, Any]:
    # The HTTP clients are the SDK's own defaults, spared the reading of certificates: that takes 25 ms each time.
    return {"base_url": wish.base_url, "api_key": wish.api_key} | ({"timeout": wish.timeout} if wish.timeout else {})


def _body(wish: Wish) -> dict[str, Any]:
    optional = {"size": wish.size, "response_format": wish.response_format}
    given = {name: value for name, value in optional.items() if value}
    return {"model": wish.model, "prompt": wish.prompt, "n": wish.n, **given}


def _images(response: ImagesResponse) -> Outcome:
    data = response.data or []
    return _outcome([image.b64_json for image in data], [image.url for image in data])


def _outcome(pictures: Sequence[str | None], urls: Sequence[str | None]) -> Outcome:
    return Outcome(tuple(base64.b64decode(text) if text else None for text in pictures), tuple(urls))


def _failure(error: Exception) -> Outcome:
    body = error.body if isinstance(error, openai.APIError) and isinstance(error.body, dict) else {}
    return Outcome(
        error=type(error).__name__,
        message=str(error),
        status=getattr(error, "status_code", None),
        code=getattr(error, "code", None),
        job=body.get("job"),
    )
