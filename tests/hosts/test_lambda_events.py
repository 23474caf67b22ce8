"""What AWS events are made of before the application sees them: no process, no host."""

from __future__ import annotations

import time

import pytest
from mangum import Mangum
from mangum.types import Scope

from shared.api import App
from shared.hosts.lambda_events import Context, complete_scope, parser_of
from tests.hosts.events import FRONTS, NO_REQUESTS, Event, Front, http_api, load_balancer, rest


@pytest.fixture
async def adapter() -> Mangum:
    """Made on a loop that runs: else it would make one of its own."""
    return Mangum(App([]), lifespan="off")


def scope_of(adapter: Mangum, event: Event) -> Scope:
    parser = parser_of(adapter, event, Context("an id", "arn:aws:lambda", int(time.time() * 1000) + 10_000))
    assert parser
    scope = parser.scope
    complete_scope(scope, {"API_KEYS": "a key"})
    return scope


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.__name__)
async def test_a_request(adapter: Mangum, front: Front) -> None:
    scope = scope_of(adapter, front("GET", "/v1/a%20b?c=d%26e"))
    assert (scope["method"], scope["path"], scope["query_string"]) == ("GET", "/v1/a b", b"c=d%26e")
    assert scope["scheme"] == "https"
    assert scope["env"] == {"API_KEYS": "a key"}
    assert scope["easel.deadline"] == pytest.approx(time.monotonic() + 10, abs=0.5)


@pytest.mark.parametrize("name", NO_REQUESTS)
async def test_no_request(adapter: Mangum, name: str) -> None:
    assert parser_of(adapter, NO_REQUESTS[name], Context("", "", 0)) is None


def at_custom_domain(method: str, target: str, route: str = "/{rest+}", base: str = "", **values: str) -> Event:
    """A REST API at a custom domain: the base path of its mapping is in the path, the stage is nowhere."""
    event = rest(method, target)
    path = f"{base}{event['path']}"
    parameters = values or {"rest": target.removeprefix("/")}
    context = event["requestContext"] | {"path": path, "resourcePath": route}
    return event | {"path": path, "resource": route, "pathParameters": parameters, "requestContext": context}


def custom_http_domain(method: str, target: str, route: str, base: str = "", **values: str) -> Event:
    """An HTTP API with routes, at a custom domain."""
    event = http_api(method, f"{base}{target}")
    return event | {"routeKey": f"ANY {route}", "pathParameters": values}


@pytest.mark.parametrize(
    ("event", "root", "path"),
    [
        (rest("GET", "/v1/models"), "/dev", "/v1/models"),
        (rest("GET", "/"), "/dev", "/"),
        (rest("GET", "/v1/models/a%2Fb"), "/dev", "/v1/models/a/b"),
        (rest("GET", "/v1/models", stage="v1"), "/v1", "/v1/models"),
        (at_custom_domain("GET", "/v1/models"), "", "/v1/models"),
        (at_custom_domain("GET", "/dev/v1/models"), "", "/dev/v1/models"),
        (at_custom_domain("GET", "/v1/models", base="/img"), "/img", "/v1/models"),
        (at_custom_domain("GET", "/v1/models", "/v1/models", "/img"), "/img", "/v1/models"),
        (at_custom_domain("GET", "/v1/models", "/v1/models", "/v1/models"), "/v1/models", "/v1/models"),
        (at_custom_domain("GET", "/v1/models/a%2Fb", "/v1/models/{id+}", "/a/b", id="a/b"), "/a/b", "/v1/models/a/b"),
        (at_custom_domain("GET", "/v1/jobs/x", "/v1/jobs/{id}", "/img", id="x"), "/img", "/v1/jobs/x"),
        (at_custom_domain("GET", "/hf/v1/models", "/hf/v1/models", "/img"), "/img", "/hf/v1/models"),
        (at_custom_domain("GET", "/", "/", "/img"), "/img", "/"),
        (at_custom_domain("GET", "", "/", "/img"), "/img", "/"),
        (at_custom_domain("GET", "/", "/"), "", "/"),
        (custom_http_domain("GET", "/v1/models", "/v1/models", "/img"), "/img", "/v1/models"),
        (custom_http_domain("GET", "/v1/jobs/x", "/{proxy+}", "/img", proxy="v1/jobs/x"), "/img", "/v1/jobs/x"),
        (custom_http_domain("GET", "/v1/jobs/x", "/v1/jobs/{id}", id="x"), "", "/v1/jobs/x"),
        (http_api("GET", "/v1/models"), "", "/v1/models"),
        (http_api("GET", "/v1/models", stage="dev"), "/dev", "/v1/models"),
        (http_api("GET", "", stage="dev"), "/dev", "/"),
        (http_api("GET", "/devices", stage="$default"), "", "/devices"),
        (load_balancer("GET", "/dev/v1/models"), "", "/dev/v1/models"),
    ],
)
async def test_stages_and_base_paths_become_the_root_path(adapter: Mangum, event: Event, root: str, path: str) -> None:
    scope = scope_of(adapter, event)
    assert (scope["root_path"], scope["path"]) == (root, path)
