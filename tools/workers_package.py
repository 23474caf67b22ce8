"""`make stage-cloudflare`: the Worker in build/cloudflare and its packages in python_modules, as wrangler expects.

wrangler uploads every file beside the entry, so build/cloudflare holds only what the Worker needs.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tools import pruning
from tools.pruning import UNUSED, prune

ROOT = Path(__file__).resolve().parents[1]
STAGE = ROOT / "build" / "cloudflare"
PACKAGES = ROOT / "python_modules"
REQUIREMENTS = ROOT / "requirements.txt"

SDK = "workers-runtime-sdk==1.9.5"
PLATFORM = "pyemscripten_2026_0_wasm32"
PYTHON = "3.14"
"""The version that compatibility dates from September 2026 on select."""

EXCLUDED = (
    *("lambda-exec", "lambda_events.py", "lambda_loop.py", "lambda_stream.py", "runtime_api.py"),
    *("local.py", "local_protocol.py", "local-requirements.txt", "Dockerfile", "__pycache__"),
)
"""Files of the other hosts. lambda_entry.py stays: the functions import it."""

PRUNED = (*UNUSED, "certifi", "httpcore", "mangum", "multipart", "*.dist-info", "**/py.typed")
"""Packages, and parts of packages, that the Worker never imports; the free plan limits a Worker to 3 MB."""


def main() -> None:
    install()
    copy()


def install() -> None:
    """Install the packages for the platform, unless their inputs are unchanged."""
    stamp = PACKAGES / ".inputs"
    inputs = (REQUIREMENTS, Path(__file__), Path(pruning.__file__))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return
    shutil.rmtree(PACKAGES, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "pip", "install", "-qq", "--no-compile", "--no-deps", "--target", str(PACKAGES)),
        *("--implementation", "cp", "--python-version", PYTHON, "--abi", f"cp{PYTHON.replace('.', '')}"),
        *("--platform", PLATFORM, "--only-binary=:all:", "-r", str(REQUIREMENTS), SDK),
    ]
    if status := subprocess.run(command).returncode:
        sys.exit(status)
    prune(PACKAGES, PRUNED)
    stamp.write_text(digest, encoding="utf-8")


def copy() -> None:
    """Copy the functions, the shared library and the entry."""
    shutil.rmtree(STAGE, ignore_errors=True)
    (STAGE / "functions").mkdir(parents=True)
    for path in (ROOT / "functions").glob("[!_]*.py"):
        shutil.copy(path, STAGE / "functions")
    shutil.copytree(ROOT / "shared", STAGE / "shared", ignore=shutil.ignore_patterns(*EXCLUDED))
    shutil.copy(ROOT / "functions" / "_worker.py", STAGE / "entry.py")


if __name__ == "__main__":
    main()
