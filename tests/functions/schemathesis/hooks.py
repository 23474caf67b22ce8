"""What a schema cannot say: which sizes, ratios and pictures there are, and that a key is not used for two things."""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.transport.serialization import Binary

from shared.api.edits import MOST_INPUTS
from shared.values import MAX_N
from tests.emulators.png import png

PICTURE = png(8, 8)
PICTURE_URL = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
LARGEST_SIDE = 2048
LONGEST_KEY = 255
FEW_INPUTS = 3
LONGEST_VIDEO = 3600
LOOKS_AT_VIDEOS = "seedance-2.0"

schemathesis.openapi.format(
    "size", st.sampled_from(["auto", "", "512x512", "1024x1024", "640X480", "100 * 200", "64x64"])
)
schemathesis.openapi.format("ratio", st.sampled_from(["1:1", "16:9", "9:16", "3:1", "10:30"]))
schemathesis.openapi.format("resolution", st.sampled_from(["480p", "720p", "1080P"]))
schemathesis.openapi.format("picture", st.just(PICTURE_URL))
schemathesis.openapi.format("web-address", st.just("https://example.com/clip.mp4"))
schemathesis.openapi.format("binary", st.just(Binary(PICTURE)))


@schemathesis.hook
def filter_case(context: HookContext, case: Case[Any]) -> bool:
    """Forms have no wrong types: all of their fields are texts, and empty ones count as absent."""
    parts = case.meta.components.values() if case.meta else ()
    wrong = any(part.mode is GenerationMode.NEGATIVE for part in parts)
    return not (wrong and case.media_type == "multipart/form-data")


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Let no key come twice, and sides go together; what is wrong with either stays so."""
    case.freeze_metadata()  # it stays as right or wrong as it was made
    if len(str(case.headers.get("Idempotency-Key", ""))) in range(1, LONGEST_KEY + 1):
        case.headers["Idempotency-Key"] = str(uuid4())
    if isinstance(case.body, dict):
        case.body = deepcopy(case.body)  # others are made from the same
        _fit(case.body)


def _fit(body: dict[str, Any]) -> None:
    for name in ("seconds", "duration"):
        if isinstance(body.get(name), int | float) and 1 <= body[name] <= LONGEST_VIDEO:
            body[name] = 5
    sides = ("width", "height")
    if all(isinstance(body.get(side), int | float) and body[side] >= 1 for side in sides):
        longest = min(LARGEST_SIDE, max(body[side] for side in sides))
        body |= {side: min(longest, max(body[side], -(-longest // 3))) for side in sides}
    if "messages" in body:
        _say(body)
    else:
        _show(body)


def _say(body: dict[str, Any]) -> None:
    """Models of text and of pictures each for their own; what else a model can do, /v1/models says and no schema."""
    if body.get("model") is None or isinstance(body["model"], str):
        body["model"] = "parrot"
    for message in body["messages"] if isinstance(body["messages"], list) else ():
        _leave(message, "role", "content")
        for part in message.get("content") or () if isinstance(message, dict) else ():
            _leave(part, "type", "text", "image_url")
            _leave(part.get("image_url") if isinstance(part, dict) else None, "url")
    if body.get("n") in range(2, MAX_N + 1):
        body["n"] = 1
    if all(word in ("text", "image", "audio") for word in body.get("modalities") or ()):
        body.pop("modalities", None)


def _leave(value: Any, *names: str) -> None:
    if isinstance(value, dict):
        for name in value.keys() - set(names):
            del value[name]


def _show(body: dict[str, Any]) -> None:
    """As many pictures as the models take, and in one role."""
    if isinstance(body.get("model"), str):
        del body["model"]
    for name in ("mask", "input_reference", "last_frame_image", *(("images",) if "first_frame_image" in body else ())):
        if _is_picture(body.get(name)):
            del body[name]
    for name in ("images", "image", "image[]"):
        pictures = body.get(name)
        if isinstance(pictures, list) and all(map(_is_picture, pictures)) and len(pictures) <= MOST_INPUTS:
            body[name] = [] if "first_frame_image" in body else pictures[:FEW_INPUTS]
    if "first_frame_image" not in body and [] in (body.get("image"), body.get("image[]"), body.get("images")):
        body["image"] = PICTURE_URL
    _watch(body)


def _watch(body: dict[str, Any]) -> None:
    """As many videos as the models take that take any, and such a model: it is not the default one."""
    if isinstance(videos := body.get("reference_videos"), list) and len(videos) <= MOST_INPUTS:
        body["reference_videos"] = videos[:FEW_INPUTS]
        if body.get("model") is None:
            body["model"] = LOOKS_AT_VIDEOS


def _is_picture(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_picture(value.get("url")) or _is_picture(value.get("image_url"))
    return isinstance(value, bytes | Binary) or value == PICTURE_URL
