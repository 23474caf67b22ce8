"""The tree as hosts need it and readers expect it: thin functions found by reading, docstrings, short files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FUNCTIONS = sorted((ROOT / "functions").glob("*.py"))
ENDPOINTS = [path for path in FUNCTIONS if not path.name.startswith("_")]
MODULES = [*FUNCTIONS, *sorted((ROOT / "shared").rglob("*.py"))]

MOST_FUNCTIONS = 12
"""What Vercel's free plan takes."""

LONGEST_FILE = 300
LONGER: dict[str, str] = {}
"""Files that are longer, each with the reason."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def assigned(tree: ast.Module) -> dict[str, str]:
    """Plain top-level assignments, as source."""
    return {
        target.id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_there_are_functions_and_not_too_many() -> None:
    assert 1 <= len(ENDPOINTS) <= MOST_FUNCTIONS


@pytest.mark.parametrize("path", ENDPOINTS, ids=name_of)
def test_a_function_has_its_app_and_its_handler_where_hosts_find_them_by_reading(path: Path) -> None:
    names = assigned(tree_of(path))
    assert names["app"].startswith("create_app(")
    assert names["handler"] == "lambda_handler(app)"


@pytest.mark.parametrize("path", ENDPOINTS, ids=name_of)
def test_no_class_is_called_handler(path: Path) -> None:
    """Vercel takes one for an http.server handler, and would never look for `app`."""
    classes = [node.name.lower() for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]
    assert "handler" not in classes


@pytest.mark.parametrize("path", ENDPOINTS, ids=name_of)
def test_a_function_is_thin(path: Path) -> None:
    """It parses, calls and renders: no `try`, no environment, and few lines."""
    text = path.read_text(encoding="utf-8")
    assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Try)]
    assert "environ" not in text
    assert len(text.splitlines()) <= 60


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(tree_of(path))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_is_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE or name_of(path) in LONGER


def test_no_root_pyproject() -> None:
    """Vercel would then ignore requirements.txt without a word, and deploy without dependencies."""
    assert not (ROOT / "pyproject.toml").exists()


def test_the_python_version_is_pinned() -> None:
    major, minor = map(int, (ROOT / ".python-version").read_text(encoding="utf-8").split("."))
    assert (major, minor) >= (3, 11)


def test_what_a_deployed_function_needs_is_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [line for line in lines if line.strip() and not line.startswith("#")]
    assert needed
    assert all("==" in line for line in needed)
