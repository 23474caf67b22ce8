"""The error tree as it is drawn, and what each error is over HTTP: status, type, code, Retry-After."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from starlette.responses import Response

from shared import errors
from shared.api.errors import ErrorResponse, StillRunning, error_object, meaning_of, nested_detail
from shared.errors import EaselError


def drawn_tree() -> dict[str, str]:
    """Each class in the drawing, with the one above it; the root's is Exception."""
    parents, path = {}, ["Exception"]
    for line in str(errors.__doc__).split("\n\n")[1].splitlines():
        branch, name = re.findall(r"^([│├└─ ]*)(\w+)", line)[0]
        depth = len(branch) // 4
        path[depth + 1 :] = [name]
        parents[name] = path[depth]
    return parents


def declared() -> list[type[EaselError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EaselError)]


def test_the_tree_is_declared_as_it_is_drawn() -> None:
    assert drawn_tree() == {kind.__name__: kind.__mro__[1].__name__ for kind in declared()}
    assert list(drawn_tree()) == [kind.__name__ for kind in declared()], "in one order"


def an_error(kind: type[EaselError], **given: Any) -> EaselError:
    """One with a message, whatever else its kind asks for."""
    if kind is errors.RangeInvalid:
        return errors.RangeInvalid(1000)
    if kind is errors.WrongMethod:
        return errors.WrongMethod("not so", "GET, HEAD")
    return kind("not so", **given)


def answered(error: EaselError, **given: Any) -> tuple[Response, dict[str, Any]]:
    response = ErrorResponse(error, **given)
    return response, json.loads(bytes(response.body))


# status, type, code, whether clients should send the same again
TABLE = {
    errors.EaselError: (500, "server_error", "server_error", False),
    errors.CallerError: None,
    errors.BadRequest: (400, "invalid_request_error", "invalid_value", False),
    errors.ContentRefused: (400, "image_generation_user_error", "moderation_blocked", False),
    errors.Unauthenticated: (401, "invalid_request_error", "invalid_api_key", False),
    errors.Forbidden: (403, "permission_error", "forbidden", False),
    errors.NotFound: (404, "invalid_request_error", "not_found", False),
    errors.WrongMethod: (405, "invalid_request_error", "method_not_allowed", False),
    errors.RequestTimeout: (408, "invalid_request_error", "request_timeout", True),
    errors.TooLarge: (413, "invalid_request_error", "request_too_large", False),
    errors.RangeInvalid: (416, "invalid_request_error", "range_not_satisfiable", False),
    errors.KeyReused: (422, "invalid_request_error", "idempotency_key_reused", False),
    errors.HeadersTooLarge: (431, "invalid_request_error", "headers_too_large", False),
    errors.Misconfigured: (500, "server_error", "misconfigured", False),
    errors.StoreUnavailable: (503, "server_error", "store_unavailable", True),
    errors.Overloaded: (429, "rate_limit_error", "rate_limit_exceeded", True),
    errors.NoAccount: (503, "server_error", "no_account_available", True),
    errors.UpstreamError: (502, "upstream_error", "upstream_failed", False),
    errors.Unavailable: (502, "upstream_error", "upstream_unavailable", True),
    errors.AccountError: (502, "upstream_error", "upstream_failed", False),
    errors.AccountRejected: (502, "upstream_error", "upstream_account_rejected", False),
    errors.AccountExhausted: (402, "insufficient_quota", "upstream_out_of_credit", False),
    errors.AccountLimited: (429, "rate_limit_error", "rate_limit_exceeded", True),
    errors.TakenError: (424, "upstream_error", "upstream_failed", False),
    errors.GenerationFailed: (424, "upstream_error", "generation_failed", False),
    errors.GenerationPending: (424, "upstream_error", "generation_pending", False),
    errors.Uncertain: (424, "upstream_error", "upstream_failed", False),
    errors.ResultLost: (424, "upstream_error", "upstream_failed", False),
}
CONCRETE = {kind: expected for kind, expected in TABLE.items() if expected}


def test_the_table_knows_every_error() -> None:
    assert set(TABLE) == set(declared())


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
def test_what_an_error_is_over_http(kind: type[EaselError]) -> None:
    status, word, code, again = CONCRETE[kind]
    response, body = answered(an_error(kind))
    assert response.status_code == status
    assert (body["error"]["type"], body["error"]["code"]) == (word, code)
    assert response.headers["x-should-retry"] == str(again).lower()
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert "retry-after" not in response.headers


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
def test_an_error_always_has_the_same_four_keys(kind: type[EaselError]) -> None:
    _, body = answered(an_error(kind))
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"] == an_error(kind).message
    assert body["error"]["param"] is None


