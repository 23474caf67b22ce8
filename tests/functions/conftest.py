"""The gateway of these tests, in front of an upstream that is done at once, and two clients with a key of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import openai
import pytest

from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.zimage import ZImage
from tests.rig import Gateway

DONE_AT_ONCE = '{"zimage-turbo": {"typical_seconds": 0}}'


@pytest.fixture
def zimage(zimage: ZImage) -> ZImage:
    """The Z-Image emulator, whose jobs take no time unless the test says otherwise."""
    zimage.steps = 0
    return zimage


@pytest.fixture(scope="module")
def running_service() -> Iterator[OpenAICompatible]:
    with OpenAICompatible() as emulator:
        yield emulator


@pytest.fixture
def service(running_service: OpenAICompatible) -> OpenAICompatible:
    """The emulator of a service that speaks OpenAI's API, as new."""
    running_service.reset()
    return running_service


@pytest.fixture
def gateway(serve: Callable[..., Gateway], zimage: ZImage) -> Gateway:
    """A gateway with keys that looks at its jobs at once."""
    return serve(PROVIDERS="zimage", ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=DONE_AT_ONCE)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    """Plain HTTP, for what the SDK hides or has no method for."""
    with gateway.client() as client:
        yield client


@pytest.fixture
def sdk(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """The real SDK, with its retries on."""
    with gateway.openai() as sdk:
        yield sdk
