"""What answers have in them: base64, lifted out before they are read, for it is most of their bytes; and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shared.errors import EaselError, GenerationFailed
from shared.http import Answer
from shared.providers._reading import as_dict, as_list
from shared.providers.gemini.errors import refused
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


class Lifted(NamedTuple):
    """An answer's JSON, in which places stand for the base64 that was in it."""

    payload: dict[str, Any]
    taken: list[bytes]

    def base64(self, data: object) -> bytes:
        """What a place stands for; what is too short to be lifted stands for itself."""
        text = str(data)
        return self.taken[int(text.removeprefix(_PLACE))] if text.startswith(_PLACE) else text.encode()


def lifted(answer: Answer) -> Lifted:
    """Raises what an answer means that is not JSON."""
    taken: list[bytes] = []

    def lift(match: re.Match[bytes]) -> bytes:
        taken.append(match[1])
        return f'"{_PLACE}{len(taken) - 1}"'.encode()

    return Lifted(as_dict(answer._replace(body=_LONG.sub(lift, answer.body)).json()), taken)


def pictures_of(answer: Answer) -> tuple[Made, ...]:
    """All of them but drafts. Raises what an answer without any means."""
    content = lifted(answer)
    if reason := as_dict(content.payload.get("promptFeedback")).get("blockReason"):
        raise refused(answer, str(reason))
    candidates = [as_dict(candidate) for candidate in as_list(content.payload.get("candidates"))]
    if not candidates:
        raise answer.error("there is nothing in it")
    # What the model tries while it thinks is not what it answers.
    parts = [part for candidate in candidates for part in _parts(candidate) if not part.get("thought")]
    inline = [as_dict(part["inlineData"]) for part in parts if "inlineData" in part]
    if not inline:
        raise _without_picture(answer, [str(candidate.get("finishReason")) for candidate in candidates], parts)
    return tuple(Made(str(blob.get("mimeType")), content.base64(blob.get("data"))) for blob in inline)


def _without_picture(answer: Answer, reasons: list[str], parts: list[dict[str, Any]]) -> EaselError:
    if blocked := _BLOCKED.intersection(reasons):
        return refused(answer, min(blocked))
    said = answer.quote(" ".join(str(part["text"]) for part in parts if part.get("text")))
    reasons = [answer.quote(reason) for reason in reasons]
    why = f"said: {said}" if said else f"ended with {', '.join(reasons)}"
    return GenerationFailed(f"Gemini made no picture, but {why}.", details={"upstream": said, "reasons": reasons})


def _parts(candidate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (as_dict(part) for part in as_list(as_dict(candidate.get("content")).get("parts")))
