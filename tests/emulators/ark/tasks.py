"""What becomes of an order at Ark: its fate, its course, and the record that a look at it shows."""

from __future__ import annotations

import itertools
import string
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.emulators.ark.wire import Json, VideoOrder
from tests.emulators.course import QUEUED_SHARE, Course

_COUNTER = itertools.count(1)
_LETTERS = string.ascii_lowercase + string.digits


class Fate(StrEnum):
    """What becomes of an order. A prompt that contains the value in brackets, as in "[fails]", chooses it."""

    COMPLETES = "completes"
    FAILS = "fails"
    FAILS_AS_UNSAFE = "fails-as-unsafe"
    EXPIRES = "expires"
    NEVER_ENDS = "never-ends"
    NO_RESULT = "no-result"
    NO_ID = "no-id"
    REFUSED = "refused"
    PARTLY_FAILS = "partly-fails"


UNSAFE = {
    "code": "OutputVideoSensitiveContentDetected",
    "message": "The request failed because the output video may contain sensitive information. Request id: 0217",
}
BROKEN = {"code": "InternalServiceError", "message": "The service encountered an unexpected internal error."}

_ERRORS: dict[Fate, Json] = {Fate.FAILS: BROKEN, Fate.FAILS_AS_UNSAFE: UNSAFE}


def marked_fate(prompt: str) -> Fate:
    return next((fate for fate in Fate if f"[{fate}]" in prompt), Fate.COMPLETES)


def new_id() -> str:
    """Like cgt-20261120000000-abcde."""
    number, letters = next(_COUNTER), []
    for _ in range(5):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return f"cgt-{time.strftime('%Y%m%d%H%M%S')}-{''.join(letters)}"


@dataclass(eq=False)
class Task:
    """One video under way, or what is left of it."""

    order: VideoOrder
    fate: Fate
    course: Course
    words: Iterator[str]
    id: str = field(default_factory=new_id)
    created: int = field(default_factory=lambda: int(time.time()))
    cancelled: bool = False

    @property
    def state(self) -> str:
        """As it is to somebody who does not look."""
        return self._state(self.course.share)

    def look(self) -> str:
        """An odd word stands in the place of a step."""
        if self.cancelled:
            return "cancelled"
        word = next(self.words, None)
        return word or self._state(self.course.look())

    def _state(self, share: float) -> str:
        if self.cancelled:
            return "cancelled"
        if share < QUEUED_SHARE:
            return "queued"
        if share < 1:
            return "running"
        if self.fate is Fate.EXPIRES:
            return "expired"
        return "failed" if self.fate in _ERRORS else "succeeded"

    def record(self, state: str, content: Json) -> Json:
        record: Json = {"id": self.id, "model": self.order.model, "status": state}
        record |= {"created_at": self.created, "updated_at": int(time.time())}
        if state == "failed":
            record["error"] = _ERRORS[self.fate]
        if state == "succeeded":
            record["content"] = content
            record |= {
                "usage": {"completion_tokens": 108900, "total_tokens": 108900},
                "seed": max(self.order.seed, 10),
                "resolution": self.order.resolution,
                "ratio": self.order.ratio or "16:9",
                "duration": self.order.duration,
                "framespersecond": 24,
                "service_tier": self.order.service_tier,
                "execution_expires_after": self.order.execution_expires_after,
                "generate_audio": bool(self.order.generate_audio),
                "draft": self.order.draft,
            }
        return record
