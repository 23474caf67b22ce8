"""The Worker, for each test with the settings that it is to start from."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.emulators.zimage import ZImage
from tests.hosts.workers.front import Front


@pytest.fixture
def front(worker: Front, zimage: ZImage, upstream: dict[str, str]) -> Front:
    worker.configure(upstream, forgetful=True)
    return worker


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with front.client() as client:
        yield client


@pytest.fixture
def sdk(front: Front) -> Iterator[openai.OpenAI]:
    with front.openai() as sdk:
        yield sdk
