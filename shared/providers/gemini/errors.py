"""Map Google's errors to ours: key, quota, model, request, or Google itself.

An error has a numeric `code` and a string `status`; in the Interactions API it has only a string `code`.
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
from shared.http import Response
from shared.providers._json import as_dict, as_list, is_moderation
from shared.results import Failed

_DELAY = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s", re.ASCII)
_NO_QUOTA = re.compile(r"\blimit: 0\b")
_ACCOUNT_WORDS = ("api key not valid", "location is not supported", "billing")
_MODERATION_WORDS = ("safety", "responsible ai", "policies", "guidelines", "blocked")


def refusal(response: Response) -> EaselError:
    """Return the error for a submit response of 400 or more."""
    error = _error(response)
    reason = response.quote(str(error.get("message") or ""))
    details = {"upstream": reason, "status": response.status}
    message = f"Gemini rejected the request: {reason}."
    match response.status:
        case _ if not reason:
            return response.error()
        case 429:
            return _limit(response, message, details)
        case 400 if _is_account_error(error, reason):
            return AccountRejected(message, details=details)
        case 400 if is_moderation_message(reason):
            return content_refused(response, reason)
        case 404:
            gone = f"Gemini does not offer this model: {reason}."
            return NotFound(gone, code="model_not_found", param="model", details=details)
        case 500 | 503:
            # The error comes from Google itself, not from a proxy: nothing was generated, and nothing is charged.
            return Unavailable(message, details=details)
    return response.error(reason)


def job_refusal(response: Response) -> EaselError:
    """Return the error for a response of 400 or more about an existing video."""
    error = refusal(response)
    if isinstance(error, NotFound):
        return NotFound("The video no longer exists at Gemini.", param="id", details=error.details)
    return error


def poll_failure(response: Response) -> Failed:
    """Return the status for a poll response of 400 or more; raise the error if it says nothing about the job.

    A poll has no parameters to reject: a 400 from the Interactions API means that the job failed.
    """
    error = job_refusal(response)
    if not isinstance(error, BadRequest | ContentRefused):
        raise error
    if reason := str(_error(response).get("message") or ""):
        return Failed(failure(response, reason))
    raise Unavailable(error.message, details=error.details)


def file_refusal(response: Response) -> EaselError:
    """Return the error for such a response about a file; Google does not say if it is gone or owned by another key."""
    if response.status in (403, 404):
        return NotFound("The file no longer exists at Gemini, which keeps files for two days.", param="id")
    return refusal(response)


def failure(response: Response, reason: str) -> EaselError:
    """Return the error for an accepted job that failed."""
    reason = response.quote(reason)
    if is_moderation_message(reason):
        return content_refused(response, reason)
    message = f"The generation failed at Gemini: {reason or 'no reason given'}."
    return GenerationFailed(message, details={"upstream": reason})


def content_refused(response: Response, reason: str) -> ContentRefused:
    reason = response.quote(reason)
    return ContentRefused(
        f"Gemini's moderation rejected the request: {reason}.", param="prompt", details={"upstream": reason}
    )


def is_moderation_message(reason: str) -> bool:
    """Return whether Google's message is a content refusal."""
    return is_moderation(reason) or any(words in reason.lower() for words in _MODERATION_WORDS)


def _error(response: Response) -> dict[str, Any]:
    return as_dict(as_dict(response.json_or_none()).get("error"))


def _is_account_error(error: dict[str, Any], reason: str) -> bool:
    reasons = {detail.get("reason") for detail in _details(error)}
    return "API_KEY_INVALID" in reasons or any(words in reason.lower() for words in _ACCOUNT_WORDS)


def _limit(response: Response, message: str, details: dict[str, Any]) -> EaselError:
    """Return the error for a 429: a zero quota never resets, a daily one does at midnight, others when Google says."""
    error = _error(response)
    if _NO_QUOTA.search(message):
        return AccountExhausted(message, details=details)
    quotas = [quota for detail in _details(error) for quota in as_list(detail.get("violations"))]
    if any("PerDay" in str(quota.get("quotaId")) for quota in quotas if isinstance(quota, dict)):
        return AccountLimited(message, details=details, retry_after=until_midnight(datetime.now(_pacific())))
    delays = (_DELAY.fullmatch(str(detail.get("retryDelay"))) for detail in _details(error))
    delay = next((float(match[1]) for match in delays if match), None)
    return AccountLimited(
        message, details=details, retry_after=response.error().retry_after if delay is None else delay
    )


def until_midnight(now: datetime) -> float:
    """Return the seconds from `now` to the next midnight in its time zone."""
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight.astimezone(UTC) - now.astimezone(UTC)).total_seconds()


def _pacific() -> tzinfo:
    """Return the zone of Google's daily quotas; without zone data, UTC-8: an hour late is better than an hour early."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))


def _details(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (detail for detail in as_list(error.get("details")) if isinstance(detail, dict))
