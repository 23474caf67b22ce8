"""The prose of the generated tables, in TOML files. Everything in the code needs a text, and every text needs its code.

The English is in one file per table. `zh.toml` has the Chinese for the tables of the READMEs, and its keys select the
rows of those tables in both languages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh"]

_FOLDER = Path(__file__).parent / "texts"


class Incomplete(Exception):
    """A page or a text file does not match the code; the message names both."""


def read(name: str) -> dict[str, Any]:
    """Return the content of a text file."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def chinese(table: str) -> dict[str, str]:
    """Return the Chinese texts of a README table, in the order of its rows."""
    return {key: joined(text) for key, text in read("zh")[table].items()}


def compare(where: str, written: Iterable[str], real: Iterable[str]) -> None:
    """Raise Incomplete unless both have the same names."""
    there, wanted = set(written), set(real)
    missing, superfluous = wanted - there, there - wanted
    parts = [("missing", missing), ("not in the code", superfluous)]
    if wrong := "; ".join(f"{what}: {', '.join(sorted(names))}" for what, names in parts if names):
        raise Incomplete(f"{where}: {wrong}")


def joined(text: str) -> str:
    """Join the lines of a text; Chinese needs no spaces between them."""
    line = re.sub(r"\s*\n\s*", " ", text.strip())
    return re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", line)


def from_root(text: str) -> str:
    """Return a text of docs/ with links that work in a README."""
    return re.sub(r"\]\((?=[\w-]+\.md)", "](docs/", text)


def listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
