"""The Dockerfile's instructions, followed without Docker: in a folder, with a virtual environment for its Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "shared" / "hosts" / "Dockerfile"


class Instruction(NamedTuple):
    word: str
    text: str


def instructions() -> list[Instruction]:
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [Instruction(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


class Container:
    """An image that is built in `folder`. `environment` and `command` are what it starts with."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "root"
        self.environment: dict[str, str] = {}
        self.command: list[str] = []
        self.healthcheck: list[str] = []
        self._python = folder / "python"
        subprocess.run([sys.executable, "-m", "venv", self._python], check=True, capture_output=True)
        self.path = f"{self._python / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        for instruction in instructions():
            self._follow(*instruction)

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """The output of a command in the container."""
        return subprocess.run(
            self.found(command),
            cwd=self.work,
            env={**self.environment, "PATH": self.path, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def found(self, command: list[str]) -> list[str]:
        """The same, with the path of the program in the container."""
        return [shutil.which(command[0], path=self.path) or command[0], *command[1:]]

    def _follow(self, word: str, text: str) -> None:
        match word:
            case "WORKDIR":
                self.work.mkdir(parents=True)
            case "ENV":
                self.environment |= {name: value for name, _, value in (pair.partition("=") for pair in text.split())}
            case "COPY":
                source, target = text.split()
                _copy(ROOT / source, self.work / target)
            case "RUN":
                # The machine's own settings, for it may have an index of its own.
                environment = {**os.environ, **self.environment, "PATH": self.path}
                subprocess.run(text, shell=True, cwd=self.work, env=environment, check=True, capture_output=True)
            case "HEALTHCHECK":
                self.healthcheck = json.loads(text.partition("CMD ")[2])
            case "CMD":
                self.command = json.loads(text)
            case _:
                assert word in ("FROM", "USER", "EXPOSE"), word


def _copy(source: Path, target: Path) -> None:
    """As COPY does: a folder's content, or a file into a folder."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
