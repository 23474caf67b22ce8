"""Read responses: base64 is extracted before JSON parsing, as it is most of the bytes; then images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shared.errors import EaselError, GenerationFailed
from shared.http import Response
from shared.providers._json import as_dict, as_list
from shared.providers.gemini.errors import content_refused
from shared.results import InlineResult

_LONG = re.compile(rb'"([A-Za-z0-9+/]{1000,}={0,2})"')
_PLACEHOLDER = "lifted: "
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
        return self.taken[int(text.removeprefix(_PLACEHOLDER))] if text.startswith(_PLACEHOLDER) else text.encode()


def lifted(response: Response) -> Lifted:
    """Parse a response with its base64 extracted; raise the matching error if it is not JSON."""
    taken: list[bytes] = []

    def lift(match: re.Match[bytes]) -> bytes:
        taken.append(match[1])
        return f'"{_PLACEHOLDER}{len(taken) - 1}"'.encode()

    return Lifted(as_dict(response._replace(body=_LONG.sub(lift, response.body)).json()), taken)


def images_of(response: Response) -> tuple[InlineResult, ...]:
    """Return all images except drafts; raise the matching error if there are none."""
    content = lifted(response)
    if reason := as_dict(content.payload.get("promptFeedback")).get("blockReason"):
        raise content_refused(response, str(reason))
    candidates = [as_dict(candidate) for candidate in as_list(content.payload.get("candidates"))]
    if not candidates:
        raise response.error("it has no candidates")
    # Thought parts are drafts, not results.
    parts = [part for candidate in candidates for part in _parts(candidate) if not part.get("thought")]
    inline = [as_dict(part["inlineData"]) for part in parts if "inlineData" in part]
    if not inline:
        raise _without_image(response, [str(candidate.get("finishReason")) for candidate in candidates], parts)
    return tuple(InlineResult(str(blob.get("mimeType")), content.base64(blob.get("data"))) for blob in inline)


def _without_image(response: Response, finish_reasons: list[str], parts: list[dict[str, Any]]) -> EaselError:
    if blocked := _BLOCKED.intersection(finish_reasons):
        return content_refused(response, min(blocked))
    text = response.quote(" ".join(str(part["text"]) for part in parts if part.get("text")))
    finish_reasons = [response.quote(reason) for reason in finish_reasons]
    why = f"returned text instead of an image: {text}" if text else f"returned no image: {', '.join(finish_reasons)}"
    return GenerationFailed(f"Gemini {why}.", details={"upstream": text, "reasons": finish_reasons})


def _parts(candidate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (as_dict(part) for part in as_list(as_dict(candidate.get("content")).get("parts")))
