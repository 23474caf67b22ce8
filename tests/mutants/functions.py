"""Seeded bugs in functions/."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "wrong kind of API key documented",
        "functions/accounts.py",
        "Access.ADMIN, ",
        "",
        "tests/documents/test_tables.py",
    ),
)
