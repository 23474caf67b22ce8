"""An Http that does not wait between attempts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.http import Http, RetryPolicy


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http(patience=RetryPolicy(pause=0))
    yield http
    await http.aclose()
