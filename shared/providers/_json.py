"""What adapters share when they read answers: the shapes of JSON, and the words by which refusals are known."""

from __future__ import annotations

from typing import Any

LONGEST_ID = 100

_REFUSAL_WORDS = ("nsfw", "sensitive", "moderation", "policy", "prohibited", "inappropriate")


def as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def at(value: Any, *path: str | int) -> Any:
    """What lies at the end of this path of members and places; None where it breaks off. A text has no places."""
    for step in path:
        if isinstance(value, str):
            return None
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def text_at(value: Any, *path: str | int) -> str:
    """The same where it is text; empty otherwise."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def list_at(value: Any, *path: str | int) -> list[Any]:
    """The same where it is a list; empty otherwise."""
    return as_list(at(value, *path))


def as_id(value: object) -> str | None:
    """What can go into our own ids; None for all else."""
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None


def is_moderation(text: str) -> bool:
    """Whether an upstream's sentence means that it will not draw this."""
    lowered = text.lower()
    return any(word in lowered for word in _REFUSAL_WORDS)
