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
    "leaving",
    "body",
    "too_large",
    "patience",
    "deadline",
    "once",
    "log",
]

PROMISES: Mapping[Promise, str] = {
    "routes": "every route, and links that lead back to it",
    "errors": "404, 405, 401, 413 and bad JSON in OpenAI's envelope",
    "openai": "the `openai` package as it is: pictures, streams, jobs, models",
    "refusal": "a refused prompt is its `BadRequestError`, and bought once",
    "chat": "conversations, whole and streamed",
    "edits": "pictures from pictures: the files of a form, and data URLs",
    "videos": "videos, from the order to a part of the file",
    "ranges": "files by `Range`, `HEAD` and `ETag`",
    "broken": "a file that breaks off never looks whole",
    "large": "a file of 16 MB in one answer",
    "streams": "files leave as they arrive",
    "events": "a comment at once, and one every five seconds",
    "leaving": "who leaves ends the call upstream",
    "body": "a request as large as the limit below",
    "too_large": "a larger one is a 413 in OpenAI's envelope",
    "patience": "an answer before the caller's patience ends, with the job",
    "deadline": "an answer before the host ends the call, with the job",
    "once": "nothing is bought twice where nobody can know",
    "log": "no key, id, prompt or address in the log",
}

LIMITS = ("the request of a conversation; a picture's: 4 MB", "an answer", "a call", "what instances know")
"""The rows below the promises."""


class Host(ABC):
    """Easel served by one host. `rig` names the fixture that starts it, `section` the README's words about it.

    `lacks` gives the reason for each promise that cannot be kept there, in words that fit into a table.
    `largest_body` is the most bytes that a request to the conversations may have.
    """

    name: ClassVar[str]
    rig: ClassVar[str]
    section: ClassVar[str]
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
