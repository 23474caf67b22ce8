"""The zips of `make package`: the same bytes every time, bytecode that is right, and nothing that no function needs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.hosts.aws import osls
from tools.lambda_package import BUILD, Target, functions, interpreter

pytestmark = pytest.mark.hosts

INPUTS = ("functions", "shared", "tools", "requirements.txt")

CHECK_BYTECODE = """
import importlib.util, pathlib
for source in pathlib.Path().rglob("*.py"):
    code = pathlib.Path(importlib.util.cache_from_source(source)).read_bytes()
    assert code[:4] == importlib.util.MAGIC_NUMBER, source
    assert code[4:8] == (1).to_bytes(4, "little"), source  # by hash, and never checked
    assert code[8:16] == importlib.util.source_hash(source.read_bytes()), source
print("right")
"""

LIST_IMPORTS = "import json, sys, functions.{} as function; print(json.dumps(sorted(sys.modules)))"


@pytest.fixture(scope="module")
def target(packaged: str) -> Target:
    return Target(packaged, osls.ARCHITECTURE)


@pytest.fixture(scope="module", params=functions())
def archive(request: pytest.FixtureRequest, target: Target) -> Path:
    """One function's zip after the other."""
    return target.folder / f"{request.param}.zip"


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(archive.stem)
    with ZipFile(archive) as zip_file:
        zip_file.extractall(folder)
    return folder


def run(target: Target, folder: Path, code: str) -> str:
    """In Lambda's Python, with nothing but what was unpacked."""
    python = interpreter(target.python)
    assert python
    command = [python, "-s", "-S", "-c", f"import sys; sys.path.insert(0, '')\n{code}"]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=True).stdout.strip()


def copy_project(source: Path, folder: Path) -> None:
    for name in INPUTS:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source / name, folder / name)


def names(archive: Path) -> list[str]:
    with ZipFile(archive) as zip_file:
        return zip_file.namelist()


@pytest.fixture(scope="module")
def elsewhere(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is now, in another folder, and packaged there."""
    folder = tmp_path_factory.mktemp("elsewhere")
    copy_project(osls.ROOT, folder)
    osls.make_packages(folder)
    return folder


def test_another_run_elsewhere_gives_the_same_bytes(target: Target, elsewhere: Path, tmp_path: Path) -> None:
    copy_project(elsewhere, tmp_path)
    osls.make_packages(tmp_path)
    for function in functions():
        path = target.folder.relative_to(osls.ROOT) / f"{function}.zip"
        assert (tmp_path / path).read_bytes() == (elsewhere / path).read_bytes()


def test_another_run_in_the_same_place_does_nothing(target: Target, elsewhere: Path) -> None:
    name = target.folder.relative_to(osls.ROOT)
    before = {path: path.stat().st_mtime_ns for path in (elsewhere / name).iterdir()}
    assert osls.make_packages(elsewhere) == f"{name}: unchanged\n"
    assert {path: path.stat().st_mtime_ns for path in (elsewhere / name).iterdir()} == before


def test_the_python_is_named_for_the_deployment(target: Target) -> None:
    assert json.loads((BUILD / "lambda.json").read_text(encoding="utf-8")) == {"python": target.python}


def test_what_is_inside(archive: Path) -> None:
    rooms = {name.partition("/")[0] for name in names(archive)}
    assert {"functions", "shared", "starlette", "httpx", "pydantic"} <= rooms
    assert not rooms & {"tests", "tools", "bin", "uvicorn", "uvloop", "boto3", "botocore", "pytest", "pip", "data"}
    own = [archive.stem] if archive.stem != "docs" else functions()  # the description is made from all of them
    assert [name for name in names(archive) if name.startswith("functions/") and name.endswith(".py")] == [
        f"functions/{function}.py" for function in own
    ]
    ours = {name.removeprefix("shared/hosts/") for name in names(archive) if name.startswith("shared/hosts/")}
    assert {"lambda-exec", "lambda_entry.py", "lambda_stream.py"} <= ours
    assert not ours & {"local.py", "local-requirements.txt", "workers.py", "Dockerfile", "lambda_package.py"}


def test_it_is_small(archive: Path) -> None:
    assert archive.stat().st_size < 6_000_000


def test_the_wrapper_can_be_run(archive: Path) -> None:
    with ZipFile(archive) as zip_file:
        modes = {entry.filename: entry.external_attr >> 16 for entry in zip_file.infolist()}
    assert modes["shared/hosts/lambda-exec"] == 0o100755
    assert modes["shared/hosts/lambda_stream.py"] == 0o100644


def test_all_bytecode_is_of_its_source(target: Target, unpacked: Path) -> None:
    assert run(target, unpacked, CHECK_BYTECODE) == "right"


def test_what_an_import_brings_in(target: Target, archive: Path, unpacked: Path) -> None:
    """The function runs on what is packed; what only some calls need waits for them."""
    imported = set(json.loads(run(target, unpacked, LIST_IMPORTS.format(archive.stem))))
    assert {"shared.api", "starlette"} <= imported
    assert ("pydantic" in imported) == (archive.stem in ("chat_completions", "images_edits", "images_generations"))
    assert not imported & {"boto3", "botocore", "mangum", "uvicorn", "tools.lambda_package"}


def test_the_other_architecture_is_its_own(packaged: str, tmp_path: Path) -> None:
    other = next(name for name in ("arm64", "x86_64") if name != osls.ARCHITECTURE)
    osls.make_packages(architecture=other)
    for function in functions():
        here, there = (
            set(names(Target(packaged, architecture).folder / f"{function}.zip"))
            for architecture in (osls.ARCHITECTURE, other)
        )
        machines = {name.rpartition("/")[2] for name in here ^ there if name.endswith(".so")}
        assert len(machines) == 2
        assert {name for name in here ^ there if not name.endswith(".so")} == set()
