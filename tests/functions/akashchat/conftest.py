"""The site in each of its versions, and a gateway in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import openai
import pytest

from tests.emulators.akashchat import AkashChat
from tests.rig import Gateway

TEXT_MODEL = "Meta-Llama-3-3-70B-Instruct"


@pytest.fixture(scope="package")
def running_akashchat() -> Iterator[AkashChat]:
    with AkashChat(steps=0) as emulator:
        yield emulator


@pytest.fixture
def akashchat(running_akashchat: AkashChat) -> AkashChat:
    """The newest version, whose pictures take no time."""
    running_akashchat.reset()
    return running_akashchat


@pytest.fixture(params=["L", "M", "N"])
def each_akashchat(request: pytest.FixtureRequest, akashchat: AkashChat) -> AkashChat:
    akashchat.dialect = request.param
    return akashchat


@pytest.fixture
def gateway(serve: Callable[..., Gateway], akashchat: AkashChat) -> Gateway:
    return serve(**akashchat.environment(), AKASHCHAT_MODELS='{"AkashGen": {"typical_seconds": 0}}')


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client() as client:
        yield client


@pytest.fixture
def sdk(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """The real SDK, which shows each error at once."""
    with gateway.openai(max_retries=0) as sdk:
        yield sdk
