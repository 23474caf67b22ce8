"""How a fake job comes along: one step further per look, or with the clock."""

import math
import time
from dataclasses import dataclass, field

QUEUED_SHARE = 0.2
QUEUE_LENGTH = 3


@dataclass
class Course:
    """Done after `steps` looks that find it unfinished, or `seconds` after its start; never unless it `ends`."""

    steps: int
    seconds: float | None = None
    ends: bool = True
    started: float = field(default_factory=time.monotonic)
    done_at: float | None = field(init=False, default=None)
    _looks: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.seconds is not None and self.ends:
            self.done_at = self.started + self.seconds

    @property
    def share(self) -> float:
        """How much is done, 0 to 1, to somebody who does not look."""
        if self.seconds is None:
            share = self._looks / self.steps if self.steps else 1.0
        else:
            share = (time.monotonic() - self.started) / self.seconds if self.seconds else 1.0
        return min(share, 1.0 if self.ends else 0.9)

    def look(self) -> float:
        """The share that this look finds; by steps, the next look finds more."""
        share = self.share
        self._looks += 1
        if share >= 1 and self.done_at is None:
            self.done_at = time.monotonic()
        return share


def queue_position(share: float) -> int:
    """The place in the queue that goes with a share; 0 once work has begun."""
    return max(0, math.ceil((1 - share / QUEUED_SHARE) * QUEUE_LENGTH))
