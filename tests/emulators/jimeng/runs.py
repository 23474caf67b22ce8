"""What becomes of an order at Jimeng: its fate, its course, and the record that a look at it shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.emulators.course import Course
from tests.emulators.jimeng.wire import Order, VideoComponent

_COUNTER = itertools.count(1)

UNSEEN, QUEUED, POST_PROCESSING, FINALIZING, FAILED, DONE = 0, 20, 42, 45, 30, 50


class Fate(StrEnum):
    """What becomes of an order. A prompt that contains the value in brackets, as in "[fails]", chooses it."""

    COMPLETES = "completes"
    FAILS = "fails"
    FAILS_AS_UNSAFE = "fails-as-unsafe"
    PARTLY_FAILS = "partly-fails"
    NEVER_ENDS = "never-ends"
    NO_RESULT = "no-result"
    NO_ID = "no-id"
    REFUSED = "refused"
    SUSPECTED = "suspected"
    TOO_DEAR = "too-dear"


FAIL_CODES = {
    Fate.FAILS: ("5001", "generate failed"),
    Fate.FAILS_AS_UNSAFE: ("2038", "OutputImageRisk"),
    Fate.PARTLY_FAILS: ("5001", "generate failed"),
}


def marked_fate(prompt: str) -> Fate:
    return next((fate for fate in Fate if f"[{fate}]" in prompt), Fate.COMPLETES)


@dataclass(eq=False)
class Run:
    """One order under way, or what came of it."""

    order: Order
    fate: Fate
    course: Course
    words: Iterator[str]
    number: int = field(default_factory=lambda: next(_COUNTER))

    @property
    def id(self) -> str:
        return str(7897104935692 + 256 * self.number)

    @property
    def is_video(self) -> bool:
        return isinstance(self.order.component, VideoComponent)

    @property
    def items(self) -> list[str]:
        """Their ids: four pictures or one video, or what is left of them."""
        if self.fate in (Fate.FAILS, Fate.FAILS_AS_UNSAFE, Fate.NO_RESULT):
            return []
        count = 1 if self.is_video or self.fate is Fate.PARTLY_FAILS else 4
        return [str(7593922573465931058 + 8 * self.number + index) for index in range(count)]

    def look(self) -> int | str:
        """The state that this look finds; an odd word stands in the place of a step."""
        word = next(self.words, None)
        return word or self._state(self.course.look())

    def _state(self, share: float) -> int:
        if share < 1:
            return next(state for limit, state in _STATES if share < limit)
        return FAILED if self.fate in FAIL_CODES else DONE


_STATES = ((0.05, UNSEEN), (0.4, QUEUED), (0.8, POST_PROCESSING), (1.0, FINALIZING))
"""Up to which share an unfinished run is in which state."""
