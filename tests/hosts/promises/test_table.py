"""The README says of every host what the suite holds it to, and the suite holds it to all of that."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.promises import table, test_promises
from tests.hosts.promises.host import LIMITS, PROMISES, Host

README = Path(__file__).parents[3] / "README.md"


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
def test_a_host_has_its_part_of_the_readme(host: type[Host]) -> None:
    assert re.search(f"^## {host.section}$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(host.limits) == len(LIMITS)
