"""What the suite has to know of a host beside its address: its log, its limits, and what it truly lacks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Literal

import httpx
import openai

from tests.rig import API_KEY

Promise = Literal[
    "routes",
    "errors",
    "openai",
    "refusal",
    "chat",
    "edits",
    "videos",
    "ranges",
    "broken",
    "large",
    "streams",
    "events",
    "disconnect",
    "disconnect_waiting",
    "body",
    "too_large",
    "patience",
    "deadline",
    "once",
    "log",
]

PROMISES: Mapping[Promise, str] = {
    "routes": "all routes, and links back to them",
    "errors": "401, 404, 405, 413 and invalid JSON as OpenAI errors",
    "openai": "the unmodified `openai` package: images, streams, jobs, models",
    "refusal": "a refused prompt is a `BadRequestError` and is submitted once",
    "chat": "chat, complete and streamed",
    "edits": "image edits from form files and data URLs",
    "videos": "videos, from submit to a byte range of the file",
    "ranges": "`Range`, `HEAD` and `ETag` on files",
    "broken": "a truncated file never looks complete",
    "large": "a 16 MB file in one response",
    "streams": "files stream through",
    "events": "a heartbeat at once and every five seconds",
    "disconnect": "disconnecting from a stream or a file cancels the upstream request",
    "disconnect_waiting": "disconnecting while a response that is not streamed is awaited stops polling",
    "body": "requests up to the limit below",
    "too_large": "a larger request is a 413 as an OpenAI error",
    "patience": "a response with the job before the client's read timeout",
    "deadline": "a response with the job before the host's time limit",
    "once": "nothing is submitted twice when the outcome is unknown",
    "log": "no keys, ids, prompts or URLs in the log",
}

LIMITS = ("chat request (image request: 4 MB)", "response", "duration of a request", "shared between instances")
"""The rows below the promises."""


class Host(ABC):
    """Easel served by one host. `rig` names the fixture that starts it, `page` its page in docs/deploy.

    `lacks` gives the reason for each promise that cannot be kept there, in words that fit into a table.
    `largest_body` is the most bytes that a request to the conversations may have.
    """

    name: ClassVar[str]
    rig: ClassVar[str]
    page: ClassVar[str]
    lacks: ClassVar[Mapping[Promise, str]] = {}
    limits: ClassVar[tuple[str, str, str, str]]
    largest_body: ClassVar[int]

    @abstractmethod
    def __init__(self, rig: Any, settings: Mapping[str, str]) -> None:
        """`settings` are those of a function in front of the emulators, and a rig that serves has them already."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the API is, prefix included."""

    @abstractmethod
    def log(self) -> str:
        """All that it has written so far."""

    def ending_after(self, seconds: float) -> AbstractContextManager[object]:
        """Calls that begin inside of the block are ended by the host after so long."""
        raise NotImplementedError(f"{self.name} ends no call")

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {API_KEY}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, verify=False)

    def openai(self) -> openai.OpenAI:
        """The real SDK, with its retries on."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=API_KEY, timeout=60)
