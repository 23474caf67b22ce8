"""What Jimeng's numbers mean: `ret` of an answer, and `fail_code` of a run that came to nothing."""

from __future__ import annotations

import time
from typing import Any

from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    Unavailable,
    UpstreamError,
)
from shared.http import Answer
from shared.providers._reading import at, text_at

_SIGNED_OUT = ("1015", "34010105")
_SPENT = ("1006", "2039", "5000")
_CONTENT = ("2003", "2038", "2047", "4001")
_MALFORMED = ("4002", "34010100")
_SUSPECTED = ("1019", "4013", "-4", "3018")
_FAILED = ("1017", "5001", "5002")

_DAY = 86_400
_CHINA = 8 * 3600
"""Seconds that its clocks are ahead of UTC, in summer and in winter."""


def data_of(answer: Answer) -> dict[str, Any]:
    """`data` of an answer whose `ret` is "0". Raises what any other answer means."""
    if answer.status != 200:
        raise answer.error()
    payload = answer.json()
    ret, data = at(payload, "ret"), at(payload, "data")
    code = str(ret)  # nearly always it is a text already
    if ret is None or (code == "0" and not isinstance(data, dict)):
        raise answer.error("it says neither success nor failure")
    if code != "0":
        raise _refusal(answer, code, answer.quote(text_at(payload, "errmsg")))
    return dict(data)


def signed_out() -> AccountRejected:
    return AccountRejected("Jimeng does not know this session, or not any more: sign in there again.")


def failure(answer: Answer, code: str, said: str) -> EaselError:
    """Why a run that was taken came to nothing."""
    said = answer.quote(said) or "no reason given"
    details = {"upstream": said, "code": answer.quote(code)}
    if code in _CONTENT:
        return ContentRefused("Jimeng refuses what this shows, or would show.", details=details)
    message = f"The generation failed at Jimeng: {said}."
    if code in _SPENT:
        return GenerationFailed(message, code=AccountExhausted.code, details=details)
    if code in _SUSPECTED:
        return GenerationFailed(message, code="generation_blocked", details=details)
    return GenerationFailed(message, details=details)


def until_midnight(now: float) -> float:
    """Seconds until the day ends in China, when the day's credits are given."""
    return _DAY - (now + _CHINA) % _DAY


def _refusal(answer: Answer, code: str, said: str) -> EaselError:
    """Only a request for work can be at fault itself."""
    details = {"upstream": said, "code": answer.quote(code)}
    message = f"Jimeng refused: {said or 'no reason given'} ({details['code']})."
    if code in _SIGNED_OUT:
        return signed_out()
    if code in _SPENT:
        return AccountExhausted(
            "The account at Jimeng has no credits left.", details=details, retry_after=until_midnight(time.time())
        )
    if code in _SUSPECTED:
        return AccountError(
            "Jimeng takes us for a robot: it blocks the account, or this host's address.",
            code="generation_blocked",
            details=details,
        )
    if not answer.sent:
        return Unavailable(message, details=details)
    if code in _CONTENT:
        return ContentRefused("Jimeng refuses this prompt, or its pictures.", param="prompt", details=details)
    if code in _MALFORMED:
        return BadRequest(message, details=details)
    if code in _FAILED:
        return GenerationFailed(message, details=details)
    return UpstreamError(message, details=details)
