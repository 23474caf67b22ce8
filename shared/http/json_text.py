"""JSON of upstreams, bounded before it is built."""

from __future__ import annotations

import json
from typing import Any

_MOST_VALUES = 1 << 18
"""Each takes up to two hundred bytes of memory, and as little as three in JSON."""

_BEFORE_VALUES = (b",", b"[", b"{")
"""One of these stands before each value but the first."""

_SLICE = 64 << 10


def parse_json(data: bytes) -> Any:
    """ValueError where it is not JSON or has too many values in it, RecursionError where it is nested too deeply."""
    if len(data) > _MOST_VALUES and _has_too_many_values(data):
        raise ValueError("too many values")
    return json.loads(data)


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
