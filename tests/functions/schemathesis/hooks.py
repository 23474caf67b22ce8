"""What a schema cannot say: which texts are sizes and pictures, who can be talked to and who takes masks, and more."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext

from shared.models import MAX_N
from tests.emulators.png import png

PICTURE_URL = "data:image/png;base64," + base64.b64encode(png(8, 8)).decode()
FILE = "RIFF\x04\0\0\0WEBP"
"""A file that passes for a picture and is a text: forms with other bytes in them cannot be judged by a schema."""
LONGEST_KEY = 255

schemathesis.openapi.format(
    "size", st.sampled_from(["auto", "", "512x512", "1024x1024", "640X480", "100 * 200", "64x64"])
)
schemathesis.openapi.format("ratio", st.sampled_from(["1:1", "16:9", "9:16", "3:1", "10:30"]))
schemathesis.openapi.format("resolution", st.sampled_from(["480p", "720p", "1080P"]))
schemathesis.openapi.format("picture", st.just(PICTURE_URL))
schemathesis.openapi.format("web-address", st.just("https://example.com/clip.mp4"))
schemathesis.openapi.format("binary", st.just(FILE))


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """No key comes twice; masks go to a model that takes them, and conversations, one at a time, to one of text."""
    if len(str(case.headers.get("Idempotency-Key", ""))) in range(1, LONGEST_KEY + 1):
        case.headers["Idempotency-Key"] = str(uuid4())
    if not isinstance(case.body, dict):
        return
    leaves_or_names_a_model = isinstance(case.body.get("model"), str | None)
    if case.path.endswith("/images/edits") and case.body.get("mask") and leaves_or_names_a_model:
        case.body = case.body | {"model": "gpt-image-emulated"}
    if case.path.endswith(("/videos", "/videos/generations")):
        case.body = _video(case.body, leaves_or_names_a_model)
    if case.path.endswith("/chat/completions"):
        if leaves_or_names_a_model:
            case.body = case.body | {"model": "parrot"}
        if case.body.get("n") in range(2, MAX_N + 1):
            case.body = case.body | {"n": 1}


def _video(body: dict[str, Any], takes_another_model: bool) -> dict[str, Any]:
    """The body for the one model without bounds, which is not the default, and without `image`, a name it refuses."""
    model = {"model": "seedance-2.0"} if takes_another_model else {}
    return {name: value for name, value in body.items() if name != "image"} | model
