"""The deployment of all tests that leave it in good health."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.hosts.vercel.front import Front
from tests.rig import API_KEY


@pytest.fixture
def front(standing: Front) -> Iterator[Front]:
    yield standing
    standing.seconds = None


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {API_KEY}"}
    with httpx.Client(base_url=front.url, headers=headers, timeout=60, verify=False) as client:
        yield client


@pytest.fixture
def sdk(front: Front) -> Iterator[openai.OpenAI]:
    """The real SDK, with its retries on."""
    with openai.OpenAI(base_url=f"{front.url}/v1", api_key=API_KEY, timeout=60) as sdk:
        yield sdk
