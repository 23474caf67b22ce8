"""Map errors to HTTP: status, OpenAI error object, and retry headers."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from shared import errors
from shared.errors import EaselError, GenerationPending

if TYPE_CHECKING:
    from shared.api.responses.types import ErrorObject

LONGEST_JOB_HEADER = 2000
"""Characters. Proxies such as nginx refuse a response whose headers exceed 4 kB in all."""

LONGEST_RETRY_AFTER = 60.0
"""Seconds. Some clients sleep for any Retry-After; others ignore larger values and retry at once."""


class Meaning(NamedTuple):
    """`retry`: the same request may succeed shortly, and retrying it cannot be billed twice."""

    status: int
    type: str
    retry: bool = False


_MEANINGS: dict[type[EaselError], Meaning] = {
    errors.BadRequest: Meaning(400, "invalid_request_error"),
    errors.ContentRefused: Meaning(400, "image_generation_user_error"),
    errors.Unauthenticated: Meaning(401, "invalid_request_error"),
    errors.Forbidden: Meaning(403, "permission_error"),
    errors.NotFound: Meaning(404, "invalid_request_error"),
    errors.WrongMethod: Meaning(405, "invalid_request_error"),
    errors.RequestTimeout: Meaning(408, "invalid_request_error", retry=True),
    errors.TooLarge: Meaning(413, "invalid_request_error"),
    errors.RangeInvalid: Meaning(416, "invalid_request_error"),
    errors.KeyReused: Meaning(422, "invalid_request_error"),
    errors.HeadersTooLarge: Meaning(431, "invalid_request_error"),
    errors.Misconfigured: Meaning(500, "server_error"),
    errors.StoreUnavailable: Meaning(503, "server_error", retry=True),
    errors.Overloaded: Meaning(429, "rate_limit_error", retry=True),
    errors.NoAccount: Meaning(503, "server_error", retry=True),
    errors.AccountLimited: Meaning(429, "rate_limit_error", retry=True),
    errors.AccountExhausted: Meaning(402, "insufficient_quota"),
    errors.Unavailable: Meaning(502, "upstream_error", retry=True),
    errors.UpstreamError: Meaning(502, "upstream_error"),
    errors.TakenError: Meaning(424, "upstream_error"),
    EaselError: Meaning(500, "server_error"),
}


def meaning_of(error: EaselError) -> Meaning:
    return meaning_of_type(type(error))


def meaning_of_type(error: type[EaselError]) -> Meaning:
    return next(_MEANINGS[kind] for kind in error.__mro__ if kind in _MEANINGS)


def error_object(error: EaselError) -> ErrorObject:
    """Return the `error` object of an error response: four fixed fields, plus `details` and `job` if known."""
    body: ErrorObject = {
        "message": error.message,
        "type": meaning_of(error).type,
        "param": error.param,
        "code": error.code,
    }
    if details := {**error.details, **_reset(error)}:
        body["details"] = details
    if isinstance(error, errors.TakenError) and error.job:
        body["job"] = error.job
    return body


class ErrorResponse(Response):
    """The response for an error. `beside` holds fields next to `error` that older clients of a route read."""

    def __init__(self, error: EaselError, prefix: str = "", beside: dict[str, Any] | None = None) -> None:
        meaning = meaning_of(error)
        content = json.dumps({"error": error_object(error), **(beside or {})}).encode()
        headers = {"cache-control": "no-store", **_headers(error, meaning, prefix)}
        super().__init__(content, meaning.status, headers, "application/json")


class StillRunning(ErrorResponse):
    """The response for a pending job to clients of the Z-Image proxy, which expect 408."""

    status_code = 408

    def __init__(self, error: GenerationPending, prefix: str, beside: dict[str, Any]) -> None:
        super().__init__(error, prefix, beside)
        self.status_code = StillRunning.status_code


def nested_detail(error: EaselError) -> dict[str, Any]:
    """Return the error where clients of the Imagen API read it."""
    return {"detail": {"error": error_object(error)}}


def plain_detail(error: EaselError) -> dict[str, Any]:
    """Return the message where clients of a FastAPI program read it."""
    return {"detail": error.message}


def chat_detail(error: EaselError) -> dict[str, Any]:
    """Return the error where clients of the AkashGen and AkashChat proxies read it."""
    details = error.details.get("upstream") or error.message
    return {"details": details, "code": meaning_of(error).status, "data": {"msg": error.message}}


def job_header(job: str) -> dict[str, str]:
    """Return the header that names the job, unless the id is too long for a header."""
    return {"easel-job": job} if 0 < len(job) <= LONGEST_JOB_HEADER else {}


def _headers(error: EaselError, meaning: Meaning, prefix: str) -> dict[str, str]:
    far = (error.retry_after or 0) > LONGEST_RETRY_AFTER
    headers = {"x-should-retry": "true" if meaning.retry and not far else "false"}
    if meaning.retry and error.retry_after is not None:
        seconds = min(error.retry_after, LONGEST_RETRY_AFTER)
        headers |= {"retry-after": str(math.ceil(seconds)), "retry-after-ms": str(math.ceil(seconds * 1000))}
    match error:
        case errors.Unauthenticated():
            headers["www-authenticate"] = "Bearer"
        case errors.WrongMethod(allow=allow):
            headers["allow"] = allow
        case errors.RangeInvalid(total=int(total)):
            headers["content-range"] = f"bytes */{total}"
        case errors.TakenError(job=str(job)):
            headers |= {"location": f"{prefix}/v1/jobs/{job}", **job_header(job)}
    return headers


def _reset(error: EaselError) -> dict[str, int]:
    """Return when a limit ends, as Unix time, if that is too far off for Retry-After."""
    if (error.retry_after or 0) <= LONGEST_RETRY_AFTER:
        return {}
    return {"reset_at": int(time.time() + (error.retry_after or 0))}
