"""Error types; the type decides the status, and whether a request may be retried.

EaselError
├── CallerError              the request is at fault; nothing went upstream
│   ├── BadRequest           malformed, or not supported
│   ├── ContentRefused       rejected by the upstream's moderation
│   ├── Unauthenticated      no API key, or an invalid one
│   ├── Forbidden            caller or address not allowed
│   ├── NotFound             unknown, tampered, expired or foreign
│   ├── WrongMethod          the path does not support this method
│   ├── RequestTimeout       the request did not arrive in time
│   ├── TooLarge             body above the limit
│   ├── RangeInvalid         byte range outside the file
│   ├── KeyReused            Idempotency-Key already used with another body
│   └── HeadersTooLarge      headers above the limit
├── Misconfigured            a setting has an invalid value; the message names it
├── StoreUnavailable         external storage is unavailable
├── Overloaded               a concurrency limit is reached
├── NoAccount                no account is available for the model
├── UpstreamError            the upstream did not accept the request
│   ├── Unavailable          down, unreachable, or sent an invalid response
│   └── AccountError         this account cannot serve; another may
│       ├── AccountRejected  its credential was rejected
│       ├── AccountExhausted it is out of credit
│       └── AccountLimited   it is rate limited
└── TakenError               the upstream accepted the request, or may have: never submit it again
    ├── GenerationFailed     the job ended without a result
    ├── GenerationPending    the job is still running, and the wait timed out
    ├── Uncertain            the connection failed before the upstream's response
    └── ResultLost           the job was accepted, but its result cannot be retrieved
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class EaselError(Exception):
    """Base class. `message` must be self-contained, as most clients show nothing else, and never holds a secret.

    `code` is machine-readable, `param` names the invalid field, `details` is what the upstream returned, and
    `retry_after` is the number of seconds to wait before a retry.
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
    """`allow` lists the methods that the path supports."""

    code = "method_not_allowed"

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class RequestTimeout(CallerError):
    code = "request_timeout"


class TooLarge(CallerError):
    code = "request_too_large"


class RangeInvalid(CallerError):
    """`total` is the file's size in bytes, None if unknown."""

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
    """`job` is the id of the job, which is appended to the message; None if there is none."""

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
