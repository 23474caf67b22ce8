"""Map chat.akash.network's error responses and error lines to our errors."""

from __future__ import annotations

import time
from typing import Any

from shared.errors import (
    AccountLimited,
    BadRequest,
    ContentRefused,
    EaselError,
    NotFound,
    Unavailable,
    Uncertain,
    UpstreamError,
)
from shared.http import Redaction, Response
from shared.providers._json import as_dict, is_moderation

_TOO_LONG = ("too long", "too much content", "maximum context length")
_MODERATION = ("content blocked", "blocked by policy")
_NO_WORKERS = "no workers available"
_UNDESCRIBED = "[object Object]"


def is_stale(response: Response) -> bool:
    """Return whether the session has expired; other rejections have the field `error` instead."""
    return response.status == 403 and _content(response).get("success") is False


def failure(response: Response, *, of_image: bool = False) -> EaselError:
    """Return the error of an unsuccessful response, to an image submit if `of_image`."""
    content = _content(response)
    reason = response.quote(str(content.get("message") or content.get("error") or ""))
    details = {"status": response.status, **({"upstream": reason} if reason else {})}
    if response.status == 429 and (wait := _until_reset(response)) is not None:
        message = f"The quota of chat.akash.network is reached: {reason}."
        return AccountLimited(message, details=details, retry_after=wait)
    if response.status == 403 and content.get("error") == "Model not available":
        return _unknown_model(reason, details)
    if response.status == 403 and not content:
        # A browser check in front of the site blocks this host's address, not an account.
        return Unavailable(
            "A browser check blocks this host's access to chat.akash.network; try again later or use a proxy."
        )
    if response.status == 400 and not content:
        return error_line(response.body.decode(errors="replace"), response.redaction)
    if response.status >= 500 and content.get("error"):
        if of_image:
            return image_failure(reason, details)
        return _refusal(reason, details) or Unavailable(_message(reason), details=details)
    return response.error(reason)


def error_line(text: str, redaction: Redaction) -> EaselError:
    """Return the error of an error line that precedes any text."""
    reason = redaction.quote(text)
    details = {"upstream": reason}
    if "invalid model name" in reason.lower():
        return _unknown_model(reason, details)
    return _refusal(reason, details) or Unavailable(_message(reason), details=details)


def image_failure(reason: str, details: dict[str, Any]) -> EaselError:
    """Return the error of a failed image submit.

    The site reports any failure of its image back end, even a lost response to an accepted job, so only known refusals
    may be retried.
    """
    if refusal := _refusal(reason, details):
        return refusal
    if _NO_WORKERS in reason.lower():
        return Unavailable("AkashGen has no workers available; try again later.", details=details)
    return Uncertain(f"{_message(reason)} AkashGen may have started the job, so it was not retried.", details=details)


def _refusal(reason: str, details: dict[str, Any]) -> EaselError | None:
    """Return the error of a text that shows that nothing was accepted, else None."""
    message, lowered = _message(reason), reason.lower()
    if any(words in lowered for words in _TOO_LONG):
        return BadRequest(message, code="context_length_exceeded", param="messages", details=details)
    if lowered.startswith("invalid argument"):
        return BadRequest(message, details=details)
    if "rate limit" in lowered:
        return AccountLimited(message, details=details)
    if is_moderation(reason) or any(words in lowered for words in _MODERATION):
        return ContentRefused(message, details=details)
    if "invalid api key" in lowered:
        return UpstreamError(f"The site's own API key is invalid: {reason}.", details=details)
    return None


def _message(reason: str) -> str:
    if reason == _UNDESCRIBED:
        return "chat.akash.network failed without describing the error."
    return f"chat.akash.network rejected the request: {reason}."


def _unknown_model(reason: str, details: dict[str, Any]) -> NotFound:
    message = f"chat.akash.network does not offer this model: {reason}."
    return NotFound(message, code="model_not_found", param="model", details=details)


def _until_reset(response: Response) -> float | None:
    """Return the seconds until the quota resets, from a header with a Unix time; None without one."""
    reset = response.headers.get("x-tokenlimit-reset", "")
    return max(1.0, int(reset) - time.time()) if reset.isascii() and reset.isdecimal() and len(reset) < 12 else None


def _content(response: Response) -> dict[str, Any]:
    return as_dict(response.json_or_none())
