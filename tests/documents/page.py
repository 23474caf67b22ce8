"""A README: text by hand, and between marks the tables that are written from the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tests.documents.texts import Incomplete, Language, compare

ROOT = Path(__file__).parents[2]

Row: TypeAlias = tuple[str, ...]
Table: TypeAlias = Callable[[Language], list[Row]]
"""Its rows, the first of which is the header."""

_TABLE = re.compile(r"(<!-- ([\w-]+), written by make documents -->\n\n)(.*?)(\n<!-- until here -->\n)", re.DOTALL)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


class Page(NamedTuple):
    """A file, and the language that it is in."""

    path: Path
    language: Language

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def anchors(self) -> list[str]:
        """What links can lead to: the headings, as GitHub names them."""
        return [anchor(heading) for heading in re.findall(r"^#+ (.+)$", _FENCED.sub("", self.text), re.MULTILINE)]

    def fresh(self, tables: Mapping[str, Table]) -> str:
        """The text as it should be. Incomplete unless it has a place for every table, once."""
        names = [found[2] for found in _TABLE.finditer(self.text)]
        compare(self.path.name, names, tables)
        if len(names) > len(tables):
            raise Incomplete(f"{self.path.name}: a table stands there twice.")
        return _TABLE.sub(lambda found: f"{found[1]}{markdown(tables[found[2]](self.language))}{found[4]}", self.text)


PAGES = (Page(ROOT / "README.md", "en"), Page(ROOT / "README.zh-CN.md", "zh"))


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def markdown(rows: list[Row]) -> str:
    header, *rest = (f"| {' | '.join(row)} |\n" for row in rows)
    return "".join([header, "|---" * len(rows[0]), "|\n", *rest])
