"""An upstream of which every fifth answer is bad, and that knows which orders it has taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from tests.emulators.base import Call
from tests.emulators.faults import Cut, Drop, Fault, Reply, Slow
from tests.emulators.zimage import ZImage

FAULTY = 0.2
_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_TAKEN_AND_DROPPED = Drop(after=True)
_OF_SUBMITS = (
    Reply(500, {"success": False, "error": "Out of order"}),
    Reply(502, _PAGE),
    Drop(),
    _TAKEN_AND_DROPPED,
    Slow(1.0),
    Slow(7.0),
)
_OF_LOOKS = (Reply(502, _PAGE), Reply(200, _PAGE), Drop(), Slow(1.0))
_OF_FILES = (Reply(502, _PAGE), Drop(), Cut(100), Slow(1.0))


@dataclass(kw_only=True, eq=False)
class Ledger(ZImage):
    """Z-Image with faults. `answer_lost` are the prompts of orders that were taken, and whose answer never left."""

    random: Random = field(default_factory=Random)
    answer_lost: set[str] = field(init=False, repr=False, default_factory=set)

    def taken(self) -> Mapping[str, int]:
        """How often the order with each prompt was taken."""
        return Counter(job.order.prompt for job in self.submits)

    def _next_fault(self, call: Call) -> Fault | None:
        self.calls.clear()  # nobody reads them here, and there are many
        if self.random.random() >= FAULTY:
            return None
        if call.method == "GET":
            return self.random.choice(_OF_FILES if call.path.startswith("/output/") else _OF_LOOKS)
        fault = self.random.choice(_OF_SUBMITS)
        if fault is _TAKEN_AND_DROPPED:
            self.answer_lost.add(call.json["prompt"])
        return fault
