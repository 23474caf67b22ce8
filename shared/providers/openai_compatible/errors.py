"""Map errors of OpenAI-compatible services to ours: by status, and by the codes in the error object."""

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


def failure(response: Response) -> EaselError:
    """Return the error for a response that is not a success."""
    inner = _error_in(response.json_or_none())
    reason, codes = _reason_and_codes(inner, response.redaction)
    message, details = f"The upstream refused: {reason}.", {"status": response.status, "upstream": reason}
    if response.status < 500 and (error := _by_code(codes, message, details)):
        return error
    if response.status in (408, 504):  # a server behind the one that responded may still be working
        return Uncertain(f"The upstream did not answer in time{f': {reason}' if reason else ''}.", details=details)
    if response.status in (503, 529) and reason:  # the service's own message, not a proxy's page: nothing was accepted
        return Unavailable(message, details=details, retry_after=response.error().retry_after)
    if response.status == 404:
        return UpstreamError(f"The upstream does not have this: {reason or 'not found'}.", details=details)
    error = response.error(reason)
    if isinstance(error, BadRequest):  # the caller's fields are the upstream's, and clients know its codes
        code, param = (_name(inner.get(name), response.redaction) for name in ("code", "param"))
        error.code, error.param = code or error.code, param
    return error


def error_within(event: Mapping[str, Any], redaction: Redaction) -> EaselError:
    """Return the error for an error object inside a response that began successfully."""
    reason, codes = _reason_and_codes(_error_in(event), redaction)
    message, details = f"The upstream broke off: {reason or 'it does not say why'}.", {"upstream": reason}
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


def _name(value: Any, redaction: Redaction) -> str | None:
    """Return a code or field name as it is, None if it is something else or contains a secret."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) and redaction.quote(value) == value else None


def _reason_and_codes(inner: Mapping[str, Any], redaction: Redaction) -> tuple[str, set[str]]:
    """Return the redacted message of an error object, and all of its codes."""
    codes = {str(inner[name]).lower() for name in _CODES if inner.get(name)}
    message = next((inner[name] for name in _MESSAGES if inner.get(name)), "")
    return redaction.quote(str(message)), codes
