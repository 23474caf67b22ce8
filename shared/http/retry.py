"""Retries of reads."""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import time
from collections.abc import Awaitable, Callable, Container, Mapping
from typing import NamedTuple, Protocol, TypeVar

import httpx

from shared.http.error_mapping import BROKEN, unavailable

TRANSIENT = frozenset({502, 503, 504})
LONGEST_WISH = 2.0


class RetryPolicy(NamedTuple):
    """At most `attempts` attempts, the last of which begins before `seconds` have passed.

    `pause` is the average wait before the second attempt, in seconds; it doubles from there. 0 removes all waiting.
    """

    attempts: int = 3
    seconds: float = 10.0
    pause: float = 0.25


class Answering(Protocol):
    """The parts of a response that decide whether to retry."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


AnswerT = TypeVar("AnswerT", bound=Answering)


async def repeat(
    attempt: Callable[[], Awaitable[AnswerT]], patience: RetryPolicy, transient: Container[int] = TRANSIENT
) -> AnswerT:
    """Retry until the response is not transient or `patience` is exhausted; return the last response.

    Raises Unavailable if the last attempt failed without a response.
    """
    until = time.monotonic() + patience.seconds
    tried = 0
    while True:
        tried += 1
        outcome = await _outcome(attempt)
        wait = _wait(outcome, tried, patience, transient)
        if wait is None or tried >= patience.attempts or time.monotonic() + wait > until:
            break
        await asyncio.sleep(wait)
    if isinstance(outcome, Exception):
        raise unavailable(outcome) from outcome
    return outcome


async def _outcome(attempt: Callable[[], Awaitable[AnswerT]]) -> AnswerT | Exception:
    try:
        return await attempt()
    except BROKEN as error:
        return error


def _wait(outcome: Answering | Exception, tried: int, patience: RetryPolicy, transient: Container[int]) -> float | None:
    """Return the seconds to wait before the next attempt; None if a retry is pointless."""
    wish = 0.0
    if isinstance(outcome, httpx.DecodingError):  # another response would be no smaller
        return None
    if not isinstance(outcome, Exception):
        if outcome.status not in transient:
            return None
        wish = retry_after(outcome.headers) or 0.0
        if wish > LONGEST_WISH:
            return None
    return max(wish, patience.pause * 2 ** (tried - 1) * random.uniform(0.5, 1.5)) if patience.pause else 0.0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait according to `retry-after-ms` or `retry-after`; None without a valid one."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    wish = headers.get("retry-after", "")
    seconds = _number(wish)
    return _seconds_until(wish) if seconds is None else seconds


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def _seconds_until(date: str) -> float | None:
    try:
        return max(0.0, email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    except ValueError:
        return None
