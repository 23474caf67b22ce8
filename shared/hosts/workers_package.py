"""Puts together what goes to Cloudflare, `make stage-cloudflare`: wrangler attaches every file beside the entry.

The Worker lies in build/cloudflare, the packages in python_modules, where wrangler looks for them.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGE = ROOT / "build" / "cloudflare"
PACKAGES = ROOT / "python_modules"
REQUIREMENTS = ROOT / "requirements.txt"

SDK = "workers-runtime-sdk==1.9.5"
PLATFORM = "pyemscripten_2026_0_wasm32"
PYTHON = "3.14"
"""What compatibility dates from September 2026 on run."""

NOT_OURS = (
    *("lambda-exec", "lambda_events.py", "lambda_loop.py", "lambda_package.py", "lambda_stream.py", "local.py"),
    *("local_protocol.py", "runtime_api.py", "workers_package.py", "Dockerfile", "__pycache__"),
)
"""What the other hosts need, and this file. The functions import lambda_entry."""

NOT_THEIRS = (
    *("bin", "certifi", "httpcore", "mangum", "multipart", "*.dist-info", "**/*.pyi", "**/py.typed"),
    *("anyio/_backends/_trio.py", "pydantic/mypy.py", "pydantic/v1", "starlette/testclient.py"),
)
"""Packages that no Worker comes to, and parts of the others; a Worker of the free plan has room for 3 MB."""


def main() -> None:
    install()
    copy()


def install() -> None:
    """The packages for the platform, unless they are there and nothing has changed since."""
    stamp = PACKAGES / ".inputs"
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + Path(__file__).read_bytes()).hexdigest()
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
    for path in [path for pattern in NOT_THEIRS for path in PACKAGES.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    stamp.write_text(digest, encoding="utf-8")


def copy() -> None:
    """The functions, what they stand on, and the entry."""
    shutil.rmtree(STAGE, ignore_errors=True)
    (STAGE / "functions").mkdir(parents=True)
    for path in (ROOT / "functions").glob("[!_]*.py"):
        shutil.copy(path, STAGE / "functions")
    shutil.copytree(ROOT / "shared", STAGE / "shared", ignore=shutil.ignore_patterns(*NOT_OURS))
    shutil.copy(ROOT / "functions" / "_worker.py", STAGE / "entry.py")


if __name__ == "__main__":
    main()
