"""What `vercel build` makes of the project: a function for each file, whole and with nothing else in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.vercel.output import Function, Output
from tests.hosts.vercel.rig import STRAY
from tools.lambda_package import functions

pytestmark = pytest.mark.hosts

OURS = {"functions", "shared", "_vendor"}


@pytest.fixture(params=functions())
def function(request: pytest.FixtureRequest, output: Output) -> Function:
    """One function after the other."""
    return output.functions[f"functions/{request.param}.py"]


def sources(function: Function) -> Iterator[str]:
    """Modules that are not in a package of others'."""
    return (name for name in function.files if not name.startswith("_vendor/") and "__pycache__" not in name)


def test_every_function_is_built_and_nothing_is_static(output: Output) -> None:
    assert output.functions.keys() == {f"functions/{name}.py" for name in functions()}
    assert not (output.folder / "static").exists()


def test_routes_are_those_of_vercel_json(output: Output, project: Path) -> None:
    ours = json.loads((project / "vercel.json").read_text(encoding="utf-8"))["routes"]
    assert [(f"^{route['src']}$", route["dest"]) for route in ours] == [
        (route["src"], route["dest"]) for route in output.config["routes"]
    ]


def test_nothing_but_code_is_in_a_function(function: Function) -> None:
    assert {name.partition("/")[0] for name in function.files} == OURS
    assert not function.files.keys() & set(STRAY)
    assert sorted(name for name in sources(function) if not name.endswith(".py")) == [
        "shared/api/docs.html",
        "shared/api/playground.html",
        "shared/hosts/lambda-exec",
    ]


def test_what_a_function_needs_is_in_it(function: Function) -> None:
    assert {
        f"functions/{function.name}.py",
        "shared/api/app.py",
        "shared/hosts/lambda_entry.py",
    } <= function.files.keys()
    packages = {name.split("/")[1] for name in function.files if name.startswith("_vendor/")}
    assert {"starlette", "httpx", "pydantic", "vercel_runtime"} <= packages
    assert not packages & {"uvicorn", "uvloop", "pytest", "openai", "boto3"}


def test_bytecode_is_there_for_every_module(function: Function) -> None:
    """Else each start of an instance compiles what it imports, and may not keep it."""
    bytecode = {name.replace("__pycache__/", "").replace(".cpython-312.pyc", ".py") for name in function.files}
    compiled = {name for name in function.files if name.endswith(".pyc")}
    assert len(compiled) > 500
    assert [name for name in sources(function) if name.endswith(".py") and name not in bytecode - function.files.keys()]


def test_options_reach_the_function(function: Function) -> None:
    assert function.config["runtime"] == "python3.12"
    assert function.config["maxDuration"] == 300
    assert function.config["supportsResponseStreaming"] is True
    assert function.config["supportsCancellation"] is True


def test_it_is_small(function: Function) -> None:
    """A twentieth of what the platform takes would be 12.5 MB; its own launcher brings pip and more along."""
    assert function.size() < 40_000_000
