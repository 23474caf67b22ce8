"""What a schema cannot say: which sizes, ratios and pictures there are, and that a key is not used for two things."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext

from shared.api.edits import MOST_INPUTS
from shared.values import MAX_N
from tests.emulators.png import png

PICTURE = png(8, 8)
LARGEST_SIDE = 2048
LONGEST_KEY = 255
FEW_INPUTS = 4

schemathesis.openapi.format(
    "size", st.sampled_from(["auto", "", "512x512", "1024x1024", "640X480", "100 * 200", "64x64"])
)
schemathesis.openapi.format("ratio", st.sampled_from(["1:1", "16:9", "9:16", "3:1", "10:30"]))
schemathesis.openapi.format("resolution", st.sampled_from(["480p", "720p", "1080P"]))
schemathesis.openapi.format("picture", st.just("data:image/png;base64," + base64.b64encode(PICTURE).decode()))
schemathesis.openapi.format("binary", st.just(PICTURE))


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Let no key come twice, and sides go together; what is wrong with either stays so."""
    if len(str(case.headers.get("Idempotency-Key", ""))) in range(1, LONGEST_KEY + 1):
        case.headers["Idempotency-Key"] = str(uuid4())
    if isinstance(case.body, dict):
        _fit(case.body)


def _fit(body: dict[str, Any]) -> None:
    sides = ("width", "height")
    if all(type(body.get(side)) is int and body[side] > 0 for side in sides):
        longest = min(LARGEST_SIDE, max(body[side] for side in sides))
        body |= {side: min(longest, max(body[side], -(-longest // 3))) for side in sides}
    _ask_for_what_there_is(body)


def _ask_for_what_there_is(body: dict[str, Any]) -> None:
    """Models of text and of pictures each for their own. What else a model can do, /v1/models says and no schema."""
    if "messages" in body and body.get("model") is None:
        body["model"] = "parrot"
    elif "messages" not in body and body.get("model") == "parrot":
        del body["model"]
    if "messages" in body and body.get("n") in range(2, MAX_N + 1):
        body["n"] = 1
    if all(word in ("text", "image", "audio") for word in body.get("modalities") or ()):
        body.pop("modalities", None)
    if isinstance(body.get("mask"), str | bytes):
        del body["mask"]
    for name in ("images", "image", "image[]"):
        if isinstance(body.get(name), list) and len(body[name]) <= MOST_INPUTS:
            body[name] = body[name][:FEW_INPUTS]
