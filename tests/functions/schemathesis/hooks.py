"""What a schema cannot say: which sizes and ratios there are, and that a key is not used for two things."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

schemathesis.openapi.format(
    "size", st.sampled_from(["auto", "", "512x512", "1024x1024", "640X480", "100 * 200", "64x64"])
)
schemathesis.openapi.format("ratio", st.sampled_from(["1:1", "16:9", "9:16", "3:1", "10:30"]))
schemathesis.openapi.format("idempotency-key", st.uuids().map(str))
