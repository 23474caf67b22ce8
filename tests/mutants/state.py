"""Seeded bugs in shared/state."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "late delete removes another writer's record",
        "shared/state/dynamodb.py",
        '"content = :old", Key=',
        '"content = :old OR attribute_exists(pk)", Key=',
        "tests/aws/test_dynamodb.py",
    ),
    Mutant(
        "expired item not replaced",
        "shared/state/dynamodb.py",
        " OR expires <= :now",
        " OR expires < pk",
        "tests/aws/test_dynamodb.py",
    ),
    Mutant(
        "own write taken for another's",
        "shared/state/dynamodb.py",
        " OR writer = :writer",
        " AND NOT writer = :writer",
        "tests/aws/test_dynamodb.py",
    ),
    Mutant(
        "memory not bounded",
        "shared/state/memory.py",
        "elif self._free < _size(key, value):",
        "elif False:",
        "tests/state/test_state.py",
    ),
)
