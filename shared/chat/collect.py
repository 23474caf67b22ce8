"""Collect the deltas of a response: join them into one message per choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.results import ChatDelta, Usage

_LABELS = frozenset({"id", "type", "name", "index"})
"""Fields that some upstreams send once, and others with every delta."""


class CollectedChat:
    """Accumulates the deltas received so far."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.fields: dict[str, Any] = {}
        """Further fields of the response."""
        self._choices: dict[int, _CollectedChoice] = {}

    def add(self, delta: ChatDelta) -> None:
        choice = self._choices.get(delta.choice)
        if choice is None:
            choice = self._choices[delta.choice] = _CollectedChoice()
        choice.add(delta)
        self.usage = delta.usage or self.usage
        if delta.response_fields:
            self.fields |= delta.response_fields

    def choices(self) -> list[Any]:
        """Return OpenAI's choices."""
        return [
            {
                "index": index,
                "message": choice.message(),
                "logprobs": None,
                "finish_reason": choice.finish_reason,
                **choice.fields,
            }
            for index, choice in sorted(self._choices.items())
        ]


class _CollectedChoice:
    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.fields: Mapping[str, Any] = {}
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._extra: Mapping[str, Any] = {}

    def add(self, delta: ChatDelta) -> None:
        self._text.append(delta.text)
        self._reasoning.append(delta.reasoning)
        self.finish_reason = delta.finish_reason
        if delta.extra:
            self._extra = _merged("", self._extra, delta.extra)
        if delta.choice_fields:
            self.fields = _merged("", self.fields, delta.choice_fields)

    def message(self) -> dict[str, Any]:
        """Return OpenAI's message. Its `content` is null if it has only other fields, such as tool calls."""
        extra = dict(self._extra)
        if calls := extra.get("tool_calls"):
            extra["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
        text, reasoning = "".join(self._text), "".join(self._reasoning)
        return {
            "role": "assistant",
            "content": text if text or not extra else None,
            "refusal": None,
            **({"reasoning_content": reasoning} if reasoning else {}),
            **extra,
        }


def _merged(name: str, old: Any, new: Any) -> Any:
    """Return a field merged with its next delta: strings are concatenated, list entries are matched by `index`."""
    match old, new:
        case str(), str():
            return (new or old) if name in _LABELS else old + new
        case Mapping(), Mapping():
            return {**old, **{key: _merged(key, old.get(key), value) for key, value in new.items()}}
        case list(), list():
            return _merged_entries(old, new)
        case _:
            return old if new is None else new


def _merged_entries(old: list[Any], new: list[Any]) -> list[Any]:
    entries = list(old)
    for entry in new:
        index = _index(entry)
        position = next((at for at, each in enumerate(entries) if index is not None and _index(each) == index), None)
        if position is None:
            entries.append(entry)
        else:
            entries[position] = _merged("", entries[position], entry)
    return entries


def _index(entry: Any) -> Any:
    return entry.get("index") if isinstance(entry, Mapping) else None
