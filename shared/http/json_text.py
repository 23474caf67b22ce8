"""JSON of upstreams."""

from __future__ import annotations

import json
from typing import Any


def parse_json(data: bytes) -> Any:
    """ValueError where it is not JSON, RecursionError where it is nested too deeply."""
    return json.loads(data)
