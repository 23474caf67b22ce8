"""The contact sheet in docs/providers.md shows what sketch draws."""

from __future__ import annotations

from tools.documents import sketches


def test_the_sheet_is_what_sketch_draws_today() -> None:
    drawn = sketches.pixels(sketches.SHEET.read_bytes())
    assert drawn == sketches.sheet(), "draw it anew: python -m tools.documents.sketches"
