"""What it means when chat.akash.network does not answer as it was asked: by status and body, or by an error line."""

from __future__ import annotations

import time
from typing import Any

from shared.errors import AccountLimited, BadRequest, EaselError, NotFound, Unavailable
from shared.http import Answer, Redaction
from shared.providers._reading import as_dict

_TOO_LONG = ("too long", "too much content")


def is_stale(answer: Answer) -> bool:
    """Whether the session is what is wrong: a new one helps. All other refusals are an `error`."""
    return answer.status == 403 and _content(answer).get("success") is False


def failure(answer: Answer) -> EaselError:
    """What an answer means that is not the one hoped for."""
    content = _content(answer)
    said = answer.quote(str(content.get("message") or content.get("error") or ""))
    details = {"status": answer.status, **({"upstream": said} if said else {})}
    if answer.status == 429 and (wait := _until_reset(answer)) is not None:
        return AccountLimited(f"The limit of chat.akash.network is reached: {said}.", details=details, retry_after=wait)
    if answer.status == 403 and content.get("error") == "Model not available":
        return _unknown_model(said, details)
    if answer.status == 403 and not content:
        # A browser check in front of the site. It is about our address and not about an account, and may pass.
        return Unavailable("Something in front of chat.akash.network refuses us: a check for browsers.")
    if answer.status == 400 and not content:
        return error_line(answer.body.decode(errors="replace"), answer.redaction)
    if answer.status >= 500 and content.get("error"):
        # The site's own words, and not a proxy's page: the work was refused and not taken.
        return Unavailable(f"chat.akash.network refused: {said}.", details=details)
    return answer.error(said)


def error_line(text: str, redaction: Redaction) -> EaselError:
    """What the text of an error line means, before anything else was said."""
    said = redaction.quote(text)
    message, details, lowered = f"chat.akash.network refused: {said}.", {"upstream": said}, text.lower()
    if "invalid model name" in lowered:
        return _unknown_model(said, details)
    if any(words in lowered for words in _TOO_LONG):
        return BadRequest(message, code="context_length_exceeded", param="messages", details=details)
    if lowered.startswith("invalid argument"):
        return BadRequest(message, details=details)
    if lowered.startswith("rate limit exceeded"):
        return AccountLimited(message, details=details)
    return Unavailable(message, details=details)


def _unknown_model(said: str, details: dict[str, Any]) -> NotFound:
    message = f"chat.akash.network does not offer this model: {said}."
    return NotFound(message, code="model_not_found", param="model", details=details)


def _until_reset(answer: Answer) -> float | None:
    """Seconds, from the moment that a header names in Unix seconds."""
    reset = answer.headers.get("x-tokenlimit-reset", "")
    return max(1.0, int(reset) - time.time()) if reset.isascii() and reset.isdecimal() and len(reset) < 12 else None


def _content(answer: Answer) -> dict[str, Any]:
    return as_dict(answer.json_or_none())
