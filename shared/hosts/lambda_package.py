"""Builds what goes to AWS Lambda, `make package`: one zip per function and architecture, the same bytes every time.

LAMBDA_PY=3.12 and LAMBDA_ARCH=arm64 narrow it down; else it is both architectures, and the newest Python that is here.
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

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements.txt"

PYTHONS = ("3.13", "3.12", "3.11")
PLATFORMS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}

NOT_OURS = (
    *("local.py", "local_protocol.py", "workers.py", "workers_package.py"),
    *("Dockerfile", "lambda_package.py", "__pycache__"),
)
"""What the other hosts need, and this file."""

NOT_THEIRS = ("bin", "pydantic/v1", "anyio/_backends/_trio.py", "*.dist-info/RECORD")
"""Parts of packages that no function of ours comes to; RECORD would name files that are gone."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


class Target(NamedTuple):
    """A runtime of Lambda's: `python` is its minor version."""

    python: str
    architecture: str

    @property
    def folder(self) -> Path:
        return BUILD / f"lambda-{self.python}-{self.architecture}"


def main() -> None:
    python = chosen_python(os.environ)
    for architecture in chosen_architectures(os.environ):
        build(Target(python, architecture))
    # serverless.yml deploys for the Python that is named here.
    (BUILD / "lambda.json").write_text(json.dumps({"python": python}) + "\n", encoding="utf-8")


def chosen_python(environment: Mapping[str, str]) -> str:
    """The one that LAMBDA_PY names, else the newest. Bytecode is made by the runtime's own version or not at all."""
    wanted = environment.get("LAMBDA_PY", "")
    for python in [wanted] if wanted else PYTHONS:
        if interpreter(python):
            return python
    sys.exit(f"easel: no Python {wanted or ' or '.join(PYTHONS)} here, which has to compile what Lambda will run.")


def chosen_architectures(environment: Mapping[str, str]) -> Sequence[str]:
    wanted = environment.get("LAMBDA_ARCH", "")
    if wanted and wanted not in PLATFORMS:
        sys.exit(f"easel: LAMBDA_ARCH: '{wanted}' is none of {', '.join(PLATFORMS)}.")
    return [wanted] if wanted else list(PLATFORMS)


@cache
def interpreter(python: str) -> str | None:
    """An interpreter of that minor version that works: on the PATH, this very one, pyenv's or uv's."""
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
    """Make the zips of one target, unless they are there and nothing has changed since."""
    stamp, digest = target.folder / "inputs", _digest_of_inputs(target)
    where = target.folder.relative_to(ROOT)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest and _is_complete(target):
        print(f"{where}: nothing has changed")
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
    """What the zips are made of, in short: by content, for times tell little and nothing at all of what was removed."""
    digest = hashlib.sha256(f"{target} {interpreter(target.python)}".encode())
    for path in [REQUIREMENTS, Path(__file__), *_sources()]:
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(ROOT)} {path.stat().st_mode:o} {len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for path in sorted([*(ROOT / "functions").glob("[!_]*.py"), *(ROOT / "shared").rglob("*")]):
        if path.is_file() and not any(part in NOT_OURS for part in path.parts):
            yield path


def _install(target: Target, stage: Path) -> None:
    """The packages for Lambda's machine, not for this one. All are pinned, so none may bring in another."""
    _run(
        *(sys.executable, "-m", "pip", "install", "-qq", "--no-compile", "--no-deps", "--target", stage),
        *("--implementation", "cp", "--python-version", target.python, "--platform", PLATFORMS[target.architecture]),
        *("--only-binary=:all:", "-r", REQUIREMENTS),
    )
    for path in [path for pattern in NOT_THEIRS for path in stage.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _copy(stage: Path) -> None:
    for path in _sources():
        copy = stage / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def _compile(target: Target, stage: Path) -> None:
    """Bytecode that never looks at its source again: by their times, all files of a zip would seem to have changed."""
    _run(
        *(interpreter(target.python) or target.python, "-m", "compileall", "-qq"),
        *("--invalidation-mode", "unchecked-hash", "-s", stage, "-p", "/var/task", stage),
        PYTHONHASHSEED="0",
    )


def _write_zip(path: Path, stage: Path, function: str) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(file for file in stage.rglob("*") if file.is_file()):
            name = file.relative_to(stage)
            # The one that describes the others needs to see them.
            if name.parts[0] != "functions" or name.name.partition(".")[0] == function or function == "docs":
                entry = ZipInfo(name.as_posix(), _EPOCH)
                entry.create_system = 3  # Unix, whose modes these are
                entry.external_attr = (0o100755 if os.access(file, os.X_OK) else 0o100644) << 16
                archive.writestr(entry, file.read_bytes(), ZIP_DEFLATED, 9)


def _run(*command: str | Path, **environment: str) -> None:
    if status := subprocess.run(command, env={**os.environ, **environment}).returncode:
        sys.exit(status)


if __name__ == "__main__":
    main()
