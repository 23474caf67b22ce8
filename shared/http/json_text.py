"""Parsing of upstream JSON, with a limit on the number of values."""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar, cast

ValueT = TypeVar("ValueT")

_MOST_VALUES = 1 << 18
"""Each value takes up to 200 bytes of memory, but as few as three in JSON."""

_BEFORE_VALUES = (b",", b"[", b"{")
"""One of these precedes each value but the first."""

_SLICE = 64 << 10


def parse_json(data: bytes) -> Any:
    """Parse JSON, in which NaN and infinite numbers become None, because no JSON may contain them.

    Raises ValueError if it is invalid or has too many values, RecursionError if nested too deeply.
    """
    if len(data) > _MOST_VALUES and _has_too_many_values(data):
        raise ValueError("too many values")
    return _DECODER.decode(data.decode(json.detect_encoding(data), "surrogatepass"))


def encodable(value: ValueT) -> ValueT:
    """Return text or parsed JSON with surrogate pairs joined, and U+FFFD for the halves that are left over."""
    return cast(ValueT, _encodable(value))


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_encodable(each) for each in value]
        case dict():
            return {_encodable(name): _encodable(each) for name, each in value.items()}
    return value


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=lambda _: None)


def _has_too_many_values(data: bytes) -> bool:
    values = 0
    for start in range(0, len(data), _SLICE):
        for sign in _BEFORE_VALUES:
            # Finding nothing is ten times as fast as counting, and most of a large body is base64.
            if data.find(sign, start, start + _SLICE) >= 0:
                values += data.count(sign, start, start + _SLICE)
        if values > _MOST_VALUES:
            return True
    return False
