"""What a status means, for a read and for a send; and that nothing secret is repeated."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping

import pytest

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
from shared.http import Answer

MEANINGS: list[tuple[int, type[EaselError], type[EaselError]]] = [
    # status, of a read, of a send
    (200, Unavailable, Uncertain),
    (302, Unavailable, Uncertain),
    (400, BadRequest, BadRequest),
    (401, AccountRejected, AccountRejected),
    (402, AccountExhausted, AccountExhausted),
    (403, AccountRejected, AccountRejected),
    (404, NotFound, Unavailable),
    (405, Unavailable, Unavailable),
    (408, Unavailable, Unavailable),
    (409, Unavailable, Unavailable),
    (413, BadRequest, BadRequest),
    (415, BadRequest, BadRequest),
    (418, Unavailable, Unavailable),
    (422, BadRequest, BadRequest),
    (429, AccountLimited, AccountLimited),
    (500, Unavailable, Uncertain),
    (502, Unavailable, Uncertain),
    (503, Unavailable, Uncertain),
    (504, Unavailable, Uncertain),
    (529, Unavailable, Uncertain),
]


MANY = b"[" + b"{}," * 300_000 + b"{}]"
"""A megabyte of JSON that would take up twenty."""


def answer(status: int, headers: Mapping[str, str] | None = None, *, sent: bool = False, body: bytes = b"") -> Answer:
    return Answer(status, headers or {}, body, sent)


@pytest.mark.parametrize(("status", "read", "sent"), MEANINGS)
def test_a_status_means_one_thing(status: int, read: type[EaselError], sent: type[EaselError]) -> None:
    for kind, is_send in ((read, False), (sent, True)):
        error = answer(status, sent=is_send).error("no such model")
        assert type(error) is kind
        assert error.message.startswith(f"The upstream answered with status {status}: no such model.")
        assert error.details == {"status": status, "upstream": "no such model"}


def test_a_503_that_names_a_time_has_not_taken_the_work() -> None:
    error = answer(503, {"retry-after": "7"}, sent=True).error()
    assert (type(error), error.retry_after) == (Unavailable, 7)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-5"}, 0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "30"}, 1.5),
        ({"retry-after-ms": "x", "retry-after": "30"}, 30),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": ""}, None),
    ],
)
def test_both_headers_and_both_forms_are_understood(headers: dict[str, str], seconds: float | None) -> None:
    assert answer(429, headers).error().retry_after == seconds


def test_a_date_is_turned_into_seconds() -> None:
    wait = answer(429, {"retry-after": email.utils.formatdate(time.time() + 60, usegmt=True)}).error().retry_after
    assert wait is not None
    assert 55 < wait <= 60


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b'{"a":', b"[" * 100_000, MANY])
def test_what_is_not_json(body: bytes) -> None:
    for status, sent, kind in (
        (200, False, Unavailable),
        (200, True, Uncertain),
        (502, True, Uncertain),
        (401, True, AccountRejected),
    ):
        with pytest.raises(kind, match="not JSON"):
            answer(status, sent=sent, body=body).json()


def test_json_is_read() -> None:
    assert answer(200, body='{"名": [1, null]}'.encode()).json() == {"名": [1, None]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("  two\n lines. ", "two lines"),
        ("see https://api.example.com/v1?key=AIza1 for more", "see … for more"),
        ("bad key sk-proj-abcdef0123456789ABCDEF012345", "bad key …"),
        ("received API key = sk-1234, key hash = 88dc28d0", "received API key = …, key hash = 88dc28d0"),
        ("ask-me-anything and risk-free", "ask-me-anything and risk-free"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP", "token …"),
        ("content_policy_violation_in_your_prompt", "content_policy_violation_in_your_prompt"),
        ("内容审核未通过，请修改提示词后重试", "内容审核未通过，请修改提示词后重试"),
        ("x" * 600, "x" * 500),
    ],
)
def test_the_upstream_is_quoted_without_its_secrets(said: str, told: str) -> None:
    error = answer(400).error(said)
    assert error.details["upstream"] == told
    assert error.message == f"The upstream answered with status 400: {told}."
