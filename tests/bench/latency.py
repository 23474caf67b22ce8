"""What a request costs more than asking the upstream itself, and how many of them get through."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from tests.bench.figures import Figure, at_least, at_most
from tests.bench.load import Measured, Request
from tests.bench.servers import Bench, bench, fetch, generation
from tests.bench.stub import RUNNING, SUBMIT_PATH, TASK_PATH

_ROUNDS = 15
_ALONE_SECONDS = 0.25
_CROWD_SECONDS = 0.5
_CROWD = 32


class _Case(NamedTuple):
    """The same question, put to the upstream and to us."""

    what: str
    upstream: Request
    easel: Request


class _Round(NamedTuple):
    """Milliseconds at concurrency 1, then a crowd."""

    direct: float
    bare: float
    easel: float
    bare_crowd: Measured
    easel_crowd: Measured


def measure() -> Iterator[Figure]:
    with bench(uuid=RUNNING) as servers:
        for case in (_look(servers), _submit()):
            _round(servers, case)  # a warm-up
            rounds = [_round(servers, case) for _ in range(_ROUNDS)]
            yield _added(case.what, rounds)
            yield _throughput(case.what, rounds)


def _look(servers: Bench) -> _Case:
    """A look at a job that is under way, which is what most looks see."""
    order = generation(headers={"prefer": "respond-async"})
    job = fetch(servers.easel, order)["id"]
    upstream = Request("GET", TASK_PATH + RUNNING)
    return _Case("GET /v1/jobs/{id}", upstream, Request("GET", f"/v1/jobs/{job}", order.headers))


def _submit() -> _Case:
    body = '{"prompt":"a lighthouse at dusk","width":1024,"height":1024,"modelType":"turbo","batchSize":1}'
    upstream = Request("POST", SUBMIT_PATH, {"content-type": "application/json"}, body)
    order = generation(headers={"prefer": "respond-async"}, response_format="url")
    return _Case("POST, respond-async", upstream, order)


def _round(servers: Bench, case: _Case) -> _Round:
    press = servers.load.press
    return _Round(
        press(servers.stub, case.upstream, 1, _ALONE_SECONDS).p50,
        press(servers.bare, case.upstream, 1, _ALONE_SECONDS).p50,
        press(servers.easel, case.easel, 1, _ALONE_SECONDS).p50,
        press(servers.bare, case.upstream, _CROWD, _CROWD_SECONDS),
        press(servers.easel, case.easel, _CROWD, _CROWD_SECONDS),
    )


def _added(what: str, rounds: list[_Round]) -> Figure:
    direct, bare, easel = (median(getattr(each, way) for each in rounds) for way in ("direct", "bare", "easel"))
    return Figure(
        "latency",
        f"{what}: added p50 at 1",
        [(each.easel - each.direct) / (each.bare - each.direct) for each in rounds],
        f"{easel - direct:.2f} / {bare - direct:.2f} ms over {direct:.2f}",
        at_most(0.85),
    )


def _throughput(what: str, rounds: list[_Round]) -> Figure:
    bare, easel = ([each.bare_crowd for each in rounds], [each.easel_crowd for each in rounds])
    rates = f"{median(each.rate for each in easel):.0f} / {median(each.rate for each in bare):.0f} requests/s"
    costs = f"{median(each.cpu for each in easel):.2f} / {median(each.cpu for each in bare):.2f} ms of CPU each"
    return Figure(
        "latency",
        f"{what}: throughput at {_CROWD}",
        [one.rate / other.rate for one, other in zip(easel, bare, strict=True)],
        f"{rates}; {costs}",
        at_least(4.5),
    )
