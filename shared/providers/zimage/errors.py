"""Read zimage.run's envelope and map its errors to ours.

A response is `{"success": true, "data": {...}}` or `{"success": false, "error": "text"}`, under any status.
"""

from __future__ import annotations

import re
from typing import Any

from shared.errors import (
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    Unavailable,
    UpstreamError,
)
from shared.http import Response
from shared.providers._json import as_dict, is_moderation

_LIMIT_WORDS = ("too many", "limit", "quota")
_FIELD = re.compile(r"\b(?:prompt|width|height|image)")
_PARAMS = {"width": "size", "height": "size"}
_TOO_LARGE = re.compile(
    r"\b(?:characters?|length|pixels?|bytes|[km]b|too (?:long|large|big|wide|high)|size limit)\b"
    r"|too many (?:source )?images"
)
"""A limit of the request's own fields rather than of the account."""


def data_of(response: Response, *, submitting: bool = False) -> dict[str, Any]:
    """Return `data` of a successful envelope; raise the matching error otherwise.

    `submitting`: the request was part of a submit, so that an error is about the prompt or the account.
    """
    if response.status >= 400:
        raise _error_status(response, submitting=submitting)
    payload = as_dict(response.json())
    match payload.get("success"):
        case True:
            return as_dict(payload.get("data"))
        case False:
            raise _unsuccessful(_message(response, payload), submitting=submitting)
        case _:
            raise response.error("the field 'success' is missing")


def _error_status(response: Response, *, submitting: bool) -> EaselError:
    payload = as_dict(response.json_or_none())
    if payload.get("success") is not False:
        return response.error()
    reason = _message(response, payload)
    if response.status >= 500 and response.sent:
        # The error comes from the site itself, not from a proxy: the job was refused, not accepted.
        details = {"upstream": reason, "status": response.status}
        return Unavailable(f"zimage.run rejected the request: {reason}.", details=details)
    by_message = _refusal(reason) if submitting and response.status in (400, 403, 422) else None
    return by_message or response.error(reason)


def _unsuccessful(reason: str, *, submitting: bool) -> EaselError:
    message, details = f"zimage.run rejected the request: {reason}.", {"upstream": reason}
    if not submitting:  # the error says nothing about the job
        return Unavailable(message, details=details)
    return _refusal(reason) or UpstreamError(message, details=details)


def _message(response: Response, payload: dict[str, Any]) -> str:
    return response.quote(str(payload.get("error") or payload.get("message") or "")) or "no reason given"


def _refusal(reason: str) -> EaselError | None:
    """Return the error for a rejected submit, by its message; None if the message is not recognised."""
    message, details = f"zimage.run rejected the request: {reason}.", {"upstream": reason}
    lowered = reason.lower()
    if "moderation" in lowered and "token" in lowered:
        return AccountRejected(f"{message} Set ZIMAGE_MODERATION=true to request a moderation token.", details=details)
    if is_moderation(reason):
        return ContentRefused(message, param="prompt", details=details)
    field = _FIELD.search(lowered)
    if field and _TOO_LARGE.search(lowered):
        return BadRequest(message, param=_PARAMS.get(field[0], field[0]), details=details)
    if any(word in lowered for word in _LIMIT_WORDS):
        return AccountLimited(message, details=details)
    if lowered.startswith("prompt "):
        return BadRequest(message, param="prompt", details=details)
    return None
