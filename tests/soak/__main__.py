"""Runs all attacks, or those that are named, and prints one line per figure."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from tests.soak import jobs

ATTACKS: dict[str, Callable[[], Iterator[str]]] = {"jobs": jobs.attack}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("attacks", nargs="*", metavar="attack", help=", ".join(ATTACKS))
    names = parser.parse_args().attacks or list(ATTACKS)
    if unknown := set(names) - ATTACKS.keys():
        parser.error(f"unknown attack {min(unknown)}; choose from {', '.join(ATTACKS)}")
    for name in names:
        for line in ATTACKS[name]():
            print(f"{name:10} {line}", flush=True)


if __name__ == "__main__":
    main()
