"""What adapters share when they read answers: the shapes of JSON, and the words by which refusals are known."""

from __future__ import annotations

from typing import Any

LONGEST_ID = 100

_REFUSAL_WORDS = ("nsfw", "sensitive", "moderation", "policy", "prohibited", "inappropriate")


def as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_id(value: object) -> str | None:
    """What can go into our own ids; None for all else."""
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None


def says_unsafe(text: str) -> bool:
    """Whether an upstream's sentence means that it will not draw this."""
    lowered = text.lower()
    return any(word in lowered for word in _REFUSAL_WORDS)
