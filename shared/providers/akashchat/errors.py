"""Map chat.akash.network's error responses and error lines to our errors."""

from __future__ import annotations

import time
from typing import Any

from shared.errors import AccountLimited, BadRequest, EaselError, NotFound, Unavailable
from shared.http import Redaction, Response
from shared.providers._json import as_dict

_TOO_LONG = ("too long", "too much content")


def is_stale(response: Response) -> bool:
    """Return whether the session has expired; other rejections have the field `error` instead."""
    return response.status == 403 and _content(response).get("success") is False


def failure(response: Response) -> EaselError:
    """Return the error of an unsuccessful response."""
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
        # The site's own error, not a proxy's page: nothing was accepted.
        return Unavailable(f"chat.akash.network rejected the request: {reason}.", details=details)
    return response.error(reason)


def error_line(text: str, redaction: Redaction) -> EaselError:
    """Return the error of an error line that precedes any text."""
    reason = redaction.quote(text)
    message, details = f"chat.akash.network rejected the request: {reason}.", {"upstream": reason}
    lowered = text.lower()
    if "invalid model name" in lowered:
        return _unknown_model(reason, details)
    if any(words in lowered for words in _TOO_LONG):
        return BadRequest(message, code="context_length_exceeded", param="messages", details=details)
    if lowered.startswith("invalid argument"):
        return BadRequest(message, details=details)
    if lowered.startswith("rate limit exceeded"):
        return AccountLimited(message, details=details)
    return Unavailable(message, details=details)


def _unknown_model(reason: str, details: dict[str, Any]) -> NotFound:
    message = f"chat.akash.network does not offer this model: {reason}."
    return NotFound(message, code="model_not_found", param="model", details=details)


def _until_reset(response: Response) -> float | None:
    """Return the seconds until the quota resets, from a header with a Unix time; None without one."""
    reset = response.headers.get("x-tokenlimit-reset", "")
    return max(1.0, int(reset) - time.time()) if reset.isascii() and reset.isdecimal() and len(reset) < 12 else None


def _content(response: Response) -> dict[str, Any]:
    return as_dict(response.json_or_none())
