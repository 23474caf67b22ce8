"""Every promise in docs/deploy has its tests, and every host its page."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.promises import table, test_promises
from tests.hosts.promises.host import LIMITS, PROMISES, Host

FOLDER = Path(__file__).parents[3] / "docs" / "deploy"


def marks() -> Iterator[str]:
    """The promise of each test, or class of tests, in the suite."""
    for name, tests in inspect.getmembers(test_promises):
        if name.lower().startswith("test"):
            named = [mark.args[0] for mark in getattr(tests, "pytestmark", []) if mark.name == "promise"]
            assert len(named) == 1, f"{name} is about no promise, or about several"
            yield from named


def test_every_promise_has_its_tests() -> None:
    assert set(marks()) == PROMISES.keys()


@pytest.mark.parametrize("host", table.HOSTS, ids=lambda host: host.name)
def test_every_host_has_its_page(host: type[Host]) -> None:
    assert (FOLDER / host.page).read_text(encoding="utf-8").startswith("# ")
    assert len(host.limits) == len(LIMITS)
