"""The contact sheet in docs/providers.md shows what sketch draws."""

from __future__ import annotations

from tests import sketches


def test_the_sheet_is_what_sketch_draws_today() -> None:
    assert sketches.pixels(sketches.SHEET.read_bytes()) == sketches.sheet(), "draw it anew: python -m tests.sketches"
