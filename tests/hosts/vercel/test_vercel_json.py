"""vercel.json as Vercel's builder reads it: without its tools, and before anything is built."""

from __future__ import annotations

import json
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
CONFIG: dict[str, Any] = json.loads((ROOT / "vercel.json").read_text(encoding="utf-8"))
[BUILD] = CONFIG["builds"]
ROUTES: list[dict[str, str]] = CONFIG["routes"]

LONGEST = 300
"""Seconds that an invocation may take on the free plan."""


def functions() -> list[Path]:
    """What the build takes in."""
    return sorted(ROOT.glob(BUILD["src"]))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route["src"])
def test_a_route_leads_to_a_function_for_every_method(route: dict[str, str]) -> None:
    """The function itself answers 405; a route with `methods` would lead such a request elsewhere."""
    assert route.keys() == {"src", "dest"}
    assert re.compile(route["src"])
    assert ROOT / route["dest"].lstrip("/") in functions()


def test_the_last_route_takes_all_that_is_left() -> None:
    """Else Vercel answers unknown paths, and hands out the sources of functions."""
    assert ROUTES[-1] == {"src": "/.*", "dest": "/functions/root.py"}


def test_a_helper_beside_the_functions_is_none() -> None:
    assert functions() == sorted(path for path in (ROOT / "functions").glob("*.py") if not path.name.startswith("_"))


@pytest.mark.parametrize("function", [f"functions/{path.name}" for path in functions()])
def test_every_function_has_its_options(function: str) -> None:
    """Only here do they reach it: beside `builds`, Vercel refuses `functions` at the top and leaves others unread."""
    assert CONFIG.keys() == {"$schema", "version", "build", "builds", "routes"}
    fitting = [options for glob, options in BUILD["config"]["functions"].items() if fnmatchcase(function, glob)]
    assert fitting[0]["maxDuration"] <= LONGEST


def test_what_lies_beside_the_code_is_left_out() -> None:
    """By name: a pattern like `.*/**` would leave out everything."""
    excluded = BUILD["config"]["excludeFiles"]
    assert [pattern for pattern in excluded if pattern.startswith(("*/", "**", ".*"))] == []
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    beside = {ROOT / name.partition("/")[0] for name in listed.splitlines()} - {ROOT / "functions", ROOT / "shared"}
    assert len(beside) > 10
    assert [path.name for path in beside if not any(_leaves_out(pattern, path) for pattern in excluded)] == []


def _leaves_out(pattern: str, path: Path) -> bool:
    return fnmatchcase(path.name, pattern.removesuffix("/**")) and path.is_dir() == pattern.endswith("/**")


def test_the_documents_name_the_version_that_the_tests_build_with() -> None:
    packages = json.loads((ROOT / "tests" / "hosts" / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    page = (ROOT / "docs" / "deploy" / "vercel.md").read_text(encoding="utf-8")
    assert set(re.findall(r"vercel@(\S+)", page)) == {packages["vercel"]}
