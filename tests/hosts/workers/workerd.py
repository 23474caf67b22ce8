"""The staged Worker under workerd itself, which needs the platform's own Python as a file, in WORKERD_BUNDLE_DIR."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from tests.hosts.aws.moto import free_port
from tests.hosts.workers import wrangler
from tools.workers_package import PACKAGES, STAGE

BUNDLES = os.environ.get("WORKERD_BUNDLE_DIR")
_START_SECONDS = 60.0


def missing() -> str | None:
    """What this machine lacks to run the Worker under workerd, in words."""
    if not BUNDLES:
        return "workerd's Python is not here: WORKERD_BUNDLE_DIR names a folder with pyodide_*.capnp.bin"
    if not (wrangler.BIN / "workerd").exists():
        return "workerd is not here: `make tools` installs it"
    return None


class Workerd:
    """Serves at `url` until it is closed."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._folder = tempfile.TemporaryDirectory()
        config = Path(self._folder.name, "config.capnp")
        config.write_text(configuration(settings, port), encoding="utf-8")
        cache = [f"--pyodide-bundle-disk-cache-dir={BUNDLES}"] if BUNDLES else []
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115  # open until `close`
        self._process = subprocess.Popen(
            [wrangler.BIN / "workerd", "serve", "--experimental", "--import-path=/", *cache, config],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._wait()

    @property
    def output(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/ping", timeout=_START_SECONDS, verify=False).text == "pong":
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        output = self.output
        self.close()
        raise RuntimeError(f"workerd does not serve: {output}")


def configuration(settings: Mapping[str, str], port: int) -> str:
    """A configuration of workerd's, as wrangler would make one of the staged files."""
    deployed = wrangler.settings()
    bindings = [f"(name = {json.dumps(name)}, text = {json.dumps(text)})" for name, text in settings.items()]
    flags = ", ".join(json.dumps(flag) for flag in deployed["compatibility_flags"])
    return f"""using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "easel", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "easel")],
);
const worker :Workerd.Worker = (
  modules = [{", ".join(_modules())}],
  compatibilityDate = "{deployed["compatibility_date"]}",
  compatibilityFlags = [{flags}],
  bindings = [{", ".join(bindings)}],
);
"""


def _modules() -> Iterator[str]:
    """The entry first; packages are data to workerd, but for the SDK's own JavaScript."""
    for path in sorted(STAGE.rglob("*.py"), key=lambda path: path.name != "entry.py"):
        yield _module(path.relative_to(STAGE).as_posix(), "pythonModule", path)
    for path in sorted(STAGE.rglob("*.html")):
        yield _module(path.relative_to(STAGE).as_posix(), "text", path)
    for path in sorted(path for path in PACKAGES.rglob("*") if path.is_file()):
        name = path.relative_to(PACKAGES).as_posix()
        kind = "esModule" if name.startswith("workers/") and path.suffix in (".js", ".mjs") else "data"
        yield _module(f"python_modules/{name}", kind, path)


def _module(name: str, kind: str, path: Path) -> str:
    return f"(name = {json.dumps(name)}, {kind} = embed {json.dumps(str(path))})"
