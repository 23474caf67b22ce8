"""ProviderFactory in front of their emulators."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.http import Http


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.aclose()
