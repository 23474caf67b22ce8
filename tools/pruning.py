"""Remove from installed packages what no host imports, because hosts limit the size of a bundle."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

UNUSED = (
    *("bin", "**/*.pyi", "anyio/_backends/_trio.py"),
    *("pydantic/mypy.py", "pydantic/v1", "starlette/testclient.py"),
)
"""Patterns of files and folders that no host imports."""


def prune(folder: Path, patterns: Iterable[str]) -> None:
    """Delete the files and folders in `folder` that match one of the patterns."""
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
