"""Callers without a key: many of them with invented tokens, beside one caller with a key."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from threading import Event

import httpx

from tests.emulators.faults import Slow
from tests.emulators.piclumen import Piclumen
from tests.local_server import LocalServer
from tests.rig import API_KEY
from tests.soak.watch import Watch

_GUESTS = 24
_SECONDS = 10.0
_UPSTREAM_SECONDS = 0.5
_CREATE = "POST /api/gen/create"


def attack() -> Iterator[str]:
    """Guests take all the tasks they can get; a caller with a key asks twice a second."""
    with Piclumen() as upstream:
        upstream.plan(_CREATE, *[Slow(_UPSTREAM_SECONDS)] * 10_000)
        settings = {"API_KEYS": API_KEY, "MAX_CONCURRENT_TASKS": "4"} | upstream.environment()
        for guests in (0, _GUESTS):
            server = LocalServer(settings)
            yield _served(server, guests)
            server.stop()


def _served(server: LocalServer, guests: int) -> str:
    over = Event()
    with ThreadPoolExecutor(_GUESTS) as pool, Watch(server) as watch:
        crowd = [pool.submit(_guest, server.url, number, over) for number in range(guests)]
        statuses, waits = _keyed(server.url)
        over.set()
        refused = sum((answer.result() for answer in crowd), Counter[int]())
    return (
        f"{guests} guests (statuses {dict(refused)}): keyed caller got {dict(statuses)}, "
        f"median {1000 * median(waits):.0f} ms; peak +{watch.peak:.0f} MB, longest ping {watch.longest:.0f} ms"
    )


def _guest(url: str, number: int, over: Event) -> Counter[int]:
    statuses: Counter[int] = Counter()
    with httpx.Client(base_url=url, headers={"authorization-token": f"invented-{number}"}, timeout=60) as client:
        while not over.wait(0.02):
            statuses[client.post("/generate-image", json={"prompt": "a cat"}).status_code] += 1
    return statuses


def _keyed(url: str) -> tuple[Counter[int], list[float]]:
    """The statuses, and the seconds that each request took."""
    statuses: Counter[int] = Counter()
    waits = []
    end = time.monotonic() + _SECONDS
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {API_KEY}"}, timeout=60) as client:
        while time.monotonic() < end:
            begun = time.monotonic()
            statuses[client.post("/generate-image", json={"prompt": "a cat"}).status_code] += 1
            waits.append(time.monotonic() - begun)
            time.sleep(0.5)
    return statuses, waits
