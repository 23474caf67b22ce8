"""Helpers shared by the providers for reading JSON responses, and the refusals and failures in them."""

from __future__ import annotations

from typing import Any

from shared.errors import ContentRefused, EaselError, GenerationFailed

LONGEST_ID = 100

_REFUSAL_WORDS = ("nsfw", "sensitive", "moderation", "policy", "prohibited", "inappropriate")


def as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def at(value: Any, *path: str | int) -> Any:
    """Return the value at a path of keys and indexes, or None if it does not exist. Strings are not indexed."""
    for step in path:
        if isinstance(value, str):
            return None
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def text_at(value: Any, *path: str | int) -> str:
    """Return the string at a path, or an empty one."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def list_at(value: Any, *path: str | int) -> list[Any]:
    """Return the list at a path, or an empty one."""
    return as_list(at(value, *path))


def as_id(value: object) -> str | None:
    """Return `value` if it may go into our ids (a string of 1 to LONGEST_ID characters), else None."""
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None


def is_moderation(text: str) -> bool:
    """Return whether an upstream's message is a content refusal."""
    lowered = text.lower()
    return any(word in lowered for word in _REFUSAL_WORDS)


def job_failure(upstream: str, reason: str) -> EaselError:
    """Return the error for an accepted job that failed; `reason` is the upstream's message, already redacted."""
    reason = reason or "no reason given"
    kind = ContentRefused if is_moderation(reason) else GenerationFailed
    return kind(f"The generation failed at {upstream}: {reason}.", details={"upstream": reason})
