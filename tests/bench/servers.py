"""What is measured, each in its process: Easel as `make serve` runs it, the bare relay, and the stub behind both."""

from __future__ import annotations

import json
import site
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.load import Load, Request
from tests.bench.processes import Process, free_port, serving
from tests.bench.stub import DONE

KEY = "a-key-of-the-benchmarks-that-is-long-enough"
_AT_ONCE = {"zimage-turbo": {"typical_seconds": 0}}


class Bench(NamedTuple):
    """A stub, two ways to it, and what sends."""

    stub: Process
    bare: Process
    easel: Process
    load: Load


@contextmanager
def bench(megabytes: float = 1.5, uuid: str = DONE) -> Iterator[Bench]:
    """Fresh processes; a result of the stub's has so many megabytes, and all its jobs are called `uuid`."""
    with stub(megabytes, uuid) as upstream, bare(upstream.url) as relay, easel(upstream.url) as gateway, Load() as load:
        yield Bench(upstream, relay, gateway, load)


@contextmanager
def stub(megabytes: float, uuid: str) -> Iterator[Process]:
    port = free_port()
    with serving(["-m", "tests.bench.stub", str(port), str(megabytes), uuid], port) as process:
        yield process


@contextmanager
def bare(upstream: str) -> Iterator[Process]:
    """The relay as the wild has it: without sniffio, which none of its packages installs."""
    port = free_port()
    with tempfile.TemporaryDirectory() as packages:
        _link_packages(Path(packages), without="sniffio")
        # -S leaves the real site-packages out, so that the links stand in their place.
        arguments = ["-S", "-m", "tests.bench.bare", str(port), upstream]
        with serving(arguments, port, {"PYTHONPATH": packages}, apart=True) as process:
            yield process


@contextmanager
def easel(upstream: str, models: dict[str, Any] = _AT_ONCE) -> Iterator[Process]:
    port = free_port()
    environment = {
        "PORT": str(port),
        "API_KEYS": KEY,
        "PROVIDERS": "zimage",
        "ZIMAGE_BASE_URL": upstream,
        "ZIMAGE_MODELS": json.dumps(models),
    }
    with serving(["-m", "shared.hosts.local"], port, environment, apart=True) as process:
        yield process


def generation(*, headers: dict[str, str] | None = None, **members: Any) -> Request:
    """POST /v1/images/generations."""
    body = json.dumps({"model": "zimage-turbo", "prompt": "a lighthouse at dusk", **members})
    own = {"authorization": f"Bearer {KEY}", "content-type": "application/json", **(headers or {})}
    return Request("POST", "/v1/images/generations", own, body)


def fetch(server: Process, request: Request) -> dict[str, Any]:
    """The answer to one request."""
    sent = urllib.request.Request(
        server.url + request.path, request.body.encode() or None, dict(request.headers), method=request.method
    )
    with urllib.request.urlopen(sent, timeout=30) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


def _link_packages(folder: Path, without: str) -> None:
    for package in (entry for path in site.getsitepackages() for entry in Path(path).iterdir()):
        if not package.name.startswith(without):
            (folder / package.name).symlink_to(package)