RETRIED_BY_CLIENTS = {408, 409, 429, *range(500, 600)}


@pytest.mark.parametrize("kind", [kind for kind in CONCRETE if issubclass(kind, errors.TakenError)])
def test_what_may_have_been_bought_has_a_status_that_nobody_retries(kind: type[EaselError]) -> None:
    assert meaning_of(an_error(kind)).status not in RETRIED_BY_CLIENTS
    assert not meaning_of(an_error(kind)).retry


RETRYABLE = [kind for kind, expected in CONCRETE.items() if expected[3]]
NEAR = [
    (0, "0", "0"),
    (0.2, "1", "200"),
    (2, "2", "2000"),
    (7.0001, "8", "7001"),
    (59.5, "60", "59500"),
    (60, "60", "60000"),
]


@pytest.mark.parametrize("kind", RETRYABLE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("seconds", "whole", "thousandths"), NEAR)
def test_a_time_to_come_back_is_rounded_up(
    kind: type[EaselError], seconds: float, whole: str, thousandths: str
) -> None:
    response, body = answered(an_error(kind, retry_after=seconds))
    assert (response.headers["retry-after"], response.headers["retry-after-ms"]) == (whole, thousandths)
    assert response.headers["x-should-retry"] == "true"
    assert "details" not in body["error"]


@pytest.mark.parametrize("kind", RETRYABLE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seconds", [60.5, 3600, 1e7])
def test_a_time_that_is_far_away_is_named_and_not_waited_for(kind: type[EaselError], seconds: float) -> None:
    response, body = answered(an_error(kind, retry_after=seconds, details={"upstream": "wait"}))
    assert (response.headers["retry-after"], response.headers["retry-after-ms"]) == ("60", "60000")
    assert response.headers["x-should-retry"] == "false"
    assert body["error"]["details"]["upstream"] == "wait"
    assert body["error"]["details"]["reset_at"] == pytest.approx(time.time() + seconds, abs=3)


@pytest.mark.parametrize("kind", [errors.BadRequest, errors.AccountExhausted, errors.AccountRejected])
def test_where_coming_back_is_no_use_there_is_no_time_for_it(kind: type[EaselError]) -> None:
    response, _ = answered(an_error(kind, retry_after=5))
    assert not {"retry-after", "retry-after-ms"} & set(response.headers)


def test_own_code_param_and_details_are_told() -> None:
    error = errors.BadRequest("not so", code="invalid_json", param="size", details={"status": 422})
    assert error_object(error) == {
        "message": "not so",
        "type": "invalid_request_error",
        "param": "size",
        "code": "invalid_json",
        "details": {"status": 422},
    }


@pytest.mark.parametrize("kind", [kind for kind in CONCRETE if issubclass(kind, errors.TakenError)])
@pytest.mark.parametrize("prefix", ["", "/hf"])
def test_the_job_is_in_the_body_the_location_and_the_message(kind: type[EaselError], prefix: str) -> None:
    response, body = answered(an_error(kind, job="the-job"), prefix=prefix)
    assert body["error"]["job"] == "the-job"
    assert response.headers["location"] == f"{prefix}/v1/jobs/the-job"
    assert "the-job" in body["error"]["message"]


def test_without_a_job_nothing_points_to_one() -> None:
    response, body = answered(errors.Uncertain("not so"))
    assert "location" not in response.headers
    assert "job" not in body["error"]


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (errors.Unauthenticated("who"), "www-authenticate", "Bearer"),
        (errors.WrongMethod("no", "GET, HEAD"), "allow", "GET, HEAD"),
        (errors.RangeInvalid(1000), "content-range", "bytes */1000"),
        (errors.RangeInvalid(None), "content-range", None),
    ],
)
def test_headers_of_single_errors(error: EaselError, header: str, value: str | None) -> None:
    assert ErrorResponse(error).headers.get(header) == value


def test_what_older_clients_read_stands_beside_the_error() -> None:
    error = errors.GenerationPending("not yet")
    response = StillRunning(error, "", {**nested_detail(error), "status": "failed"})
    assert response.status_code == 408
    assert json.loads(bytes(response.body)) == {
        "error": error_object(error),
        "detail": {"error": error_object(error)},
        "status": "failed",
    }


def test_an_error_of_a_kind_that_nobody_has_seen_has_a_meaning_too() -> None:
    class New(errors.Unavailable):
        pass

    assert meaning_of(New("x")) == meaning_of(errors.Unavailable("x"))
