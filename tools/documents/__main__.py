"""`python -m tools.documents` writes the generated tables of the documents; `--check` reports stale ones."""

from __future__ import annotations

import sys

from tools.documents.page import ROOT, pages, require_every_table
from tools.documents.tables import TABLES
from tools.documents.texts import Incomplete


def main(arguments: list[str]) -> str | None:
    """Return an error message, or None."""
    found = pages()
    try:
        require_every_table(found, TABLES)
        stale = {page: text for page in found if (text := page.fresh(TABLES)) != page.text}
    except Incomplete as error:
        return str(error)
    if arguments == ["--check"]:
        names = ", ".join(str(page.path.relative_to(ROOT)) for page in stale)
        return f"{names}: out of date; run `make documents`." if stale else None
    for page, text in stale.items():
        page.path.write_text(text, encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
