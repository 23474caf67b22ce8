"""Seeded bugs in shared/chat."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "empty completion returned",
        "shared/providers/openai_compatible/chat.py",
        "if self.done and not any(",
        "if False and not any(",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "refusal in the middle of a stream treated as one before it",
        "shared/chat/send.py",
        "                except EaselError as error:\n                    raise _accepted(error) from error",
        "                except EaselError as error:\n                    raise",
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
