"""JSON of upstreams, bounded before it is built."""

from __future__ import annotations

import json
from typing import Any

_MOST_VALUES = 1 << 18
"""Each takes up to two hundred bytes of memory, and as little as three in JSON."""


def parse_json(data: bytes) -> Any:
    """ValueError where it is not JSON or has too many values in it, RecursionError where it is nested too deeply."""
    # At least one of these stands before each value but the first.
    if sum(map(data.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ValueError("too many values")
    return json.loads(data)
