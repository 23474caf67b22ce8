"""The table of providers is complete: each has its file, its case, its emulator and its line in the README."""

from __future__ import annotations

from pathlib import Path

from shared.providers import PROVIDERS
from tests.conformance.cases import CASES
from tests.emulators import EMULATORS

ROOT = Path(__file__).parents[2]
NAMES = {provider.name for provider in PROVIDERS}


def test_every_file_is_in_the_table() -> None:
    files = {path.stem for path in (ROOT / "shared/providers").iterdir() if not path.name.startswith("_")}
    assert files - {"base"} == NAMES


def test_every_provider_has_a_case() -> None:
    assert {case.name for case in CASES.values()} == NAMES


def test_every_upstream_has_an_emulator() -> None:
    assert EMULATORS.keys() == {case.name for case in CASES.values() if "network" not in case.lacks}


def test_every_provider_has_its_line_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {name for name in NAMES if f"| `{name}` |" in readme} == NAMES
