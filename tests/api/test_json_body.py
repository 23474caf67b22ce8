"""The values in a JSON body are counted while it arrives, in chunks of any size; too many are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from shared.api.bounds import DEPTH, WIDE_STRINGS, Bounds
from shared.api.json_body import JsonBody
from shared.errors import BadRequest, TooLarge

MEGABYTE = 1 << 20
ROOMY = Bounds(64 * MEGABYTE, values=1 << 30)

scalars = st.none() | st.booleans() | st.integers() | st.text(alphabet=st.sampled_from('a"\\,[{:]}\n\u00fc中😀'))
documents = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='a"\\,{'), inner), max_leaves=20
)


def collected(body: bytes, bounds: Bounds = ROOMY, size: int = 64 << 10) -> bytes:
    content = JsonBody(bounds)
    for start in range(0, len(body), size):
        content.add(body[start : start + size])
    return content.whole()


def values_in(document: Any) -> int:
    """One for each of them; an empty container counts as one of a single value."""
    match document:
        case dict():
            return 1 + max(1, sum(map(values_in, document.values())))
        case list():
            return 1 + max(1, sum(map(values_in, document)))
    return 1


def is_accepted(body: bytes, bounds: Bounds, size: int) -> bool:
    try:
        return collected(body, bounds, size) == body
    except TooLarge:
        return False


@given(documents, st.integers(min_value=1, max_value=9), st.booleans())
@example({"a": "\\", "b": '\\"', "c": '"'}, 1, False)
@example(["\\\\\\", "\\u0041"], 2, True)
@settings(derandomize=True, deadline=None, database=None, max_examples=300)
def test_values_are_counted_wherever_the_body_is_cut(document: Any, size: int, escaped: bool) -> None:
    body = json.dumps(document, ensure_ascii=escaped).encode()
    values = values_in(document)
    assert is_accepted(body, Bounds(len(body), values), size)
    assert not is_accepted(body, Bounds(len(body), values - 1), size)


def repeated(text: bytes, number: int) -> bytes:
    return b"[" + b",".join([text] * number) + b"]"


@pytest.mark.parametrize("entry", [b"0", b'""', b"{}", b"[]", b"null", b'{"a":0}', b'"\\""', b'"\\\\"', b'", [{"'])
def test_many_values_are_too_many(entry: bytes) -> None:
    assert collected(repeated(entry, 40), Bounds(MEGABYTE, values=100))
    with pytest.raises(TooLarge, match="more than 100 JSON values"):
        collected(repeated(entry, 101), Bounds(MEGABYTE, values=100))


@pytest.mark.parametrize("text", [b", [{" * MEGABYTE, b"A" * 20 * MEGABYTE, b'\\",' * MEGABYTE])
def test_one_long_text_is_one_value(text: bytes) -> None:
    body = b'{"a":"' + text + b'"}'
    assert collected(body, Bounds(len(body), values=2)) == body


PLAIN = b"A" * WIDE_STRINGS


@pytest.mark.parametrize(
    "body",
    [
        '"😀'.encode() + PLAIN + b'"',
        b'"' + PLAIN + "😀".encode() + b'"',
        b'"\\u4e2d' + PLAIN + b'"',
        b'"' + b"\\n" * WIDE_STRINGS + b'x\\n"',
        repeated('"é"'.encode() + b" " * 999, 10) + repeated(b'"' + "é".encode() * 512 + b'"', WIDE_STRINGS >> 10),
    ],
    ids=["wide at once", "wide at its end", "escaped", "many escapes", "many texts"],
)
@pytest.mark.parametrize("size", [60_000, 1 << 30])
def test_wide_text_is_bounded(body: bytes, size: int) -> None:
    with pytest.raises(TooLarge, match="Send less text"):
        collected(body, ROOMY, size)


@pytest.mark.parametrize(
    "body",
    [
        b'"' + 9 * PLAIN + b'"',
        b'["' + 4 * PLAIN + '","😀"]'.encode(),
        '["😀","'.encode() + 4 * PLAIN + b'"]',
        b'"' + (b"A" * 98 + b"\\/") * (WIDE_STRINGS // 50) + b'"',
    ],
    ids=["ASCII", "before a wide one", "after a wide one", "slashes escaped, as PHP does"],
)
@pytest.mark.parametrize("size", [60_000, 1 << 30])
def test_a_picture_beside_other_text_is_not_wide(body: bytes, size: int) -> None:
    assert collected(body, ROOMY, size) == body


@pytest.mark.parametrize("size", [1, 64 << 10])
def test_a_body_goes_as_deep_as_the_parser(size: int) -> None:
    deepest = b"[" * DEPTH + b"]" * DEPTH
    assert from_json(collected(deepest, ROOMY, size))
    with pytest.raises(ValueError, match="recursion limit"):
        from_json(b"[" + deepest + b"]")


def test_a_deeper_one_is_no_json() -> None:
    with pytest.raises(BadRequest, match="levels deep") as caught:
        collected(b"[" * (DEPTH + 1), Bounds(MEGABYTE, values=100))
    assert caught.value.code == "invalid_json"
