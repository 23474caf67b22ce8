"""Cloudflare's tools: wrangler with a Node that is new enough for it, and the settings that it deploys with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BIN = ROOT / "tests" / "node_modules" / ".bin"
NEW_ENOUGH = (22, 12)


def missing() -> str | None:
    """What this machine lacks to run wrangler, in words."""
    if not (BIN / "wrangler").exists():
        return "wrangler is not here: `make node` installs it"
    if not node():
        return "no Node of 22.12 or newer is here, which wrangler needs"
    return None


@cache
def node() -> str | None:
    """A Node that is new enough: npm's package of it, where there is one for this machine, or the machine's own."""
    return next((path for path in map(shutil.which, [str(BIN / "node"), "node"]) if path and _is_new(path)), None)


def dry_run(folder: Path) -> str:
    """Write what would be deployed into the folder, and return what wrangler says."""
    path = os.pathsep.join([str(Path(node() or "").parent), os.environ["PATH"]])
    done = subprocess.run(
        [BIN / "wrangler", "deploy", "--dry-run", "--outdir", folder],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "CI": "1", "WRANGLER_SEND_METRICS": "false", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert not done.returncode, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def settings() -> dict[str, Any]:
    """What wrangler.jsonc says."""
    text = (ROOT / "wrangler.jsonc").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    return content


def _is_new(path: str) -> bool:
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    return tuple(map(int, version.removeprefix("v").split(".")[:2])) >= NEW_ENOUGH
