"""One deployment after the other, for what both of them promise."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.emulators.zimage import ZImage
from tests.hosts.aws.rig import Deployed


@pytest.fixture(params=["streaming", "buffered"])
def deployed(request: pytest.FixtureRequest, zimage: ZImage) -> Deployed:
    chosen: Deployed = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def client(deployed: Deployed) -> Iterator[httpx.Client]:
    with deployed.client() as client:
        yield client


@pytest.fixture
def sdk(deployed: Deployed) -> Iterator[openai.OpenAI]:
    with deployed.openai() as sdk:
        yield sdk
