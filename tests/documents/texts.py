"""The words of the tables, in TOML files: for each thing that the code has, a text in each language, and no others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

Language: TypeAlias = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_FOLDER = Path(__file__).parent / "texts"


class Incomplete(Exception):
    """A page or a text does not fit the code; the message says which, and where."""


class Texts:
    """One table's texts, by what they are about, in the order of their file.

    `about` is what the code has. Where it has the texts of a language as well, `languages` are the others.
    """

    def __init__(self, name: str, about: Iterable[str], *, languages: Iterable[Language] = LANGUAGES) -> None:
        self._texts = read(name)
        compare(f"{name}.toml", self._texts, about)
        for key, text in self._texts.items():
            compare(f"{name}.toml, {key}", text, languages)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def of(self, key: str, language: Language) -> str:
        return joined(self._texts[key][language])


def read(name: str) -> dict[str, Any]:
    """A file as it is."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def compare(where: str, written: Iterable[str], real: Iterable[str]) -> None:
    """Incomplete unless both have the same names."""
    there, wanted = set(written), set(real)
    missing, superfluous = wanted - there, there - wanted
    parts = [("missing", missing), ("not in the code", superfluous)]
    if wrong := "; ".join(f"{what}: {', '.join(sorted(names))}" for what, names in parts if names):
        raise Incomplete(f"{where}: {wrong}")


def said(where: str, text: Mapping[str, str], language: Language) -> str:
    """One of an entry's texts, of which there must be one in each language."""
    compare(where, text, LANGUAGES)
    return joined(text[language])


def joined(text: str) -> str:
    """A text of several lines as one. Chinese has no blanks between its lines."""
    line = re.sub(r"\s*\n\s*", " ", text.strip())
    return re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", line)


def listed(parts: Iterable[str], language: Language) -> str:
    return {"en": ", ", "zh": "、"}[language].join(parts)
