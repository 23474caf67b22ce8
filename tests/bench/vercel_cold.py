"""Vercel's cold start: each built function up to its first answer, beside a bare ASGI application in the same launcher.

CPU time, for wall time says more about the machine.
"""

from __future__ import annotations

import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.figures import Figure
from tests.bench.lambda_cold import REQUESTS
from tests.bench.servers import KEY
from tests.hosts.vercel import cli
from tests.hosts.vercel.instance import Instance
from tests.hosts.vercel.output import Function, Output

_ROUNDS = 7
_BARE = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
"""


class _Start(NamedTuple):
    """Seconds: until the launcher says so, and of CPU time up to the first answer."""

    started: float
    cpu: float


def measure() -> Iterator[Figure]:
    if lacking := cli.missing():
        print(f"vercel: {lacking}")
        return
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        cli.copy_project(project)
        (project / "functions" / "bare.py").write_text(_BARE, encoding="utf-8")
        cli.build(project)
        functions = {function.name: function for function in Output(project).functions.values()}
        bare = functions.pop("bare")
        for function in functions.values():
            yield from _measured(function, bare)
        # All of them hold the same.
        yield Figure("vercel", "a function's files", [bare.size() / 1e6], f"{len(bare.files)} files", unit=" MB")


def _measured(function: Function, bare: Function) -> Iterator[Figure]:
    rounds = [(_start(function), _start(bare)) for _ in range(_ROUNDS)]
    for index, what in enumerate(("until started", "CPU to an answer")):
        ours, floor = ([pair[side][index] for pair in rounds] for side in (0, 1))
        ratios = [one / other for one, other in zip(ours, floor, strict=True)]
        times = f"{median(ours) * 1000:.0f} / {median(floor) * 1000:.0f} ms"
        yield Figure("vercel", f"cold {function.name}: {what}", ratios, times)


def _start(function: Function) -> _Start:
    instance = Instance(function, cli.python(), API_KEYS=KEY)
    try:
        method, path = REQUESTS.get(function.name, ("GET", "/"))
        body = {"prompt": "a lighthouse", "response_format": "url"} if method == "POST" else None
        headers = {"authorization": f"Bearer {KEY}"}
        content = json.dumps(body).encode() if body else None
        request = urllib.request.Request(instance.url + path, content, headers, method=method)
        with suppress(urllib.error.HTTPError):  # 404 is an answer too
            urllib.request.urlopen(request, timeout=30).close()
        return _Start(instance.start_seconds, instance.cpu())
    finally:
        instance.stop()
