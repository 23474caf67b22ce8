"""The chunks of a body, found line by line."""

from __future__ import annotations

import pytest

from shared.providers.openai_compatible.events import ChunkFinder

SSE = [
    "\ufeff: comment",
    'data: {"a": "wörld 中文 😀"}',
    "",
    "data:",
    "",
    "data: one",
    "data: two",
    "",
    "",
    "event: x",
    "data:three",
]


def found(lines: list[str]) -> list[str]:
    finder = ChunkFinder()
    chunks = [*(finder.add(line.encode()) for line in lines), finder.end()]
    return [chunk.decode() for chunk in chunks if chunk]


def test_events_without_comments_names_and_empty_ones() -> None:
    assert found(SSE) == ['{"a": "wörld 中文 😀"}', "one\ntwo", "three"]


@pytest.mark.parametrize("lines", [["", "{", '"a": 1', "", "}"], ["\ufeff[1]"]])
def test_a_body_of_json_is_one_chunk(lines: list[str]) -> None:
    assert found(lines) == ["\n".join(lines).removeprefix("\ufeff").strip()]


def test_a_page_has_no_chunks() -> None:
    assert found(["<html>", "", "</html>"]) == []
