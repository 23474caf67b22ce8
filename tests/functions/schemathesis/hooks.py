"""What a schema cannot say: which sizes, ratios and pictures there are, and that a key is not used for two things."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st
from schemathesis import HookContext

from tests.emulators.png import png

PICTURE = png(8, 8)
LARGEST_SIDE = 2048
LONGEST_KEY = 255

schemathesis.openapi.format(
    "size", st.sampled_from(["auto", "", "512x512", "1024x1024", "640X480", "100 * 200", "64x64"])
)
schemathesis.openapi.format("ratio", st.sampled_from(["1:1", "16:9", "9:16", "3:1", "10:30"]))
schemathesis.openapi.format("picture", st.just("data:image/png;base64," + base64.b64encode(PICTURE).decode()))
schemathesis.openapi.format("binary", st.just(PICTURE))


@schemathesis.hook
def map_headers(context: HookContext, headers: Any) -> Any:
    """No key twice; those that are too long stay so."""
    if headers and len(str(headers.get("Idempotency-Key", ""))) in range(1, LONGEST_KEY + 1):
        headers["Idempotency-Key"] = str(uuid4())
    return headers


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """Sides that go together."""
    sides = ("width", "height")
    if isinstance(body, dict) and all(type(body.get(side)) is int and body[side] > 0 for side in sides):
        longest = min(LARGEST_SIDE, max(body[side] for side in sides))
        body |= {side: min(longest, max(body[side], -(-longest // 3))) for side in sides}
    return body
