"""Read responses: base64 is extracted before JSON parsing, as it is most of the bytes; then images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shared.errors import EaselError, GenerationFailed
from shared.http import Response
from shared.providers._json import as_dict, as_list
from shared.providers.gemini.errors import refused
from shared.results import InlineResult

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
    """A response's JSON with its long base64 strings replaced by placeholders."""

    payload: dict[str, Any]
    taken: list[bytes]

    def base64(self, data: object) -> bytes:
        """Return the base64 behind a placeholder; strings too short to be extracted are returned as they are."""
        text = str(data)
        return self.taken[int(text.removeprefix(_PLACE))] if text.startswith(_PLACE) else text.encode()


def lifted(answer: Response) -> Lifted:
    """Parse a response with its base64 extracted; raise the matching error if it is not JSON."""
    taken: list[bytes] = []

    def lift(match: re.Match[bytes]) -> bytes:
        taken.append(match[1])
        return f'"{_PLACE}{len(taken) - 1}"'.encode()

    return Lifted(as_dict(answer._replace(body=_LONG.sub(lift, answer.body)).json()), taken)


def pictures_of(answer: Response) -> tuple[InlineResult, ...]:
    """Return all images except drafts; raise the matching error if there are none."""
    content = lifted(answer)
    if reason := as_dict(content.payload.get("promptFeedback")).get("blockReason"):
        raise refused(answer, str(reason))
    candidates = [as_dict(candidate) for candidate in as_list(content.payload.get("candidates"))]
    if not candidates:
        raise answer.error("there is nothing in it")
    # Thought parts are drafts, not results.
    parts = [part for candidate in candidates for part in _parts(candidate) if not part.get("thought")]
    inline = [as_dict(part["inlineData"]) for part in parts if "inlineData" in part]
    if not inline:
        raise _without_picture(answer, [str(candidate.get("finishReason")) for candidate in candidates], parts)
    return tuple(InlineResult(str(blob.get("mimeType")), content.base64(blob.get("data"))) for blob in inline)


def _without_picture(answer: Response, reasons: list[str], parts: list[dict[str, Any]]) -> EaselError:
    if blocked := _BLOCKED.intersection(reasons):
        return refused(answer, min(blocked))
    said = answer.quote(" ".join(str(part["text"]) for part in parts if part.get("text")))
    reasons = [answer.quote(reason) for reason in reasons]
    why = f"said: {said}" if said else f"ended with {', '.join(reasons)}"
    return GenerationFailed(f"Gemini made no picture, but {why}.", details={"upstream": said, "reasons": reasons})


def _parts(candidate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (as_dict(part) for part in as_list(as_dict(candidate.get("content")).get("parts")))
