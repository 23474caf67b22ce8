"""A picture as b64_json, fetched and encoded by us, beside a relay of JSON that holds it ready-made.

The aims are for a request that joins a job which is done (same Idempotency-Key): a look and the file, which is two
calls to the upstream where the relay makes one. The whole way, with its submit, is three.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from tests.bench.figures import Aim, Figure, at_most
from tests.bench.load import Measured, Request
from tests.bench.processes import Process
from tests.bench.servers import Bench, bench, generation
from tests.bench.stub import BASE64_PATH

_ROUNDS = 9
_SECONDS = 0.5
_CROWD = 32
_MEGABYTES = 1.5

_READY_MADE = Request("GET", BASE64_PATH)
_JOINED = generation(headers={"idempotency-key": "the same one"}, response_format="b64_json")
_WHOLE = generation(response_format="b64_json")


class _Ways(NamedTuple):
    bare: Measured
    joined: Measured
    whole: Measured


def measure() -> Iterator[Figure]:
    with bench(_MEGABYTES) as servers:
        _round(servers, 1)  # a warm-up
        alone = [_round(servers, 1) for _ in range(_ROUNDS)]
        crowd = [_round(servers, _CROWD) for _ in range(_ROUNDS)]
    yield _p50("look + file", [(each.joined, each.bare) for each in alone], at_most(1.0))
    yield _time("look + file", [(each.joined, each.bare) for each in crowd], at_most(0.8))
    yield _p50("submit + look + file", [(each.whole, each.bare) for each in alone])
    yield _time("submit + look + file", [(each.whole, each.bare) for each in crowd])
    yield _memory()


def _round(servers: Bench, concurrency: int) -> _Ways:
    press = servers.load.press
    return _Ways(
        press(servers.bare, _READY_MADE, concurrency, _SECONDS),
        press(servers.easel, _JOINED, concurrency, _SECONDS),
        press(servers.easel, _WHOLE, concurrency, _SECONDS),
    )


def _p50(what: str, pairs: list[tuple[Measured, Measured]], aim: Aim | None = None) -> Figure:
    ours, bare = (median(each.p50 for each in way) for way in zip(*pairs, strict=True))
    ratios = [ours.p50 / bare.p50 for ours, bare in pairs]
    return Figure("b64", f"{what}: p50 at 1", ratios, f"{ours:.2f} / {bare:.2f} ms", aim)


def _time(what: str, pairs: list[tuple[Measured, Measured]], aim: Aim | None = None) -> Figure:
    """Time for each picture, so that less is better here too."""
    rates = " / ".join(f"{median(each.rate for each in way):.0f}" for way in zip(*pairs, strict=True))
    costs = " / ".join(f"{median(each.cpu for each in way):.1f}" for way in zip(*pairs, strict=True))
    ratios = [bare.rate / ours.rate for ours, bare in pairs]
    source = f"{rates} pictures/s; {costs} ms of CPU each"
    return Figure("b64", f"{what}: time each at {_CROWD}", ratios, source, aim)


def _memory() -> Figure:
    """In fresh processes, from what they hold after a first picture to the peak in the crowd."""
    with bench(_MEGABYTES) as servers:
        bare = _growth(servers, servers.bare, _READY_MADE)
        ours = _growth(servers, servers.easel, _JOINED)
    return Figure("b64", f"memory growth at {_CROWD}", [ours], f"bare {bare:.0f} MB", at_most(50), " MB")


def _growth(servers: Bench, server: Process, request: Request) -> float:
    servers.load.press(server, request)
    server.reset_peak()
    before = server.resident()
    servers.load.press(server, request, _CROWD, 2.0)
    return server.peak() - before
