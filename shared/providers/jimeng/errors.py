"""Map Jimeng's codes: `ret` of a response and `fail_code` of a failed job."""

from __future__ import annotations

import time
from typing import Any

from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    Unavailable,
    UpstreamError,
)
from shared.http import Response
from shared.providers._json import at, text_at

_SIGNED_OUT = ("1015", "34010105")
_OUT_OF_CREDIT = ("1006", "2039", "5000")
_CONTENT = ("2003", "2038", "2047", "4001")
_MALFORMED = ("4002", "34010100")
_BLOCKED = ("1019", "4013", "-4", "3018")
_QUEUE_FULL = "5001"
_FAILED = ("1017", "5002")
_QUEUE_SECONDS = 30.0

_DAY = 86_400
_CHINA = 8 * 3600
"""China's offset from UTC in seconds; it has no daylight saving time."""


def data_of(response: Response) -> dict[str, Any]:
    """Return `data` of a response whose `ret` is "0"; raise the error of any other."""
    if response.status != 200:
        raise response.error()
    payload = response.json()
    ret, data = at(payload, "ret"), at(payload, "data")
    code = str(ret)  # a number in some responses
    if ret is None or (code == "0" and not isinstance(data, dict)):
        raise response.error("it has no valid 'ret'")
    if code != "0":
        raise _refusal(response, code, response.quote(text_at(payload, "errmsg")))
    return dict(data)


def signed_out() -> AccountRejected:
    return AccountRejected("Jimeng rejected the session; sign in again and replace the cookie.")


def failure(response: Response, code: str, reason: str) -> EaselError:
    """Return the error of a failed job."""
    reason = response.quote(reason) or "no reason given"
    details = {"upstream": reason, "code": response.quote(code)}
    if code in _CONTENT:
        return ContentRefused(
            "Jimeng's moderation rejected the result; change the prompt or the input images.", details=details
        )
    message = f"The generation failed at Jimeng: {reason}."
    if code in _OUT_OF_CREDIT:
        return GenerationFailed(message, code=AccountExhausted.code, details=details)
    if code in _BLOCKED:
        return GenerationFailed(message, code="generation_blocked", details=details)
    return GenerationFailed(message, details=details)


def until_midnight(now: float) -> float:
    """Return the seconds until midnight in China, when daily credits are issued."""
    return _DAY - (now + _CHINA) % _DAY


def _refusal(response: Response, code: str, reason: str) -> EaselError:
    """Return the error of a response; only a submit can be the caller's fault."""
    details = {"upstream": reason, "code": response.quote(code)}
    message = f"Jimeng rejected the request: {reason or 'no reason given'} ({details['code']})."
    if code in _SIGNED_OUT:
        return signed_out()
    if code in _OUT_OF_CREDIT:
        return AccountExhausted(
            "The Jimeng account is out of credit; daily credits are issued at midnight in China.",
            details=details,
            retry_after=until_midnight(time.time()),
        )
    if code in _BLOCKED:
        return AccountError(
            "Jimeng blocks the account or this host's address as automated; solve its captcha in a browser.",
            code="generation_blocked",
            details=details,
        )
    if not response.sent:
        return Unavailable(message, details=details)
    return _submit_refusal(code, message, details)


def _submit_refusal(code: str, message: str, details: dict[str, Any]) -> EaselError:
    if code in _CONTENT:
        return ContentRefused(
            "Jimeng's moderation rejected the prompt or its images; change them.", param="prompt", details=details
        )
    if code in _MALFORMED:
        return BadRequest(message, details=details)
    if code == _QUEUE_FULL:
        message = "Jimeng's queue for this account is full; try again later."
        return AccountLimited(message, details=details, retry_after=_QUEUE_SECONDS)
    if code in _FAILED:
        return GenerationFailed(message, details=details)
    return UpstreamError(message, details=details)
