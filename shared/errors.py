"""What can go wrong, as types. An error says what happened and carries the decisions that follow from it.

EaselError
├── CallerError              the request is at fault; nothing went upstream
│   ├── BadRequest           malformed, or asks for what cannot be had
│   ├── ContentRefused       the upstream will not draw this
│   ├── Unauthenticated      no key, or a wrong one
│   ├── Forbidden            a caller or an address that is not served here
│   ├── NotFound             unknown, tampered, expired or foreign
│   ├── WrongMethod          the path exists, this verb on it does not
│   ├── RequestTimeout       a request that did not arrive in time
│   ├── TooLarge             a body above the limit
│   ├── RangeInvalid         a byte range outside of the file
│   ├── KeyReused            an Idempotency-Key that came with another body before
│   └── HeadersTooLarge      headers above the limit
├── Misconfigured            a setting has a bad value; the message names it
├── StoreUnavailable         what is kept outside of this process cannot be reached
├── Overloaded               this instance has enough to do
├── NoAccount                nobody is left to serve the model
├── UpstreamError            the upstream did not take the work
│   ├── Unavailable          broken, unreachable, or not making sense
│   └── AccountError         this account cannot serve; the next one may
│       ├── AccountRejected  its credentials are refused
│       ├── AccountExhausted its credit is used up
│       └── AccountLimited   it has to wait
└── TakenError               the upstream took the work, or may have: never start it again
    ├── GenerationFailed     the job ended without a result
    ├── GenerationPending    the job goes on, our time to wait does not
    ├── Uncertain            the connection broke before the upstream's answer
    └── ResultLost           the work is done or under way, and we cannot get at it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class EaselError(Exception):
    """Base of all. `message` stands alone: it is all that most clients show, and never holds a secret.

    `code` is for programs, `param` names the field at fault, `details` is what the upstream said, and `retry_after`
    are the seconds after which another try makes sense.
    """

    code = "server_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.param = param
        self.details = dict(details or {})
        self.retry_after = retry_after


class CallerError(EaselError):
    code = "invalid_request"


class BadRequest(CallerError):
    code = "invalid_value"


class ContentRefused(CallerError):
    code = "moderation_blocked"


class Unauthenticated(CallerError):
    code = "invalid_api_key"


class Forbidden(CallerError):
    code = "forbidden"


class NotFound(CallerError):
    code = "not_found"


class WrongMethod(CallerError):
    """`allow` lists the verbs that the path has."""

    code = "method_not_allowed"

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class RequestTimeout(CallerError):
    code = "request_timeout"


class TooLarge(CallerError):
    code = "request_too_large"


class RangeInvalid(CallerError):
    """`total` is the file's size in bytes, where it is known."""

    code = "range_not_satisfiable"

    def __init__(self, total: int | None) -> None:
        super().__init__("The requested range lies outside of the file.")
        self.total = total


class KeyReused(CallerError):
    code = "idempotency_key_reused"


class HeadersTooLarge(CallerError):
    code = "headers_too_large"


class Misconfigured(EaselError):
    code = "misconfigured"


class StoreUnavailable(EaselError):
    code = "store_unavailable"


class Overloaded(EaselError):
    code = "rate_limit_exceeded"


class NoAccount(EaselError):
    code = "no_account_available"


class UpstreamError(EaselError):
    code = "upstream_failed"


class Unavailable(UpstreamError):
    code = "upstream_unavailable"


class AccountError(UpstreamError):
    pass


class AccountRejected(AccountError):
    code = "upstream_account_rejected"


class AccountExhausted(AccountError):
    code = "upstream_out_of_credit"


class AccountLimited(AccountError):
    code = "rate_limit_exceeded"


class TakenError(EaselError):
    """`job` is the id under which the work can still be found, and ends the message; None where there is none."""

    code = "upstream_failed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        job: str | None = None,
    ) -> None:
        super().__init__(f"{message} Its job is {job}." if job else message, code=code, details=details)
        self.job = job


class GenerationFailed(TakenError):
    code = "generation_failed"


class GenerationPending(TakenError):
    code = "generation_pending"


class Uncertain(TakenError):
    code = "upstream_failed"


class ResultLost(TakenError):
    code = "upstream_failed"
