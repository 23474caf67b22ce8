"""Measures all parts, or those that are named, and prints one table: `make bench`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator

from tests.bench import b64, calls, lag, lambda_cold, latency, passing, sketch, start, vercel_cold
from tests.bench.figures import Figure, heading
from tests.bench.processes import stay_aside

PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "start": start.measure,
    "lambda": lambda_cold.measure,
    "vercel": vercel_cold.measure,
    "latency": latency.measure,
    "b64": b64.measure,
    "pass": passing.measure,
    "lag": lag.measure,
    "sketch": sketch.measure,
    "calls": calls.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Ratios, measured in one run.")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := set(parts) - PARTS.keys():
        parser.error(f"there is no part called {min(unknown)}, only {', '.join(PARTS)}")
    stay_aside()
    print("Each figure is the median of its rounds; a ratio is ours by the bare one's, taken inside a round.")
    print(f"The machine has {os.cpu_count()} cores, and a load of {os.getloadavg()[0]:.1f} before we begin.\n")
    print(heading(), flush=True)
    for part in parts:
        for figure in PARTS[part]():
            print(figure, flush=True)


if __name__ == "__main__":
    main()
