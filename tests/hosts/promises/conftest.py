"""Each promise on each host, and at the end of the run the table of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import httpx
import openai
import pytest

from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.zimage import ZImage
from tests.hosts.promises.host import Host, Promise
from tests.hosts.promises.table import HOSTS, columns

_SEEN = pytest.StashKey[dict[tuple[str, str], str]]()
_WORST_FIRST = ("FAILED", "not run", "no", "yes")


@pytest.fixture(params=HOSTS, ids=lambda host: host.rig)
def host(request: pytest.FixtureRequest, zimage: ZImage, service: OpenAICompatible, upstream: dict[str, str]) -> Host:
    kind: type[Host] = request.param
    promise: Promise = request.node.get_closest_marker("promise").args[0]
    if reason := kind.lacks.get(promise):
        pytest.skip(f"{kind.name}: {reason}")
    return kind(request.getfixturevalue(kind.rig), upstream)


@pytest.fixture
def client(host: Host) -> Iterator[httpx.Client]:
    with host.client() as client:
        yield client


@pytest.fixture
def sdk(host: Host) -> Iterator[openai.OpenAI]:
    with host.openai() as sdk:
        yield sdk


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    marker, parameters = item.get_closest_marker("promise"), getattr(item, "callspec", None)
    if marker and parameters and (call.when == "call" or not report.passed):
        seen = item.config.stash.setdefault(_SEEN, {})
        kind: type[Host] = parameters.params["host"]
        key = marker.args[0], kind.name
        words = _outcome(report, lacking=marker.args[0] in kind.lacks)
        seen[key] = min(seen.get(key, words), words, key=_WORST_FIRST.index)
    return report


def _outcome(report: pytest.TestReport, *, lacking: bool) -> str:
    if report.skipped:
        return "no" if lacking else "not run"
    return "yes" if report.passed else "FAILED"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if seen := config.stash.get(_SEEN, None):
        terminalreporter.section("promises by host")
        for line in columns(lambda promise, host: seen.get((promise, host.name), "")):
            terminalreporter.write_line(line)
