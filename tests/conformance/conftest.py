"""One provider after the other, in front of its emulator, for every promise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from shared.accounts.loading import read_accounts
from shared.bootstrap import SKETCH_ACCOUNT
from shared.http import Http
from shared.providers import PROVIDERS, MediaProvider, provider_class
from tests.conformance.cases import CASES, Case

Build = Callable[..., MediaProvider]


@pytest.fixture(scope="module", params=sorted(CASES))
def running_case(request: pytest.FixtureRequest) -> Iterator[Case]:
    case = CASES[request.param]()
    case.start()
    yield case
    case.stop()


@pytest.fixture
def case(request: pytest.FixtureRequest, running_case: Case) -> Case:
    """The provider under test; skipped where the test needs what its upstream does not have."""
    for mark in request.node.iter_markers("needs"):
        if missing := set(mark.args) & running_case.lacks:
            pytest.skip(f"{running_case.name} has no {', '.join(sorted(missing))}")
    if "network" not in running_case.lacks:
        running_case.emulator.reset()
    return running_case


@pytest.fixture
async def build(case: Case) -> AsyncIterator[Build]:
    """Makes adapters, each a new instance with connections of its own."""
    connections: list[Http] = []

    def new(environment: dict[str, str] | None = None) -> MediaProvider:
        accounts = [*read_accounts(environment or case.environment(), PROVIDERS), SKETCH_ACCOUNT]
        account = next(account for account in accounts if account.provider == case.name)
        connections.append(Http())
        return case.seen(provider_class(case.name)(connections[-1], account))

    yield new
    for http in connections:
        await http.aclose()


@pytest.fixture
def provider(build: Build) -> MediaProvider:
    return build()
