"""The variables of the environment: by which names each is known, and what counts where none of them is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.errors import Misconfigured

_MOST_DIGITS = 9


class Variable(NamedTuple):
    """A setting. `also` are names that other programs have for it: they count after our own, in this order."""

    name: str
    default: str = ""
    also: tuple[str, ...] = ()

    def of(self, environment: Mapping[str, str]) -> str:
        """What it is set to, without blanks around it; the default where it is blank or missing."""
        return self.found(environment)[1]

    def found(self, environment: Mapping[str, str]) -> tuple[str, str]:
        """The name under which it is set, for who has to complain about the value, and the value."""
        for name in (self.name, *self.also):
            if text := environment.get(name, "").strip():
                return name, text
        return self.name, self.default

    def number(self, environment: Mapping[str, str], *, least: int = 0) -> int:
        """The whole number that it is set to; Misconfigured where it is none."""
        name, text = self.found(environment)
        if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < least:
            raise Misconfigured(f"{name}: '{text[:20]}' is not a whole number of {least} or more, or far too large.")
        return int(text)
