"""Seeded bugs in shared/hosts."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "headers of any size read",
        "shared/hosts/local_protocol.py",
        "if self._unparsed > LARGEST_HEAD:",
        "if False:",
        "tests/hosts/test_local_protocol.py",
    ),
    Mutant(
        "number of headers not limited",
        "shared/hosts/local_protocol.py",
        "size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS",
        "size > LARGEST_HEAD",
        "tests/hosts/test_local_protocol.py",
    ),
    Mutant(
        "slow responses timed out",
        "shared/hosts/local_protocol.py",
        "if self.flow.read_paused or not self._is_receiving():",
        "if self.flow.read_paused:",
        "tests/hosts/test_local_protocol.py",
    ),
    Mutant(
        "slow bodies read without a timeout",
        "shared/hosts/local_protocol.py",
        "min(self.loop.time(), self._since + len(body) / self.slowest)",
        "self.loop.time()",
        "tests/hosts/test_local_protocol.py",
    ),
    Mutant(
        "error written into an unfinished response",
        "shared/hosts/local_protocol.py",
        "if cycle and not cycle.response_complete:",
        "if False:",
        "tests/hosts/test_local_protocol.py",
    ),
)
