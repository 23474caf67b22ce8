"""What `vercel build` has made: functions with all their files, and the routes that lead to them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

_CONFIG = ".vc-config.json"


class Function(NamedTuple):
    """A built function. `files` are those of the project that go with it, by their paths in the bundle."""

    name: str
    folder: Path
    config: dict[str, Any]
    files: Mapping[str, Path]

    @property
    def seconds(self) -> float:
        """How long an invocation may take."""
        return float(self.config["maxDuration"])

    def size(self) -> int:
        """Bytes of all files."""
        own = [path for path in self.folder.iterdir() if path.name != _CONFIG]
        return sum(path.stat().st_size for path in [*self.files.values(), *own])

    def unpack(self, task: Path) -> None:
        """Put all its files into a folder, as they stand before a start on the platform."""
        for name, source in self.files.items():
            (task / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(source.resolve(), task / name)
        shutil.copytree(self.folder, task, ignore=shutil.ignore_patterns(_CONFIG), dirs_exist_ok=True)


class Output:
    """The output of a build of the project in a folder."""

    def __init__(self, project: Path) -> None:
        self.folder = project / ".vercel" / "output"
        self.config: dict[str, Any] = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        self.functions = {
            str(path.relative_to(self.folder / "functions").with_suffix("")): _function(path, project)
            for path in sorted(self.folder.glob("functions/**/*.func"))
        }

    def function(self, path: str) -> Function | None:
        """The function that the first route for this path names."""
        for route in self.config["routes"]:
            if route.keys() != {"src", "dest"}:
                raise NotImplementedError(f"a route of another kind: {route}")
            if re.search(route["src"], path):
                return self.functions[route["dest"].lstrip("/")]
        return None


def _function(folder: Path, project: Path) -> Function:
    config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    files = {name: project / source for name, source in config.pop("filePathMap").items()}
    return Function(folder.name.removesuffix(".py.func"), folder, config, files)
