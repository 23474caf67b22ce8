"""Importing is all that Cloudflare's snapshots see: nothing random, no network, no settings may be needed for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

GUARD = """
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
    """All but the entry, which only Cloudflare can import, and the laptop's server, whose uvicorn is not so strict."""
    files = [*(ROOT / "functions").glob("[!_]*.py"), *(ROOT / "shared").rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(files)]
    return [name.removesuffix(".__init__") for name in names if name != "shared.hosts.local"]


def guarded(*names: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", GUARD, *names], cwd=folder, capture_output=True, text=True, timeout=60)


def test_importing_needs_nothing() -> None:
    done = guarded(*modules())
    assert not done.returncode, done.stderr


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
    assert guarded("careless", folder=tmp_path).stderr.splitlines()[-1].startswith("careless: ")
