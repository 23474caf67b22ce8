"""Put the pieces of streamed tool calls together, which services number in different ways or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4


class ToolCalls:
    """The tool calls of one choice. OpenAI sends id, type and name once, and then only more of the arguments."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, pieces: Sequence[Any], *, whole: bool) -> list[dict[str, Any]]:
        """Return the next pieces in OpenAI's form: numbered from 0, each label sent once. `whole` ones are calls."""
        return [self._add(piece, whole=whole) for piece in pieces if isinstance(piece, Mapping)]

    def _add(self, piece: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
        function = piece.get("function")
        function = dict(function) if isinstance(function, Mapping) else {}
        if not isinstance(arguments := function.get("arguments", ""), str):
            function["arguments"] = "" if arguments is None else json.dumps(arguments)
        call = None if whole else self._find(piece, bool(function.get("name")))
        others = {name: value for name, value in piece.items() if name not in ("index", "id", "type", "function")}
        if call is None:
            call = _Call(len(self._calls), piece.get("id") or f"call_{uuid4().hex}", piece.get("index"))
            self._calls.append(call)
            others = {"id": call.id, "type": piece.get("type") or "function", **others}
        if call.name and function.get("name"):
            del function["name"]
        call.name = call.name or function.get("name") or ""
        call.arguments += function.get("arguments", "")
        return {"index": call.number, **others, "function": function}

    def _find(self, piece: Mapping[str, Any], named: bool) -> _Call | None:
        """Return the call that the piece continues: by its id, else by its index, else the last one."""
        index = piece.get("index")
        candidates = [call for call in self._calls if index is None or call.index == index]
        last = candidates[-1] if candidates else None
        if name := piece.get("id"):
            known = next((call for call in self._calls if call.id == name), None)
            # Some services send a new id with every piece, but the name once.
            return known or (last if index is not None and not named and last and not last.is_complete else None)
        return None if last and named and last.is_complete else last


class _Call:
    def __init__(self, number: int, name: str, index: Any) -> None:
        self.number = number
        self.id = name
        self.index = index
        self.name = ""
        self.arguments = ""

    @property
    def is_complete(self) -> bool:
        """Whether the arguments are complete JSON, so that a further name begins another call."""
        try:
            json.loads(self.arguments)
        except (ValueError, RecursionError):
            return False
        return True
