"""A big file through GET /images/{asset}.png, beside the bare relay of the same file."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.bench.figures import Figure, at_least, at_most
from tests.bench.load import Request
from tests.bench.processes import Process
from tests.bench.servers import Bench, bench, fetch, generation
from tests.bench.stub import DONE, RESULT_PATH, TASK_PATH

_ROUNDS = 5
_MEGABYTES = 200


class _Way(NamedTuple):
    """Megabytes per second, and megabytes of memory that it took."""

    speed: float
    growth: float


class _Round(NamedTuple):
    direct: float
    bare: _Way
    easel: _Way


def measure() -> Iterator[Figure]:
    rounds = [_round() for _ in range(_ROUNDS)]
    bare, easel = ([each.bare for each in rounds], [each.easel for each in rounds])
    yield Figure(
        "pass",
        f"{_MEGABYTES} MB: speed",
        [each.easel.speed / each.bare.speed for each in rounds],
        f"{_speed(easel):.0f} / {_speed(bare):.0f} MB/s, direct {median(each.direct for each in rounds):.0f}",
        at_least(1.6),
    )
    yield Figure(
        "pass",
        f"{_MEGABYTES} MB: memory growth",
        [way.growth for way in easel],
        f"bare {median(way.growth for way in bare):.1f} MB",
        at_most(12),
        " MB",
    )


def _round() -> _Round:
    """In fresh processes: big bodies that were served before change how the next ones fare."""
    with bench(_MEGABYTES) as servers:
        direct = servers.load.press(servers.stub, Request("GET", RESULT_PATH)).megabytes
        bare = _way(servers, servers.bare, Request("GET", TASK_PATH + DONE), RESULT_PATH)
        order = generation(response_format="url")
        path = urlsplit(fetch(servers.easel, order)["data"][0]["url"]).path
        return _Round(direct, bare, _way(servers, servers.easel, order, path))


def _way(servers: Bench, server: Process, small: Request, path: str) -> _Way:
    servers.load.press(server, small, seconds=0.1)  # a warm-up
    server.reset_peak()
    before = server.resident()
    speed = servers.load.press(server, Request("GET", path)).megabytes
    return _Way(speed, server.peak() - before)


def _speed(ways: list[_Way]) -> float:
    return median(way.speed for way in ways)
