"""What Google's errors mean: the key, the quota, the model, the request, or Google itself.

An error has a number as its `code` and a word as its `status`, or in the Interactions API a word as its `code` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from shared.errors import (
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    NotFound,
    Unavailable,
)
from shared.http import Answer
from shared.providers._reading import as_dict, as_list, says_unsafe
from shared.values import Failed

_DELAY = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s", re.ASCII)
_NO_QUOTA = re.compile(r"\blimit: 0\b")
_OF_THE_ACCOUNT = ("api key not valid", "location is not supported", "billing")
_UNSAFE = ("safety", "responsible ai", "policies", "guidelines", "blocked")


def failure(answer: Answer) -> EaselError:
    """The error behind an answer of 400 or more to an order."""
    error = _error(answer)
    said = answer.quote(str(error.get("message") or ""))
    details = {"upstream": said, "status": answer.status}
    message = f"Gemini refused: {said}."
    match answer.status:
        case _ if not said:
            return answer.error()
        case 429:
            return _limit(answer, message, details)
        case 400 if _blames_account(error, said):
            return AccountRejected(message, details=details)
        case 400 if is_refusal(said):
            return refused(answer, said)
        case 404:
            gone = f"Gemini has no such model, or no longer: {said}."
            return NotFound(gone, code="model_not_found", param="model", details=details)
        case 500 | 503:
            # Google's own words, and not a proxy's page: nothing was made, and nothing is charged.
            return Unavailable(message, details=details)
    return answer.error(said)


def lost(answer: Answer) -> EaselError:
    """The same of an answer about a video that was ordered before."""
    error = failure(answer)
    if isinstance(error, NotFound):
        return NotFound("Gemini does not have this video any more.", param="id", details=error.details)
    return error


def missed(answer: Answer) -> Failed:
    """The end of a job whose look was answered with 400 or more; where that says nothing of the job, it is raised.

    A look has nothing to be wrong in it: by a 400 the Interactions API tells that the job came to nothing.
    """
    error = lost(answer)
    if not isinstance(error, BadRequest | ContentRefused):
        raise error
    if said := str(_error(answer).get("message") or ""):
        return Failed(failed(answer, said))
    raise Unavailable(error.message, details=error.details)


def lost_file(answer: Answer) -> EaselError:
    """The error behind such an answer about a file, of which Google does not say whether it is gone or another's."""
    if answer.status in (403, 404):
        return NotFound("Gemini does not have this file any more: it keeps them for two days.", param="id")
    return failure(answer)


def failed(answer: Answer, said: str) -> EaselError:
    """Why work that was taken came to nothing."""
    said = answer.quote(said)
    if is_refusal(said):
        return refused(answer, said)
    reason = f": {said}" if said else ", and it did not say why"
    return GenerationFailed(f"The generation failed at Gemini{reason}.", details={"upstream": said})


def refused(answer: Answer, reason: str) -> ContentRefused:
    said = answer.quote(reason)
    return ContentRefused(f"Gemini will not make this: {said}.", param="prompt", details={"upstream": said})


def is_refusal(said: str) -> bool:
    """Whether a sentence of Google's means that it will not make this."""
    return says_unsafe(said) or any(words in said.lower() for words in _UNSAFE)


def _error(answer: Answer) -> dict[str, Any]:
    return as_dict(as_dict(answer.json_or_none()).get("error"))


def _blames_account(error: dict[str, Any], said: str) -> bool:
    reasons = {detail.get("reason") for detail in _details(error)}
    return "API_KEY_INVALID" in reasons or any(words in said.lower() for words in _OF_THE_ACCOUNT)


def _limit(answer: Answer, message: str, details: dict[str, Any]) -> EaselError:
    """A quota of nought does not fill up again; that of a day does at midnight, all others when Google says so."""
    error = _error(answer)
    if _NO_QUOTA.search(message):
        return AccountExhausted(message, details=details)
    quotas = [quota for detail in _details(error) for quota in as_list(detail.get("violations"))]
    if any("PerDay" in str(quota.get("quotaId")) for quota in quotas if isinstance(quota, dict)):
        return AccountLimited(message, details=details, retry_after=until_midnight(datetime.now(_pacific())))
    delays = (_DELAY.fullmatch(str(detail.get("retryDelay"))) for detail in _details(error))
    told = next((float(delay[1]) for delay in delays if delay), None)
    return AccountLimited(message, details=details, retry_after=answer.error().retry_after if told is None else told)


def until_midnight(now: datetime) -> float:
    """Seconds from a moment to the next midnight where it is told."""
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight.astimezone(UTC) - now.astimezone(UTC)).total_seconds()


def _pacific() -> tzinfo:
    """Google's day. Where no time zones are known, that of winter: an hour late is better than one too early."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))


def _details(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (detail for detail in as_list(error.get("details")) if isinstance(detail, dict))
