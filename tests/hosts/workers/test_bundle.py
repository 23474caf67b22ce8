"""What wrangler would send to Cloudflare: the Worker and its packages, small enough for everyone, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hosts.workers import wrangler
from tools.workers_package import PACKAGES, STAGE

pytestmark = pytest.mark.hosts

MOST_KIB = 3000 - 200
"""The free plan takes 3 MB, compressed; some room is left."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundle")


@pytest.fixture(scope="module")
def said(folder: Path) -> str:
    if lacking := wrangler.missing():
        pytest.skip(lacking)
    return wrangler.dry_run(folder)


def test_wrangler_has_nothing_to_complain_about(said: str) -> None:
    assert "WARNING" not in said


def test_it_is_small(said: str) -> None:
    found = re.search(r"gzip: ([\d.]+) KiB", said)
    assert found, said
    assert float(found[1]) < MOST_KIB


def test_it_is_what_was_staged(said: str, folder: Path) -> None:
    sent = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"README.md"}
    ours = {name for name in sent if not name.startswith("python_modules/")}
    assert ours == {path.relative_to(STAGE).as_posix() for path in STAGE.rglob("*") if path.is_file()}
    assert ours >= {
        "entry.py",
        "functions/files.py",
        "shared/http/fetch.py",
        "shared/api/playground.html",
        "shared/api/docs.html",
    }
    assert not [name for name in ours if not name.endswith((".py", ".html")) or name.startswith("tests/")]
    assert any(name.endswith(".so") for name in sent - ours)
    assert {name.split("/")[1] for name in sent - ours} <= {path.name for path in PACKAGES.iterdir()}


def test_its_python_is_the_one_that_the_packages_are_for() -> None:
    settings = wrangler.settings()
    assert settings["compatibility_date"] >= "2026-09-08"
    assert set(settings["compatibility_flags"]) == {"python_workers", "enable_request_signal"}
