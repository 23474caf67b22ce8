"""What Google's errors mean: the key, the quota, the model, the request, or Google itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from shared.errors import AccountExhausted, AccountLimited, AccountRejected, EaselError, NotFound, Unavailable
from shared.http import Answer, clean
from shared.providers._reading import as_list

_DELAY = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s", re.ASCII)
_NO_QUOTA = re.compile(r"\blimit: 0\b")
_OF_THE_ACCOUNT = ("api key not valid", "location is not supported", "billing")


def failure(answer: Answer) -> EaselError:
    """The error behind an answer of 400 or more."""
    error = _error(answer)
    said = clean(str(error.get("message") or ""))
    details = {"upstream": said, "status": answer.status}
    message = f"Gemini refused: {said}."
    match answer.status:
        case _ if not said:
            return answer.error()
        case 429:
            return _limit(message, error, details, _NO_QUOTA.search(said) is not None)
        case 400 if _blames_account(error, said):
            return AccountRejected(message, details=details)
        case 404:
            gone = f"Gemini has no such model, or no longer: {said}."
            return NotFound(gone, code="model_not_found", param="model", details=details)
        case 500 | 503:
            # Google's own words, and not a proxy's page: nothing was made, and nothing is charged.
            return Unavailable(message, details=details)
    return answer.error(said)


def _error(answer: Answer) -> dict[str, Any]:
    try:
        payload = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    error = payload.get("error") if isinstance(payload, dict) else None
    return error if isinstance(error, dict) else {}


def _blames_account(error: dict[str, Any], said: str) -> bool:
    reasons = {detail.get("reason") for detail in _details(error)}
    return "API_KEY_INVALID" in reasons or any(words in said.lower() for words in _OF_THE_ACCOUNT)


def _limit(message: str, error: dict[str, Any], details: dict[str, Any], without_quota: bool) -> EaselError:
    """A quota of nought does not fill up again; that of a day does at midnight, all others when Google says so."""
    if without_quota:
        return AccountExhausted(message, details=details)
    quotas = [quota for detail in _details(error) for quota in as_list(detail.get("violations"))]
    if any("PerDay" in str(quota.get("quotaId")) for quota in quotas if isinstance(quota, dict)):
        return AccountLimited(message, details=details, retry_after=until_midnight(datetime.now(_pacific())))
    delays = (_DELAY.fullmatch(str(detail.get("retryDelay"))) for detail in _details(error))
    return AccountLimited(
        message, details=details, retry_after=next((float(delay[1]) for delay in delays if delay), None)
    )


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
