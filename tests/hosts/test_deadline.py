"""The seam by which a host says until when an answer has to be out: `easel.deadline` in the scope."""

from __future__ import annotations

import time

import pytest
from starlette.requests import Request

from shared.api.context import Context
from shared.bootstrap import configure

KEYS = {"API_KEYS": "a key", "SIGNING_KEYS": "a signing key"}


def call(left: float | None, max_wait: int = 240, hint: str = "") -> Context:
    """A request to a host that stops us after so many seconds, from a caller who gives up after `hint`."""
    deadline = {} if left is None else {"easel.deadline": time.monotonic() + left}
    headers = [(b"x-stainless-read-timeout", hint.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, **deadline}
    return Context(Request(scope), configure({**KEYS, "MAX_WAIT_SECONDS": str(max_wait)}))


@pytest.mark.parametrize(
    ("left", "max_wait", "limit"),
    [(None, 240, 240), (300, 240, 240), (100, 240, 95), (100, 30, 30), (8, 240, 4), (0, 240, 0), (-4, 240, -2)],
)
def test_the_limit_is_ours_or_just_before_the_hosts(left: float | None, max_wait: int, limit: float) -> None:
    assert call(left, max_wait).limit() == pytest.approx(limit, abs=0.1)


def test_patience_is_the_shortest_of_all() -> None:
    assert call(100, hint="60").patience() == pytest.approx(55, abs=0.1)
    assert call(30, hint="60").patience() == pytest.approx(25, abs=0.1)


def test_our_own_limit_does_not_bind_the_upstream() -> None:
    """An upstream that is slow to take the work is waited for, except where the host would stop us."""
    assert call(None, max_wait=1).host_limit() is None
    assert call(100, max_wait=1).host_limit() == pytest.approx(95, abs=0.1)
