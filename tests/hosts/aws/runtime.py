"""What Lambda's managed Python runtime brings with it, in a folder: its own loop, and boto3."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.hosts.aws.osls import ROOT
from tools.lambda_package import BUILD

_REQUIREMENTS = ROOT / "tools" / "requirements.txt"


def runtime_folder(python: str) -> Path:
    """The folder for that minor version, made when it is not there or of other requirements."""
    folder = BUILD / f"lambda-runtime-{python}"
    stamp, pins = folder / "requirements", _REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != pins:
        _install(python, folder)
        stamp.write_text(pins, encoding="utf-8")
    return folder


def _install(python: str, folder: Path) -> None:
    target = ["--target", str(folder), "--upgrade", "--python-version", python, "--only-binary=:all:"]
    packages = ["-c", str(_REQUIREMENTS), "awslambdaric", "boto3"]
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-compile", *target, *packages]
    subprocess.run(command, check=True)
