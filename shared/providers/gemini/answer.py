"""The pictures in an answer of generateContent, lifted out of it before it is read: they are most of its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.errors import ContentRefused, EaselError, GenerationFailed
from shared.http import Answer, clean
from shared.providers._reading import as_dict, as_list
from shared.values import Made

_LONG = re.compile(rb'"([A-Za-z0-9+/]{1000,}={0,2})"')
_PLACE = "lifted: "
_BLOCKED = frozenset(
    {
        "SAFETY",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "RECITATION",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)


def pictures_of(answer: Answer) -> tuple[Made, ...]:
    """All of them but drafts. Raises what an answer without any means."""
    lifted: list[bytes] = []

    def lift(match: re.Match[bytes]) -> bytes:
        lifted.append(match[1])
        return f'"{_PLACE}{len(lifted) - 1}"'.encode()

    payload = as_dict(answer._replace(body=_LONG.sub(lift, answer.body)).json())
    if reason := as_dict(payload.get("promptFeedback")).get("blockReason"):
        raise _refused(str(reason))
    candidates = [as_dict(candidate) for candidate in as_list(payload.get("candidates"))]
    if not candidates:
        raise answer.error("there is nothing in it")
    # What the model tries while it thinks is not what it answers.
    parts = [part for candidate in candidates for part in _parts(candidate) if not part.get("thought")]
    made = tuple(_made(as_dict(part["inlineData"]), lifted) for part in parts if "inlineData" in part)
    if not made:
        raise _without_picture([str(candidate.get("finishReason")) for candidate in candidates], parts)
    return made


def _made(inline: Mapping[str, Any], lifted: list[bytes]) -> Made:
    data = str(inline.get("data"))
    base64 = lifted[int(data.removeprefix(_PLACE))] if data.startswith(_PLACE) else data.encode()
    return Made(str(inline.get("mimeType")), base64)


def _without_picture(reasons: list[str], parts: list[dict[str, Any]]) -> EaselError:
    if blocked := _BLOCKED.intersection(reasons):
        return _refused(min(blocked))
    said = clean(" ".join(str(part["text"]) for part in parts if part.get("text")))
    why = f"said: {said}" if said else f"ended with {clean(', '.join(reasons))}"
    return GenerationFailed(f"Gemini made no picture, but {why}.", details={"upstream": said, "reasons": reasons})


def _refused(reason: str) -> ContentRefused:
    message = f"Gemini will not draw this: {clean(reason)}."
    return ContentRefused(message, param="prompt", details={"upstream": clean(reason)})


def _parts(candidate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (as_dict(part) for part in as_list(as_dict(candidate.get("content")).get("parts")))
