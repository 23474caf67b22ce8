"""`make package`: one zip per function and architecture for AWS Lambda, byte for byte reproducible.

LAMBDA_PY=3.12 and LAMBDA_ARCH=arm64 choose a runtime. The default is the newest Python installed here, and both
architectures. serverless.yml reads the two JSON files that are written beside the zips.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tools import pruning
from tools.lambda_environment import environment
from tools.pruning import UNUSED, prune

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements.txt"

PYTHONS = ("3.13", "3.12", "3.11")
PLATFORMS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}

EXCLUDED = frozenset(
    {"local.py", "local_protocol.py", "local-requirements.txt", "workers.py", "Dockerfile", "__pycache__"}
)
"""Files of the other hosts."""

PRUNED = (*UNUSED, "*.dist-info/RECORD")
"""RECORD would list the removed files."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


class Target(NamedTuple):
    """A Lambda runtime; `python` is its minor version."""

    python: str
    architecture: str

    @property
    def folder(self) -> Path:
        return BUILD / f"lambda-{self.python}-{self.architecture}"


def main() -> None:
    python = chosen_python(os.environ)
    for architecture in chosen_architectures(os.environ):
        build(Target(python, architecture))
    _write_json(BUILD / "lambda.json", {"python": python})
    _write_json(BUILD / "environment.json", environment())


def chosen_python(environment: Mapping[str, str]) -> str:
    """LAMBDA_PY, or the newest version installed here: only the runtime's own version compiles bytecode for it."""
    wanted = environment.get("LAMBDA_PY", "")
    for python in [wanted] if wanted else PYTHONS:
        if interpreter(python):
            return python
    sys.exit(
        f"easel: Python {wanted or ' or '.join(PYTHONS)} is not installed here. It compiles the bytecode: install it."
    )


def chosen_architectures(environment: Mapping[str, str]) -> Sequence[str]:
    wanted = environment.get("LAMBDA_ARCH", "")
    if wanted and wanted not in PLATFORMS:
        sys.exit(f"easel: LAMBDA_ARCH: '{wanted}' is unknown. Use one of {', '.join(PLATFORMS)}.")
    return [wanted] if wanted else list(PLATFORMS)


@cache
def interpreter(python: str) -> str | None:
    """A working interpreter of that minor version: from PATH, this process, pyenv or uv."""
    home = Path.home()
    managed = [
        *Path(os.environ.get("PYENV_ROOT") or home / ".pyenv", "versions").glob(f"{python}.*/bin/python3"),
        *(home / ".local/share/uv/python").glob(f"cpython-{python}.*/bin/python3"),
    ]
    candidates = [f"python{python}", sys.executable, *map(str, sorted(managed))]
    return next((candidate for candidate in candidates if _version(candidate) == python), None)


def _version(command: str) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run([command, "-c", code], capture_output=True, text=True).stdout.strip()
    except OSError:
        return None


def build(target: Target) -> None:
    """Write the zips of one target, unless their inputs are unchanged."""
    stamp, digest = target.folder / "inputs", _digest_of_inputs(target)
    where = target.folder.relative_to(ROOT)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest and _is_complete(target):
        print(f"{where}: unchanged")
        return
    shutil.rmtree(target.folder, ignore_errors=True)
    target.folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        _install(target, stage)
        _copy(stage)
        _compile(target, stage)
        for function in functions():
            _write_zip(target.folder / f"{function}.zip", stage, function)
    stamp.write_text(digest, encoding="utf-8")
    size = sum(path.stat().st_size for path in target.folder.glob("*.zip")) / len(functions())
    print(f"{where}: {len(functions())} functions of {size / 1e6:.2f} MB")


def functions() -> list[str]:
    return sorted(path.stem for path in (ROOT / "functions").glob("[!_]*.py"))


def _is_complete(target: Target) -> bool:
    return all((target.folder / f"{function}.zip").exists() for function in functions())


def _digest_of_inputs(target: Target) -> str:
    """A hash of names, modes and contents; modification times would miss removed files."""
    digest = hashlib.sha256(f"{target} {interpreter(target.python)}".encode())
    for path in [REQUIREMENTS, Path(__file__), Path(pruning.__file__), *_sources()]:
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(ROOT)} {path.stat().st_mode:o} {len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for path in sorted([*(ROOT / "functions").glob("[!_]*.py"), *(ROOT / "shared").rglob("*")]):
        if path.is_file() and not EXCLUDED.intersection(path.parts):
            yield path


def _install(target: Target, stage: Path) -> None:
    """Install the packages for Lambda's platform. Every requirement is pinned, so --no-deps misses none."""
    _run(
        *(sys.executable, "-m", "pip", "install", "-qq", "--no-compile", "--no-deps", "--target", stage),
        *("--implementation", "cp", "--python-version", target.python, "--platform", PLATFORMS[target.architecture]),
        *("--only-binary=:all:", "-r", REQUIREMENTS),
    )
    prune(stage, PRUNED)


def _copy(stage: Path) -> None:
    for path in _sources():
        copy = stage / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def _compile(target: Target, stage: Path) -> None:
    """Compile to bytecode that is never checked against its source: Lambda's modification times would invalidate it."""
    _run(
        *(interpreter(target.python) or target.python, "-m", "compileall", "-qq"),
        *("--invalidation-mode", "unchecked-hash", "-s", stage, "-p", "/var/task", stage),
        PYTHONHASHSEED="0",
    )


def _write_zip(path: Path, stage: Path, function: str) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(file for file in stage.rglob("*") if file.is_file()):
            name = file.relative_to(stage)
            # `docs` imports the other functions to describe their routes.
            if name.parts[0] != "functions" or name.name.partition(".")[0] == function or function == "docs":
                entry = ZipInfo(name.as_posix(), _EPOCH)
                entry.create_system = 3  # Unix: the attributes below are its file modes
                entry.external_attr = (0o100755 if os.access(file, os.X_OK) else 0o100644) << 16
                archive.writestr(entry, file.read_bytes(), ZIP_DEFLATED, 9)


def _write_json(path: Path, content: Mapping[str, str]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _run(*command: str | Path, **environment: str) -> None:
    if status := subprocess.run(command, env={**os.environ, **environment}).returncode:
        sys.exit(status)


if __name__ == "__main__":
    main()
