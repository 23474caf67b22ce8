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

_LONG = re.compile(rb'"([A-Za-z0-9+/_-]{1000,}={0,2})"')
_STANDARD = bytes.maketrans(b"-_", b"+/")
_CAPITAL = re.compile("[A-Z]")
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
        """Return the base64 behind a placeholder, or in a string too short to be extracted.

        It is padded and in the standard alphabet, whichever one the upstream uses.
        """
        text = str(data)
        digits = self.taken[int(text.removeprefix(_PLACEHOLDER))] if text.startswith(_PLACEHOLDER) else text.encode()
        if b"-" in digits or b"_" in digits:
            digits = digits.translate(_STANDARD)
        return digits + b"=" * (-len(digits) % 4) if len(digits) % 4 else digits


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
    feedback = as_dict(_field(content.payload, "promptFeedback"))
    if reason := _field(feedback, "blockReason"):
        raise content_refused(response, _sentence(reason, _field(feedback, "blockReasonMessage")))
    candidates = [as_dict(candidate) for candidate in as_list(content.payload.get("candidates"))]
    if not candidates:
        raise response.error("it has no candidates")
    parts = [part for candidate in candidates for part in _parts(candidate)]
    blobs = [as_dict(_field(part, "inlineData")) for part in _with_images(parts)]
    if not blobs:
        raise _without_image(response, candidates, parts)
    return tuple(InlineResult(str(_field(blob, "mimeType")), content.base64(blob.get("data"))) for blob in blobs)


def _with_images(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts with results. Images in thought parts are drafts: the last one counts if there are no others."""
    images = [part for part in parts if _field(part, "inlineData") is not None]
    return [part for part in images if not part.get("thought")] or images[-1:]


def _without_image(response: Response, candidates: list[dict[str, Any]], parts: list[dict[str, Any]]) -> EaselError:
    reasons = [str(_field(candidate, "finishReason")) for candidate in candidates]
    messages = [str(message) for candidate in candidates if (message := _field(candidate, "finishMessage"))]
    if blocked := _BLOCKED.intersection(reasons):
        return content_refused(response, _sentence(min(blocked), *messages))
    texts = [str(part["text"]) for part in parts if part.get("text") and not part.get("thought")]
    reasons = [response.quote(reason) for reason in reasons]
    summary = "text instead of an image" if texts else f"no image ({', '.join(reasons)})"
    text = response.quote(" ".join([*texts, *messages]))
    message = f"Gemini returned {summary}{': ' if text else ''}{text}."
    return GenerationFailed(message, details={"upstream": text, "reasons": reasons})


def _parts(candidate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (as_dict(part) for part in as_list(as_dict(candidate.get("content")).get("parts")))


def _field(message: Mapping[str, Any], name: str) -> Any:
    """Return a field by its camel-case name; some gateways in front of the API send snake case."""
    return message[name] if name in message else message.get(_CAPITAL.sub(r"_\g<0>", name).lower())


def _sentence(reason: object, *messages: object) -> str:
    return ": ".join(str(part) for part in (reason, *messages) if part)
