"""Every seeded bug matches the code that it changes, and one that hangs is ended with its processes."""

from __future__ import annotations

import os
import select
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants import MUTANTS
from tests.mutants.mutant import ROOT, Mutant, prose
from tests.mutants.runner import exit_status


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_matches_its_file_once(mutant: Mutant) -> None:
    assert mutant.text().count(mutant.old) == 1
    assert mutant.old != mutant.new
    assert (ROOT / mutant.tests.partition("::")[0]).exists()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_has_no_comment_or_docstring(mutant: Mutant) -> None:
    """Prose can then change without an edit here."""
    start = mutant.text().index(mutant.old)
    end = start + len(mutant.old)
    assert [part for part in prose(mutant.text()) if part.start < end and start < part.stop] == []


def test_comments_and_docstrings_are_found() -> None:
    source = '"""Module."""\nLIMIT = "no # comment"  # é: why\n"""Attribute."""\ndef f() -> str:\n    """Function."""\n'
    assert [source[part.start : part.stop] for part in prose(source)] == [
        *('"""Module."""', "# é: why", '"""Attribute."""', '"""Function."""')
    ]


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1] == []


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 1", 1), ("sleep 60", None)])
def test_the_exit_status_of_a_command(tmp_path: Path, script: str, status: int | None) -> None:
    assert exit_status(["sh", "-c", script], tmp_path, timeout=1) == status


@pytest.mark.parametrize("end", ["wait", "exit 1"])
def test_no_process_of_a_command_remains(tmp_path: Path, end: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    exit_status(["sh", "-c", f"exec 3>fifo; sleep 60 & {end}"], tmp_path, timeout=1)
    readable, _, _ = select.select([reader], [], [], 10)
    assert readable, "a process still holds the other end"
    os.close(reader)
