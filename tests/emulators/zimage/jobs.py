"""The job of a request: its outcome, its progress, and the responses to polls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import uuid4

from tests.emulators.course import QUEUED_SHARE, Course
from tests.emulators.zimage.wire import Order


class Fate(StrEnum):
    """The outcome of a request. A prompt that contains the value in brackets, as in "[fails]", chooses it."""

    COMPLETES = "completes"
    FAILS = "fails"
    FAILS_SILENTLY = "fails-silently"
    FAILS_AS_UNSAFE = "fails-as-unsafe"
    NEVER_ENDS = "never-ends"
    NO_RESULT = "no-result"
    NO_UUID = "no-uuid"
    REFUSED = "refused"


FAILURES: dict[Fate, str | None] = {
    Fate.FAILS: "Image generation failed",
    Fate.FAILS_SILENTLY: None,
    Fate.FAILS_AS_UNSAFE: "NSFW content detected",
}


def marked_fate(prompt: str) -> Fate:
    return next((fate for fate in Fate if f"[{fate}]" in prompt), Fate.COMPLETES)


@dataclass(eq=False)
class Job:
    """An accepted request: one task or, as a batch with a parent, one task per image."""

    number: int
    order: Order
    fate: Fate
    course: Course
    words: Iterator[str]
    parent: str | None = None
    tasks: "list[Task]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pictures = [1] * self.order.batch_size if self.parent else [self.order.batch_size]
        self.tasks = [Task(self, rank, count) for rank, count in enumerate(pictures)]

    @property
    def uuid(self) -> str:
        return self.tasks[0].uuid

    @property
    def done_at(self) -> float | None:
        """When it ended, on the monotonic clock; by the clock, known from the start."""
        return self.course.done_at

    def look(self) -> "list[Sight]":
        """See all tasks at once. An odd word stands in the place of a step."""
        word = next(self.words, None)
        share = self.course.share if word else self.course.look()
        return [task.sight(share, word) for task in self.tasks]


@dataclass(eq=False)
class Task:
    """What one uuid stands for."""

    job: Job
    rank: int
    pictures: int
    uuid: str = field(default_factory=lambda: str(uuid4()))

    @property
    def finished(self) -> bool:
        return self.sight(self.job.course.share).state == "completed"

    def sight(self, job_share: float, word: str | None = None) -> "Sight":
        # The tasks of a batch are worked on side by side and end one after the other.
        share = min(1.0, job_share * len(self.job.tasks) / (self.rank + 1))
        if word:
            return Sight(word, min(share, 0.9))
        if share < QUEUED_SHARE:
            return Sight("pending", share)
        if share < 1:
            return Sight("processing", share)
        return Sight("failed" if self.job.fate in FAILURES else "completed", share)


@dataclass(frozen=True)
class Sight:
    """The response to a poll of a task."""

    state: str
    share: float

    @property
    def ended(self) -> bool:
        return self.state in ("completed", "failed")

    @property
    def progress(self) -> int:
        return int(self.share * 100)
