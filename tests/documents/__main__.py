"""`python -m tests.documents` writes the tables of both READMEs; `--check` says where they are stale."""

from __future__ import annotations

import sys

from tests.documents.page import PAGES
from tests.documents.tables import TABLES
from tests.documents.texts import Incomplete


def main(arguments: list[str]) -> str | None:
    """What is wrong, if anything is."""
    try:
        pages = {page: page.fresh(TABLES) for page in PAGES}
    except Incomplete as error:
        return str(error)
    stale = [page for page, text in pages.items() if page.text != text]
    if arguments != ["--check"]:
        for page in stale:
            page.path.write_text(pages[page], encoding="utf-8")
    elif stale:
        return f"{', '.join(page.path.name for page in stale)}: stale, `make documents` writes the tables."
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
