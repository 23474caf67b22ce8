"""Seeded bugs in shared/chat."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "empty completion returned",
        "shared/chat/send.py",
        "if delta.finish_reason and not started:",
        "if False:",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "refusal in the middle of a stream treated as one before it",
        "shared/chat/send.py",
        "raise _accepted(error) from error",
        "raise",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "model requested where it is not available",
        "shared/chat/send.py",
        "resolved.provider, resolved.model.accounts",
        "offer.provider",
        "tests/functions/test_chat.py",
    ),
)
