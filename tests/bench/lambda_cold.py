"""Lambda's cold start: each packaged function up to its first answer, beside a bare handler and beside its floor.

The bare handler returns a constant; the floor imports starlette, httpx and pydantic before that. With one model it
is what any function stands on that validates a body, for pydantic loads most of itself at the first. These run in
the managed runtime's own loop, and ours as it is deployed. CPU time, for wall time says more about the machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from zipfile import ZipFile

from tests.bench.figures import Figure, at_most
from tests.bench.servers import KEY
from tests.hosts.aws import osls
from tests.hosts.aws.deployment import Function, unpack
from tests.hosts.aws.environments import Environment
from tests.hosts.aws.runtime import runtime_folder
from tests.hosts.events import rest
from tools.lambda_package import Target, functions, interpreter

_ROUNDS = 7
_HANDLER = 'def handler(event, context):\n    return {"statusCode": 200, "body": "{}"}\n'
# BaseModel by its name: pydantic itself imports nothing until it is asked for something.
_FLOOR = "import httpx, starlette.applications\nfrom pydantic import BaseModel\n"
_MODEL = "class Model(BaseModel):\n    id: str\n"
_SETTINGS = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/shared/hosts/lambda-exec", "API_KEYS": KEY}
_BODY = {
    "prompt": "a lighthouse",
    "response_format": "url",
    "messages": [{"role": "user", "content": "a lighthouse"}],
    "waitForImage": False,
}
REQUESTS = {
    "chat_completions": ("POST", "/v1/chat/completions"),
    "docs": ("GET", "/"),
    "images_edits": ("POST", "/v1/images/edits"),
    "images_generations": ("POST", "/v1/images/generations"),
    "files": ("GET", "/images/unknown.png"),
    "jobs": ("GET", "/v1/jobs/unknown"),
    "models": ("GET", "/v1/models"),
    "root": ("GET", "/health"),
}


def measure() -> Iterator[Figure]:
    osls.make_packages()
    target = Target(osls.packaged_python(), osls.ARCHITECTURE)
    with tempfile.TemporaryDirectory() as folder:
        for name in functions():
            yield from _measured(name, target, Path(folder))


def _measured(name: str, target: Target, folder: Path) -> Iterator[Figure]:
    archive = target.folder / f"{name}.zip"
    unpack(archive.read_bytes(), folder / name)
    ours = Function(name, f"functions/{name}.handler", f"python{target.python}", folder / name, _SETTINGS, 512, 30)
    plain = {"floor": _FLOOR, "model": _FLOOR + _MODEL, "bare": ""}
    all_four = [ours, *(_plain(ours, kind, source, folder) for kind, source in plain.items())]
    for each in all_four[1:]:
        _cpu(each, target)  # compiles what is not of ours
    rounds = [[_cpu(each, target) for each in all_four] for _ in range(_ROUNDS)]
    times = " / ".join(f"{median(times) * 1000:.0f}" for times in zip(*rounds, strict=True))
    to_floor, to_model, to_bare = ([one[0] / one[other] for one in rounds] for other in (1, 2, 3))
    note = f"{times} ms (ours, floor, with a model, bare)"
    yield Figure("lambda", f"cold {name}: CPU / floor's", to_floor, note, at_most(1.25))
    yield Figure("lambda", f"cold {name}: CPU / floor's with a model", to_model, "pydantic loads most of itself then")
    yield Figure("lambda", f"cold {name}: CPU / a bare handler's", to_bare, f"Python {target.python}")
    yield _size(name, archive)


def _plain(ours: Function, kind: str, imports: str, folder: Path) -> Function:
    """A handler of a line or two, beside the packages of our function."""
    own = folder / kind
    own.mkdir(exist_ok=True)
    (own / f"{kind}.py").write_text(imports + _HANDLER, encoding="utf-8")
    paths = [runtime_folder(ours.runtime.removeprefix("python")), ours.folder]
    environment = {"PYTHONPATH": ":".join(map(str, paths))}
    return ours._replace(name=kind, handler=f"{kind}.handler", folder=own, environment=environment)


def _cpu(function: Function, target: Target) -> float:
    """Seconds of CPU time that a new process needs up to its first answer."""
    python = interpreter(target.python)
    assert python
    environment = Environment(function, python, runtime_folder(target.python))
    try:
        method, path = REQUESTS.get(function.name, ("GET", "/"))
        body = _BODY if method == "POST" else None
        answer = environment.send(rest(method, path, body, Authorization=f"Bearer {KEY}")).wait()
        assert answer.whole, answer.raw
        assert answer.kind == "response", answer.raw
        return environment.cpu()
    finally:
        environment.kill()


def _size(name: str, archive: Path) -> Figure:
    with ZipFile(archive) as zip_file:
        sizes = {entry.filename: entry.compress_size for entry in zip_file.infolist()}
    packages = sum(size for name, size in sizes.items() if not name.startswith(("functions/", "shared/")))
    ratio = sum(sizes.values()) / packages
    return Figure("lambda", f"zip of {name} / its packages alone", [ratio], f"{archive.stat().st_size / 1e6:.2f} MB")
