"""Importing is all that Cloudflare's snapshots see: nothing random, no network, no settings may be needed for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

QUIET_IMPORT = """
import importlib, os, random, secrets, sys, uuid

def is_ours(name):
    return name.partition(".")[0] in ("functions", "shared")

names = sys.argv[1:]
for name in names:  # once for all that they import: what others do there is not ours
    importlib.import_module(name)
for name in filter(is_ours, list(sys.modules)):
    del sys.modules[name]

def forbid(what):
    def forbidden(*arguments, **options):
        raise AssertionError(f"{what} at import")
    return forbidden

def forbid_us(what, real):
    def watched(*arguments, **options):
        assert not is_ours(sys._getframe(1).f_globals["__name__"]), f"{what} at import"
        return real(*arguments, **options)
    return watched

def no_network(event, arguments):
    if event.startswith(("socket.", "ssl.", "subprocess.", "urllib.")):
        raise AssertionError(f"{event} at import")

class Environment(dict):
    pass

for name in ("__getitem__", "__contains__", "__iter__", "get", "keys", "items", "values", "copy"):
    setattr(Environment, name, forbid_us("os.environ is read", getattr(dict, name)))
os.environ = Environment(os.environ)
os.getenv = forbid_us("os.environ is read", os.getenv)
for module, name in [(os, "urandom"), (uuid, "uuid4"), (random, "random"), (secrets, "token_bytes")]:
    setattr(module, name, forbid(f"{name} is called"))
sys.addaudithook(no_network)
before = random.getstate()
for name in names:
    importlib.import_module(name)
assert random.getstate() == before
"""

STRICT_IMPORT = """
import os, random, secrets, socket, sys, uuid
from importlib import import_module

def refuse(*arguments, **options):
    raise RuntimeError("at import")

seeded = [name for name in random.__all__ if name[0].islower()]
places = {
    random: seeded, random.Random: ["seed"], uuid: ["uuid1", "uuid4"], os: ["urandom", "getrandom"],
    secrets: [name for name in secrets.__all__ if name[0].islower() and name != "compare_digest"],
    socket: ["create_connection", "getaddrinfo"], socket.socket: ["__init__", "connect", "bind"],
}
for place, names in places.items():
    for name in names:
        setattr(place, name, refuse)
os.environ.clear()
sys.modules["rich"] = None  # which makes httpx import its command line, and is on no host
for name in sys.argv[1:]:
    try:
        import_module(name)
    except BaseException as error:
        raise SystemExit(f"{name}: {error!r}") from error
"""


def modules() -> list[str]:
    """All but the entry, which only Cloudflare can import."""
    files = [*(ROOT / "functions").glob("[!_]*.py"), *(ROOT / "shared").rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(files)]
    return [name.removesuffix(".__init__") for name in names]


def run(script: str, *names: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *names], cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_importing_our_modules_needs_nothing() -> None:
    done = run(QUIET_IMPORT, *modules())
    assert not done.returncode, done.stderr


def test_nor_does_importing_the_packages_that_hosts_have() -> None:
    done = run(STRICT_IMPORT, *(name for name in modules() if not name.startswith("shared.hosts.local")))
    assert not done.returncode, done.stderr


LATE = (
    "pydantic",
    "shared.api.responses.types",
    "shared.providers.zimage",
    "shared.providers.sketch.image",
    "boto3",
    "mangum",
)


def imported(*lines: str) -> list[str]:
    """What of LATE is there after these lines."""
    done = run("; ".join([*lines, "import sys", f"print(*[name for name in {LATE} if name in sys.modules])"]))
    assert not done.returncode, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("function", sorted(path.stem for path in (ROOT / "functions").glob("[!_]*.py")))
def test_a_function_imports_what_all_its_requests_need_and_nothing_else(function: str) -> None:
    parses = function in ("chat_completions", "images_edits", "images_generations")
    assert imported(f"import functions.{function}") == (["pydantic"] if parses else [])


def test_a_host_that_takes_a_snapshot_has_all_of_it_in_there() -> None:
    assert imported("from shared.hosts.bundle import import_all", "import_all()") == [*LATE[:4]]


@pytest.mark.parametrize(
    "line",
    [
        "import random; random.random()",
        "import random; random.Random()",
        "from uuid import uuid4; uuid4()",
        "import os; os.urandom(8)",
        "import secrets; secrets.token_hex()",
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "import asyncio; asyncio.new_event_loop()",
        "import os; os.environ['PATH']",
    ],
)
def test_the_guard_bites(tmp_path: Path, line: str) -> None:
    (tmp_path / "careless.py").write_text(line, encoding="utf-8")
    assert run(STRICT_IMPORT, "careless", folder=tmp_path).stderr.splitlines()[-1].startswith("careless: ")
