"""The clients, and the reports of all scenarios, which run at the same time: clients spend most of it waiting."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sdk.clients import JAVASCRIPT, PYTHON, Client, Node, timed
from tests.sdk.scenario import Report, Reports, suffer
from tests.sdk.troubles import TROUBLES

AT_ONCE = 64


@pytest.fixture(scope="session")
def any_node() -> Iterator[Node | None]:
    """None where it cannot run."""
    if Node.lacks():
        yield None
        return
    process = Node()
    yield process
    process.close()


@pytest.fixture
def node(any_node: Node | None) -> Node:
    if not any_node:
        pytest.skip(str(Node.lacks()))
    return any_node


@pytest.fixture(scope="session")
def clients(any_node: Node | None) -> dict[str, Client]:
    """All that can run here."""
    javascript = {name: any_node.client(name) for name in JAVASCRIPT} if any_node else {}
    return {name: timed(client) for name, client in (PYTHON | javascript).items()}


@pytest.fixture(autouse=True)
def _client_that_can_run(request: pytest.FixtureRequest, clients: dict[str, Client]) -> None:
    if _parameters(request.node).get("client", "python") not in clients:
        pytest.skip(str(Node.lacks()))


@pytest.fixture(scope="session")
def reports(request: pytest.FixtureRequest, clients: dict[str, Client]) -> Iterator[Reports]:
    """What became of a client in a trouble. All pairs that this session's tests ask for are under way at once."""
    asked = {
        (parameters["client"], parameters["trouble"])
        for parameters in map(_parameters, request.session.items)
        if parameters.keys() >= {"client", "trouble"} and parameters["client"] in clients
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Those that wait longest between their tries come first.
        running = {
            (client, trouble): pool.submit(suffer, clients[client], TROUBLES[trouble])
            for client, trouble in sorted(asked, key=lambda pair: not pair[0].startswith("ai-"))
        }

        def report(client: str, trouble: str) -> Report:
            return running[client, trouble].result(timeout=120)

        yield report


def _parameters(item: pytest.Item) -> dict[str, str]:
    """What the parametrized arguments of a test are."""
    call = getattr(item, "callspec", None)
    return call.params if call else {}
