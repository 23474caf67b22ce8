"""One seeded bug, and the parts of a file that no seeded bug may contain."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CONFORMANCE = "tests/conformance"


class Mutant(NamedTuple):
    """In `file`, `old` becomes `new`, and `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: str = CONFORMANCE

    def text(self, root: Path = ROOT) -> str:
        """Return the content of the file below this root."""
        return (root / self.file).read_text(encoding="utf-8")

    def apply(self, root: Path) -> None:
        """Put the bug into the project below this root."""
        (root / self.file).write_text(self.text(root).replace(self.old, self.new), encoding="utf-8")


def prose(source: str) -> Iterator[range]:
    """Yield the positions of each comment and docstring."""
    starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]
    docstrings = {
        (node.lineno, node.col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or token.start in docstrings:
            yield range(starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1])
