"""The job of a video request: its outcome, its progress, and the responses to polls."""

import base64
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.emulators.course import QUEUED_SHARE, Course
from tests.emulators.gemini.wire import Json


class FilmFate(StrEnum):
    """The outcome of a request. A prompt that contains the value in brackets, as in "[fails]", chooses it."""

    COMPLETES = "completes"
    INLINE = "inline"
    """It is given inside of the answer, whatever delivery was asked for."""
    LATE_FILE = "late-file"
    """Its file is ready some polls later."""
    NO_FILE = "no-file"
    """Its file fails."""
    FAILS = "fails"
    UNSAFE = "unsafe"
    REFUSED = "refused"
    LOOK_REFUSED = "look-refused"
    REGION = "region"
    WORDS = "words"
    EMPTY = "empty"
    INCOMPLETE = "incomplete"
    BUDGET = "budget"
    ACTION = "action"
    CONTINUES = "continues"
    NEVER_ENDS = "never-ends"
    NO_ID = "no-id"
    BUSY = "busy"
    LIMITED = "limited"
    DAY_IS_OVER = "day-is-over"
    NO_QUOTA = "no-quota"


_STATES = {
    FilmFate.FAILS: "failed",
    FilmFate.UNSAFE: "failed",
    FilmFate.INCOMPLETE: "incomplete",
    FilmFate.BUDGET: "budget_exceeded",
    FilmFate.ACTION: "requires_action",
    FilmFate.CONTINUES: "requires_continuation",
}
_ENDED = {*_STATES.values(), "completed"}
_WITHOUT_VIDEO = {*_STATES, FilmFate.REGION, FilmFate.EMPTY}
UNSAFE = "The video was not generated: it goes against the safety policies."
BROKEN = "An internal error has occurred. Please retry or report."


@dataclass(eq=False)
class Film:
    """A video job. Its file is still processing in the first `file_looks` polls of it."""

    model: str
    prompt: str
    pictures: list[bytes]
    fate: FilmFate
    course: Course
    words: Iterator[str]
    inline: bool = False
    file_looks: int = 0
    id: str = field(default_factory=lambda: f"v1_{secrets.token_urlsafe(51)}")
    file: str = field(default_factory=lambda: secrets.token_hex(6))
    created: str = field(default_factory=lambda: _now())
    cancelled: bool = False

    @property
    def state(self) -> str:
        """The state without a poll."""
        return self._state(self.course.share)

    def look(self) -> str:
        """An odd word stands in the place of a step."""
        if self.cancelled:
            return "cancelled"
        return next(self.words, None) or self._state(self.course.look())

    def _state(self, share: float) -> str:
        if self.cancelled:
            return "cancelled"
        if share < QUEUED_SHARE:
            return "queued"
        return "in_progress" if share < 1 else _STATES.get(self.fate, "completed")

    def look_at_file(self) -> str:
        if self.fate is FilmFate.NO_FILE:
            return "FAILED"
        self.file_looks -= 1
        return "PROCESSING" if self.file_looks >= 0 else "ACTIVE"

    def interaction(self, state: str, uri: str, content: bytes) -> Json:
        """The record of an interaction in this state, with the video at `uri` or in itself."""
        record: Json = {"id": self.id, "status": state, "object": "interaction", "model": self.model}
        record |= {"created": self.created, "updated": _now()}
        if state not in _ENDED:
            return record
        if state == "failed":
            message = UNSAFE if self.fate is FilmFate.UNSAFE else BROKEN
            return record | {"errors": [{"code": "generation_failed", "message": message}]}
        tokens = 0 if self.fate is FilmFate.REGION else 57920
        usage = {"total_input_tokens": 7, "total_output_tokens": tokens, "total_tokens": 7 + tokens}
        steps: list[Json] = [
            {"type": "user_input", "content": [{"type": "text", "text": self.prompt}]},
            {"type": "thought", "signature": base64.b64encode(bytes(1500)).decode()},
        ]
        if output := self._output(uri, content):
            steps.append({"type": "model_output", "content": output})
        return record | {"usage": usage, "steps": steps}

    def _output(self, uri: str, content: bytes) -> list[Json]:
        if self.fate is FilmFate.WORDS:
            return [{"type": "text", "text": "I can only describe it."}]
        if self.fate in _WITHOUT_VIDEO:
            return []
        video: Json = {"type": "video", "mime_type": "video/mp4"}
        if self.inline:
            return [video | {"data": base64.b64encode(content).decode()}]
        return [video | {"uri": uri}]

    @property
    def operation_name(self) -> str:
        return f"models/{self.model}/operations/{self.file}"

    def operation(self, state: str, uri: str) -> Json:
        """The record of an operation in this state."""
        record: Json = {"name": self.operation_name}
        if state in ("queued", "in_progress"):
            return record
        record["done"] = True
        if self.fate is FilmFate.FAILS:
            return record | {"error": {"code": 13, "message": BROKEN}}
        if self.fate is FilmFate.UNSAFE:
            made: Json = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [UNSAFE]}
        elif self.fate is FilmFate.EMPTY:
            made = {}
        else:
            made = {"generatedSamples": [{"video": {"uri": uri}}]}
        kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
        return record | {"response": {"@type": kind, "generateVideoResponse": made}}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
