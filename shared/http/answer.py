"""A whole answer, and what its status means: the one place where that is decided for all upstreams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.errors import (
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    EaselError,
    NotFound,
    Unavailable,
    Uncertain,
)
from shared.http.faults import MAYBE_TAKEN
from shared.http.json_text import parse_json
from shared.http.redaction import Redaction
from shared.http.retry import retry_after


class Answer(NamedTuple):
    """`sent` says that it answers a `send`, which may have started work."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: bool
    redaction: Redaction = Redaction()

    def json(self) -> Any:
        """The body's content. What is not JSON is an error: the one that the status says, or that nothing was said."""
        try:
            return parse_json(self.body)
        except (ValueError, RecursionError) as error:
            raise self._failure("answered with something that is not JSON, or is too large") from error

    def json_or_none(self) -> Any:
        """The body's content; None where it is not JSON."""
        try:
            return parse_json(self.body)
        except (ValueError, RecursionError):
            return None

    def quote(self, said: str) -> str:
        """What an upstream says, as it may stand in errors and logs: see `Redaction.quote`."""
        return self.redaction.quote(said)

    def error(self, said: str = "") -> EaselError:
        """What this answer means when it is not the one hoped for; `said` is the upstream's own sentence about it."""
        return self._failure(f"answered with status {self.status}", self.quote(said))

    def _failure(self, what: str, said: str = "") -> EaselError:
        message = f"The upstream {what}{': ' + said if said else ''}."
        details = {"status": self.status} | ({"upstream": said} if said else {})
        wait = retry_after(self.headers)
        if refusal := _refusal(self.status, self.sent):
            return refusal(message, details=details, retry_after=wait)
        refused = 400 <= self.status < 500 or (self.status == 503 and wait is not None)
        if self.sent and not refused:
            return Uncertain(f"{message} {MAYBE_TAKEN}", details=details)
        return Unavailable(message, details=details, retry_after=wait)


def _refusal(status: int, sent: bool) -> type[EaselError] | None:
    if status in (401, 403):
        return AccountRejected
    if status == 402:
        return AccountExhausted
    if status == 429:
        return AccountLimited
    if status in (400, 413, 415, 422):
        return BadRequest
    if status == 404 and not sent:
        return NotFound
    return None
