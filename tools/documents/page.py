"""A Markdown file: prose written by hand, and generated tables between marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tools.documents.texts import Incomplete, Language, compare

ROOT = Path(__file__).parents[2]
READMES: Mapping[Language, Path] = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}

Row: TypeAlias = tuple[str, ...]
Table: TypeAlias = Callable[[], list[Row]]
"""Returns the rows; the first one is the header."""

Tables: TypeAlias = Mapping[Language, Mapping[str, Table]]
"""The tables of each language, by the names in the marks."""

_TABLE = re.compile(r"(<!-- ([\w-]+), written by make documents -->\n\n)(.*?)(\n<!-- end -->\n)", re.DOTALL)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


class Page(NamedTuple):
    """A Markdown file and its language."""

    path: Path
    language: Language

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def anchors(self) -> list[str]:
        """The anchors of all headings, as GitHub names them."""
        return [anchor(heading) for heading in re.findall(r"^#+ (.+)$", _FENCED.sub("", self.text), re.MULTILINE)]

    @property
    def tables(self) -> list[str]:
        """The names of the generated tables on this page."""
        return [found[2] for found in _TABLE.finditer(self.text)]

    def fresh(self, tables: Tables) -> str:
        """Return the text with up-to-date tables."""
        own = tables[self.language]
        if unknown := set(self.tables) - own.keys():
            raise Incomplete(f"{self.path.name}: no such table: {', '.join(sorted(unknown))}")
        return _TABLE.sub(lambda found: f"{found[1]}{markdown(own[found[2]]())}{found[4]}", self.text)


def pages() -> tuple[Page, ...]:
    """Both READMEs and everything in docs/, which is in English."""
    docs = sorted((ROOT / "docs").rglob("*.md"))
    return (*(Page(path, language) for language, path in READMES.items()), *(Page(path, "en") for path in docs))


def require_every_table(found: Sequence[Page], tables: Tables) -> None:
    """Raise Incomplete unless each table of a language is on exactly one of its pages."""
    for language, own in tables.items():
        placed = [name for page in found if page.language == language for name in page.tables]
        compare(f"pages in '{language}'", placed, own)
        if twice := {name for name in placed if placed.count(name) > 1}:
            raise Incomplete(f"pages in '{language}': on more than one page: {', '.join(sorted(twice))}")


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def markdown(rows: list[Row]) -> str:
    header, *rest = (f"| {' | '.join(row)} |\n" for row in rows)
    return "".join([header, "|---" * len(rows[0]), "|\n", *rest])
