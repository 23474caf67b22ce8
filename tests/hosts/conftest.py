"""Functions in processes of their own, in front of the Z-Image emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.emulators.zimage import ZImage
from tests.hosts.runtime import Runtime

DONE_AT_ONCE = '{"zimage-turbo": {"typical_seconds": 0}}'


@pytest.fixture
def zimage(zimage: ZImage) -> ZImage:
    """The Z-Image emulator, whose jobs take no time unless the test says otherwise."""
    zimage.steps = 0
    return zimage


@pytest.fixture(scope="session")
def upstream(running_zimage: ZImage) -> dict[str, str]:
    """The settings of a function in front of the emulator."""
    return {"PROVIDERS": "zimage", "ZIMAGE_BASE_URL": running_zimage.url, "ZIMAGE_MODELS": DONE_AT_ONCE}


@pytest.fixture
def start(upstream: dict[str, str]) -> Iterator[Callable[..., Runtime]]:
    """Starts runtimes, and ends them after the test."""
    runtimes: list[Runtime] = []

    def start(handler: str, **environment: str) -> Runtime:
        runtimes.append(Runtime(handler, **upstream, **environment))
        return runtimes[-1]

    yield start
    for runtime in runtimes:
        runtime.close()


@pytest.fixture(scope="session")
def images(upstream: dict[str, str]) -> Iterator[Runtime]:
    """POST /v1/images/generations, for all tests that leave the process in good health."""
    with Runtime("functions/images_generations.handler", **upstream) as runtime:
        yield runtime


@pytest.fixture(scope="session")
def files(upstream: dict[str, str]) -> Iterator[Runtime]:
    """The bytes of pictures, likewise."""
    with Runtime("functions/files.handler", **upstream) as runtime:
        yield runtime


@pytest.fixture(scope="session")
def awkward() -> Iterator[Runtime]:
    """The application that does everything wrong."""
    with Runtime("tests/hosts/awkward.handler") as runtime:
        yield runtime
