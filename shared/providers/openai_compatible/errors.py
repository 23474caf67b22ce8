"""What such a service's errors mean: by status, by what its envelope says, and by the words that all of them use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.errors import (
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    ResultLost,
    Unavailable,
    Uncertain,
    UpstreamError,
)
from shared.http import Redaction, Response

_REFUSED = ("content_policy_violation", "content_filter", "moderation_blocked", "moderation")
_OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "credit_balance_exhausted", "402")
_REJECTED = ("invalid_api_key", "authentication_error", "401")
_LIMITED = ("rate_limit_exceeded", "rate_limit_error", "429")
_NAME = re.compile(r"[a-z_][\w.\[\]-]{0,63}", re.ASCII | re.IGNORECASE)


_ERROR_FIELDS = ("error_code", "error_msg", "errors", "detail", "message", "msg")
_MESSAGES = ("message", "msg", "error_msg", "error_message", "status_msg", "title")
_CODES = ("code", "type", "status", "error_code", "status_code")


def is_error(chunk: Any) -> bool:
    """Return whether a response body, or a chunk of one, is an error. Services use many shapes."""
    if not isinstance(chunk, Mapping):
        return False
    if chunk.get("error"):
        return True
    if chunk.get("choices") or chunk.get("usage"):
        return False
    status = chunk.get("base_resp")
    failed = isinstance(status, Mapping) and bool(status.get("status_code"))
    return failed or chunk.get("object") == "error" or any(chunk.get(name) for name in _ERROR_FIELDS)


def failure(answer: Response) -> EaselError:
    """What a whole answer means that is not the one hoped for."""
    inner = _error_in(answer.json_or_none())
    said, codes = _words(inner, answer.redaction)
    message, details = f"The upstream refused: {said}.", {"status": answer.status, "upstream": said}
    if answer.status < 500 and (error := _by_code(codes, message, details)):
        return error
    if answer.status in (408, 504):  # a server behind the one that answered may still be working
        return Uncertain(f"The upstream did not answer in time{f': {said}' if said else ''}.", details=details)
    if answer.status in (503, 529) and said:  # the service's own message, not a proxy's page: nothing was accepted
        return Unavailable(message, details=details, retry_after=answer.error().retry_after)
    if answer.status == 404:
        return UpstreamError(f"The upstream does not have this: {said or 'not found'}.", details=details)
    error = answer.error(said)
    if isinstance(error, BadRequest):  # the caller's fields are the upstream's, and clients know its codes
        code, param = (_name(inner.get(name), answer.redaction) for name in ("code", "param"))
        error.code, error.param = code or error.code, param
    return error


def error_within(event: Mapping[str, Any], redaction: Redaction) -> EaselError:
    """What an error means that comes inside of an answer that began well."""
    said, codes = _words(_error_in(event), redaction)
    message, details = f"The upstream broke off: {said or 'it does not say why'}.", {"upstream": said}
    if error := _by_code(codes, message, details):
        return error
    return (ResultLost if codes.isdisjoint(_LIMITED) else AccountLimited)(message, details=details)


def _by_code(codes: set[str], message: str, details: dict[str, Any]) -> EaselError | None:
    if not codes.isdisjoint(_REFUSED):
        return ContentRefused(message, details=details)
    if not codes.isdisjoint(_OUT_OF_CREDIT):
        return AccountExhausted(message, details=details)
    if not codes.isdisjoint(_REJECTED):
        return AccountRejected(message, details=details)
    return None


def _error_in(payload: Any) -> Mapping[str, Any]:
    """Return the innermost error object of a body."""
    if isinstance(payload, list) and payload:
        return _error_in(payload[0])
    if not isinstance(payload, Mapping):
        return {}
    error = next((payload[name] for name in ("error", "detail", "errors", "base_resp") if payload.get(name)), payload)
    if isinstance(error, list):
        return _error_in(error)
    return error if isinstance(error, Mapping) else {**payload, "message": error}


def _name(said: Any, redaction: Redaction) -> str | None:
    return said if isinstance(said, str) and _NAME.fullmatch(said) and redaction.quote(said) == said else None


def _words(inner: Mapping[str, Any], redaction: Redaction) -> tuple[str, set[str]]:
    """The sentence, and whatever codes stand beside it."""
    codes = {str(inner[name]).lower() for name in _CODES if inner.get(name)}
    message = next((inner[name] for name in _MESSAGES if inner.get(name)), "")
    return redaction.quote(str(message)), codes
