"""Environment variables, with their alternative names and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.errors import Misconfigured

_MOST_DIGITS = 9


class Variable(NamedTuple):
    """A setting. `also` are names that other programs use for it; they are tried after `name`, in this order."""

    name: str
    default: str = ""
    also: tuple[str, ...] = ()

    def of(self, environment: Mapping[str, str]) -> str:
        """Return the stripped value; the default if it is blank or missing."""
        return self.found(environment)[1]

    def found(self, environment: Mapping[str, str]) -> tuple[str, str]:
        """Return (name, value): the name that is actually set, for error messages, and its value."""
        for name in (self.name, *self.also):
            if text := environment.get(name, "").strip():
                return name, text
        return self.name, self.default

    def number(self, environment: Mapping[str, str], *, least: int = 0) -> int:
        """Return the value as an integer; Misconfigured if it is not one, too large, or less than `least`."""
        name, text = self.found(environment)
        if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < least:
            raise Misconfigured(f"{name}: '{text[:20]}' is not a whole number of {least} or more, or far too large.")
        return int(text)
