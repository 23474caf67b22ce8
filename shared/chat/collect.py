"""Collect a streamed response: join its deltas into one message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.results import ChatDelta, Usage

_LABELS = frozenset({"id", "type", "name", "index"})
"""Fields that some upstreams send once, and others with every delta."""


class CollectedChat:
    """Accumulates the deltas received so far."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._members: Mapping[str, Any] = {}

    def add(self, delta: ChatDelta) -> None:
        self._text.append(delta.text)
        self._reasoning.append(delta.reasoning)
        if delta.extra:
            self._members = _joined("", self._members, delta.extra)
        self.finish_reason = delta.finish_reason
        self.usage = delta.usage

    def message(self) -> Any:
        """Return OpenAI's message. Its `content` is null if it has only other fields, such as tool calls."""
        members = dict(self._members)
        text, reasoning = "".join(self._text), "".join(self._reasoning)
        if calls := members.get("tool_calls"):
            members["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
        return {
            "role": "assistant",
            "content": text if text or not members else None,
            "refusal": None,
            **({"reasoning_content": reasoning} if reasoning else {}),
            **members,
        }


def _joined(name: str, held: Any, more: Any) -> Any:
    """Return a field merged with its next delta: strings are concatenated, list entries are matched by `index`."""
    match held, more:
        case str(), str():
            return (more or held) if name in _LABELS else held + more
        case Mapping(), Mapping():
            return {**held, **{key: _joined(key, held.get(key), value) for key, value in more.items()}}
        case list() | None, list():
            return _filled(held or [], more)
        case _:
            return held if more is None else more


def _filled(held: list[Any], more: list[Any]) -> list[Any]:
    entries = list(held)
    for entry in more:
        index = entry.get("index") if isinstance(entry, Mapping) else None
        place = next((at for at, old in enumerate(entries) if index is not None and old.get("index") == index), None)
        if place is None:
            entries.append(entry)
        else:
            entries[place] = _joined("", entries[place], entry)
    return entries
