"""Seeded bugs in shared/providers/sketch."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "sketch: range ignored", "shared/providers/sketch/__init__.py", "(byte_range or ByteRange(0))", "ByteRange(0)"
    ),
    Mutant("sketch: all images equal", "shared/providers/sketch/__init__.py", "if index:", "if False:"),
    Mutant(
        "sketch: job known to one instance only",
        "shared/providers/sketch/__init__.py",
        "job = _Job.parse(ref)\n        done",
        "job = _Job.parse(self.__dict__.get('mine', ''))\n        done",
    ),
    Mutant(
        "sketch: queued reported as running",
        "shared/providers/sketch/__init__.py",
        "return Queued(position=1)",
        "return Running(progress=1)",
        "tests/providers/test_sketch.py",
    ),
    Mutant(
        "sketch: running reported as queued",
        "shared/providers/sketch/__init__.py",
        "else Running(progress=int",
        "else Queued(position=int",
        "tests/providers/test_sketch.py",
    ),
)
