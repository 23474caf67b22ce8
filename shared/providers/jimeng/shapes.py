"""Reading answers that nobody documents: whatever is not where it should be counts as absent."""

from __future__ import annotations

from typing import Any


def at(value: Any, *path: str | int) -> Any:
    """What lies at the end of this path of members and places; None where it breaks off."""
    for step in path:
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
    found = at(value, *path)
    return found if isinstance(found, list) else []
