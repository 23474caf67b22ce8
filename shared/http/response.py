"""A complete response, and the mapping of its status to an error, for all upstreams."""

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
from shared.http.error_mapping import MAYBE_ACCEPTED
from shared.http.json_text import parse_json
from shared.http.redaction import Redaction
from shared.http.retry import retry_after


class Response(NamedTuple):
    """A complete response. `sent` is True for a response to `send`, which may have submitted a job."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: bool
    redaction: Redaction = Redaction()

    def json(self) -> Any:
        """Return the parsed body. If it is not JSON, raise the error for the status, else Unavailable or Uncertain."""
        try:
            return parse_json(self.body)
        except (ValueError, RecursionError) as error:
            raise self._failure("answered with something that is not JSON, or is too large") from error

    def json_or_none(self) -> Any:
        """Return the parsed body; None if it is not JSON."""
        try:
            return parse_json(self.body)
        except (ValueError, RecursionError):
            return None

    def quote(self, said: str) -> str:
        """Return text of the upstream, safe for errors and logs: see `Redaction.quote`."""
        return self.redaction.quote(said)

    def error(self, said: str = "") -> EaselError:
        """Return the error for this response; `said` is the upstream's own message."""
        return self._failure(f"answered with status {self.status}", self.quote(said))

    def _failure(self, what: str, said: str = "") -> EaselError:
        message = f"The upstream {what}{': ' + said if said else ''}."
        details = {"status": self.status} | ({"upstream": said} if said else {})
        wait = retry_after(self.headers)
        if refusal := _refusal(self.status, self.sent):
            return refusal(message, details=details, retry_after=wait)
        refused = 400 <= self.status < 500 or (self.status == 503 and wait is not None)
        if self.sent and not refused:
            return Uncertain(f"{message} {MAYBE_ACCEPTED}", details=details)
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
