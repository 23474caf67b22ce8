"""The deploying tool, and the packages it takes: `make package` and `make deploy` without make."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.hosts.aws.moto import Moto
from tests.hosts.tools import NODE_MODULES
from tools.lambda_package import BUILD, PYTHONS, interpreter

ROOT = Path(__file__).resolve().parents[3]
ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
"""This machine's, so that it can run what is deployed."""

_OSLS = NODE_MODULES / ".bin" / "osls"
TEMPLATE = ROOT / ".serverless" / "cloudformation-template-update-stack.json"


def missing() -> str | None:
    """What this machine lacks to deploy and to run what is deployed, in words."""
    if sys.platform != "linux":
        return "what is deployed runs on Linux"
    if not shutil.which("node"):
        return "Node is not here"
    if not _OSLS.exists():
        return "osls is not here: `make tools` installs it"
    return missing_python()


def missing_python() -> str | None:
    return None if any(map(interpreter, PYTHONS)) else f"no Python {' or '.join(PYTHONS)} is here"


def make_packages(root: Path = ROOT, architecture: str = ARCHITECTURE) -> str:
    """Build the zips, for the newest Python that is here, and return what the builder said."""
    environment = _environment({"LAMBDA_ARCH": architecture})
    command = [sys.executable, "-m", "tools.lambda_package"]
    return _run(command, root, environment)


def packaged_python() -> str:
    """The minor version that the packages are for."""
    python: str = json.loads((BUILD / "lambda.json").read_text(encoding="utf-8"))["python"]
    return python


def template(settings: Mapping[str, str]) -> dict[str, Any]:
    """The CloudFormation template that a deployer with these variables would send."""
    _run([str(_OSLS), "package"], ROOT, _environment({"LAMBDA_ARCH": ARCHITECTURE, **settings}))
    content: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    return content


def deploy(moto: Moto, stage: str, settings: Mapping[str, str]) -> None:
    """`osls deploy`, with these variables in the deployer's environment."""
    polling = {"SLS_AWS_MONITORING_FREQUENCY": "200"}
    environment = _environment({"LAMBDA_ARCH": ARCHITECTURE, **moto.environment(), **polling, **settings})
    _run([str(_OSLS), "deploy", "--stage", stage], ROOT, environment)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """A deployer's shell: nothing of ours in it but what the test puts there."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    tools = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "PYENV_ROOT", "COVERAGE_"))}
    return {**kept, **tools, "SLS_TELEMETRY_DISABLED": "1", **more}


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=dict(environment), capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout
