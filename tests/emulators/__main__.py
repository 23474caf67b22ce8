"""Easel on a laptop with an emulator behind it for every upstream: `make demo`."""

from __future__ import annotations

import os

from shared.hosts import local
from tests.emulators import EMULATORS


def main() -> None:
    emulators = {name: emulator.lifelike().start() for name, emulator in EMULATORS.items()}
    for emulator in emulators.values():
        os.environ.update(emulator.environment())
    print("Upstreams, all of them emulated: " + ", ".join(f"{name} at {emulators[name].url}" for name in emulators))
    local.main()


if __name__ == "__main__":
    main()
