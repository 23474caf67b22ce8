"""What becomes of an order for a picture: its fate, and what a look at it shows."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import uuid4

from tests.emulators.course import QUEUED_SHARE, Course

FAILURE = "Failed to parse worker response: error decoding response body"


class Fate(StrEnum):
    """What becomes of an order. A prompt that contains the value in brackets, as in "[fails]", chooses it."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    FAILS_IN_DISGUISE = "fails-in-disguise"
    """Done, and the result is the text of a failure."""
    NEVER_ENDS = "never-ends"
    NO_RESULT = "no-result"
    NO_JOB = "no-job"
    """The tag names a job called undefined."""
    NO_WORKERS = "no-workers"
    """The picture service refuses the job."""
    TEXT = "text"
    """The language model in front of it answers in words."""


def marked_fate(prompt: str) -> Fate:
    return next((fate for fate in Fate if f"[{fate}]" in prompt), Fate.SUCCEEDS)


@dataclass(eq=False)
class Job:
    """One picture."""

    prompt: str
    fate: Fate
    course: Course
    words: Iterator[str]
    uuid: str = field(default_factory=lambda: str(uuid4()))

    @property
    def file(self) -> str:
        return f"job_{self.uuid[:8]}_00001_.webp"

    @property
    def finished(self) -> bool:
        return self.course.share >= 1 and self.fate not in (Fate.FAILS, Fate.NO_RESULT)

    @property
    def colour(self) -> tuple[int, int, int]:
        """Another one for each job."""
        red, green, blue, _ = zlib.crc32(self.uuid.encode()).to_bytes(4)
        return red, green, blue

    def look(self, *, legacy: bool) -> tuple[str, float]:
        """The state's word, and the share that is done. An odd word stands in the place of a step."""
        if word := next(self.words, None):
            return word, min(self.course.share, 0.9)
        share = self.course.look()
        if share >= 1:
            return "failed" if self.fate is Fate.FAILS else "completed" if legacy else "succeeded", share
        return "waiting" if share < QUEUED_SHARE and not legacy else "pending", share
