"""One table of routes on every host: the functions', vercel.json's and serverless.yml's agree."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from shared.api import Endpoint
from shared.hosts.bundle import whole_app

ROOT = Path(__file__).parents[2]
SAMPLES = {"{id:path}": "org/model", "{id}": "i~an~id", "{extension}": "png"}
FUNCTIONS = sorted(path.stem for path in (ROOT / "functions").glob("[!_]*.py"))
DEPLOYED_PREFIX = "${self:custom.prefix}"
"""What API_PREFIX at deploy time takes the place of, in serverless.yml."""


def endpoints() -> Iterator[tuple[str, Endpoint]]:
    for function in FUNCTIONS:
        for endpoint in import_module(f"functions.{function}").app.routes:
            yield function, endpoint


def sample(path: str) -> str:
    for parameter, text in SAMPLES.items():
        path = path.replace(parameter, text)
    return path


def spellings(path: str, under: Sequence[str] = ()) -> list[str]:
    """The path as clients write it: with and without `/v1`, under a prefix, and with a slash at the end."""
    both = [path, path.removeprefix("/v1")] if path.startswith("/v1/") else [path]
    both += [f"{prefix}{path}" for prefix in under]
    return both + [f"{each}/" for each in both if not each.endswith("/")]


CASES = [
    (function, spelling)
    for function, endpoint in endpoints()
    for spelling in spellings(sample(endpoint.path), endpoint.under)
]


def vercel_function(path: str) -> str:
    routes = json.loads((ROOT / "vercel.json").read_text(encoding="utf-8"))["routes"]
    destination = next(route["dest"] for route in routes if re.fullmatch(route["src"], path))
    return Path(destination).stem


def api_gateway_function(path: str, prefix: str = "") -> str | None:
    """The most specific resource, as API Gateway chooses: literal before `{x}` before `{x+}`."""
    document = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
    resources = [
        (event["http"]["path"].replace(DEPLOYED_PREFIX, prefix).strip("/"), function)
        for function, settings in document["functions"].items()
        for event in settings["events"]
    ]
    segments = path.strip("/").split("/")
    fitting = [(_rank(resource), function) for resource, function in resources if _fits(resource.split("/"), segments)]
    return min(fitting)[1] if fitting else None


def _fits(resource: list[str], segments: list[str]) -> bool:
    if resource and resource[-1].endswith("+}"):
        return len(segments) >= len(resource) and _fits(resource[:-1], segments[: len(resource) - 1])
    return len(resource) == len(segments) and all(
        part.startswith("{") or part == segment for part, segment in zip(resource, segments, strict=True)
    )


def _rank(resource: str) -> list[int]:
    return [2 if part.endswith("+}") else 1 if part.startswith("{") else 0 for part in resource.split("/")]


@pytest.mark.parametrize(("function", "path"), CASES)
def test_every_host_leads_a_path_to_its_function(function: str, path: str) -> None:
    assert vercel_function(path) == function
    # What no resource names goes to the one that takes the rest.
    assert (api_gateway_function(path) or "root") == function


@pytest.mark.parametrize("prefix", ["/hf", "/a/b"])
@pytest.mark.parametrize(("function", "path"), CASES)
def test_vercel_leads_there_under_any_prefix(function: str, path: str, prefix: str) -> None:
    """Its routes do not know API_PREFIX: the function says whether the prefix is the right one."""
    assert vercel_function(prefix + path) == ("root" if path == "/" else function)


@pytest.mark.parametrize("prefix", ["hf", "/hf", "/a/b"])
@pytest.mark.parametrize(("function", "path"), CASES)
def test_api_gateway_does_so_under_a_prefix(function: str, path: str, prefix: str) -> None:
    assert (api_gateway_function(f"/{prefix}{path}".replace("//", "/"), prefix) or "root") == function
    assert function in ("docs", "root") or api_gateway_function(path, prefix) == "root"


@pytest.mark.parametrize("path", ["/nothing", "/v1/nothing/at/all", "/requirements.txt", "/functions/root.py"])
def test_what_nobody_owns_is_the_root_functions_404(path: str) -> None:
    assert vercel_function(path) == "root"
    assert api_gateway_function(path) == "root"


@pytest.mark.parametrize(("function", "path"), CASES)
def test_the_local_server_leads_a_path_to_the_same_endpoint(function: str, path: str) -> None:
    routes = import_module(f"functions.{function}").app.routes
    everywhere = whole_app(open_mode=True).routes
    chosen = next(endpoint for endpoint in everywhere if endpoint.match(path) is not None)
    assert chosen in routes
    assert chosen is next(endpoint for endpoint in routes if endpoint.match(path) is not None)


def test_every_function_is_deployed_everywhere() -> None:
    vercel = json.loads((ROOT / "vercel.json").read_text(encoding="utf-8"))
    assert sorted({Path(route["dest"]).stem for route in vercel["routes"]}) == FUNCTIONS
    functions = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))["functions"]
    assert {name: settings["handler"] for name, settings in functions.items()} == {
        name: f"functions/{name}.handler" for name in FUNCTIONS
    }
