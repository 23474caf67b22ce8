"""What every test may ask for: emulators of the upstreams, and gateways in front of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.emulators.ark import Ark
from tests.emulators.gemini import Gemini
from tests.emulators.zimage import ZImage
from tests.rig import Gateway

QUICK_MODELS = '{"zimage-turbo": {"typical_seconds": 0.1}}'
"""Lets a gateway look often, for jobs of emulators that are done in no time."""


@pytest.fixture(scope="session")
def running_zimage() -> Iterator[ZImage]:
    with ZImage() as emulator:
        yield emulator


@pytest.fixture
def zimage(running_zimage: ZImage) -> ZImage:
    """The Z-Image emulator, as new."""
    running_zimage.reset()
    return running_zimage


@pytest.fixture(scope="session")
def running_ark() -> Iterator[Ark]:
    with Ark() as emulator:
        yield emulator


@pytest.fixture
def ark(running_ark: Ark) -> Ark:
    """The Ark emulator, as new."""
    running_ark.reset()
    return running_ark


@pytest.fixture(scope="session")
def running_gemini() -> Iterator[Gemini]:
    with Gemini() as emulator:
        yield emulator


@pytest.fixture
def gemini(running_gemini: Gemini) -> Gemini:
    """The Gemini emulator, as new."""
    running_gemini.reset()
    return running_gemini


@pytest.fixture
def serve() -> Iterator[Callable[..., Gateway]]:
    """Starts gateways, each with the environment given, and stops them at the end of the test."""
    gateways: list[Gateway] = []

    def start(*, open_mode: bool = False, **environment: str) -> Gateway:
        gateways.append(Gateway(open_mode=open_mode, **environment))
        return gateways[-1]

    yield start
    for gateway in gateways:
        gateway.close()


@pytest.fixture
def gateway(serve: Callable[..., Gateway], zimage: ZImage) -> Gateway:
    """A gateway with keys, in front of the Z-Image emulator."""
    return serve(PROVIDERS="zimage", ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=QUICK_MODELS)
