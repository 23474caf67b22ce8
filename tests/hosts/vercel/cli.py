"""Vercel's CLI on this machine: `vercel build` of a copy of the project, without a login or a call to Vercel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.hosts.tools import NODE_MODULES
from tools.lambda_package import interpreter

ROOT = Path(__file__).resolve().parents[3]
PYTHON = (ROOT / ".python-version").read_text(encoding="utf-8").strip()

_VERCEL = NODE_MODULES / ".bin" / "vercel"
_UV = Path(sys.executable).parent / "uv"
_LINK = {"projectId": "prj_offline", "orgId": "team_offline", "settings": {"framework": None, "nodeVersion": "22.x"}}
"""What `vercel link` writes down about a project."""


def missing() -> str | None:
    """What this machine lacks to build and to run what is built, in words."""
    if sys.platform != "linux":
        return "what is built runs on Linux"
    if not shutil.which("node"):
        return "Node is not here"
    if not _VERCEL.exists():
        return "Vercel's CLI is not here: `make tools` installs it"
    if not _UV.exists():
        return "uv, which Vercel's CLI needs, is not here"
    if not interpreter(PYTHON):
        return f"no Python {PYTHON} is here"
    return None


def python() -> str:
    """The path of the interpreter that functions are built for: its own, not that of something which looks for it."""
    command = [str(interpreter(PYTHON)), "-c", "import sys; print(sys.executable)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def copy_project(folder: Path) -> None:
    """What is in the repository or could be: the CLI leaves files of its own among them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def build(folder: Path) -> None:
    """Build the copy of the project in `folder`, with the build's variables from vercel.json, as a deployment does."""
    (folder / ".vercel").mkdir()
    (folder / ".vercel" / "project.json").write_text(json.dumps(_LINK), encoding="utf-8")
    variables = json.loads((folder / "vercel.json").read_text(encoding="utf-8"))["build"]["env"]
    # uv stands beside the Python of the tests, which the CLI must not find.
    tools = folder / ".vercel" / "tools"
    tools.mkdir()
    (tools / "uv").symlink_to(_UV)
    path = f"{tools}:{Path(python()).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [_VERCEL, "build", "--yes"],
        cwd=folder,
        env={**os.environ, "PATH": path, "VERCEL_TELEMETRY_DISABLED": "1", **variables},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(f"vercel build ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
