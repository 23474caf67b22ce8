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
        """Return the value without surrounding white space and byte order mark; the default if nothing is left."""
        return self.found(environment)[1]

    def found(self, environment: Mapping[str, str]) -> tuple[str, str]:
        """Return (name, value): the name that is actually set, for error messages, and its value."""
        for name in (self.name, *self.also):
            if text := stripped(environment.get(name, "")):
                return name, text
        return self.name, self.default

    def secrets(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Return the keys in a list separated by commas or line breaks; Misconfigured if one is not plain ASCII."""
        name, text = self.found(environment)
        keys = list_items(text)
        for key in keys:
            require_header_text(name, key)
        return tuple(keys)

    def number(self, environment: Mapping[str, str], *, least: int = 0) -> int:
        """Return the value as an integer; Misconfigured if it is not one, too large, or less than `least`."""
        name, text = self.found(environment)
        if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < least:
            raise Misconfigured(f"{name}: '{text[:20]}' is not a whole number of {least} or more, or far too large.")
        return int(text)


def stripped(text: str) -> str:
    """Return the text without surrounding white space and byte order marks, which editors and shells leave behind."""
    return text.strip("\ufeff \t\r\n\v\f")


def list_items(text: str) -> list[str]:
    """Return the stripped, non-empty items of a list that is separated by commas or line breaks."""
    items = map(stripped, text.replace("\n", ",").split(","))
    return [item for item in items if item]


def require_header_text(name: str, secret: str) -> None:
    """Raise Misconfigured, naming the setting but not quoting the secret, unless it can be sent in a header."""
    if not (secret.isascii() and secret.isprintable()):
        raise Misconfigured(
            f"{name}: the value contains a line break or a character that is not ASCII; copy it again from its source."
        )
