"""Heartbeats while a source is silent, its timeout, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from shared.api.streaming import with_heartbeats

PAUSE = 0.02


class Source:
    """Gives numbers after those pauses, and remembers whether it was closed."""

    def __init__(self, *pauses: float) -> None:
        self._pauses = pauses
        self.closed = False

    async def numbers(self) -> AsyncGenerator[int, None]:
        try:
            for number, pause in enumerate(self._pauses):
                await asyncio.sleep(pause)
                yield number
        finally:
            self.closed = True


async def test_nothing_is_added_to_what_comes_in_time() -> None:
    source = Source(0, 0, 0)
    assert [item async for item in with_heartbeats(source.numbers(), 5, 5)] == [0, 1, 2]
    assert source.closed


async def test_silence_is_announced_once_in_a_while() -> None:
    items = [item async for item in with_heartbeats(Source(0, 3.5 * PAUSE, 0).numbers(), 5, 5, every=PAUSE)]
    assert [item for item in items if item is not None] == [0, 1, 2]
    assert items[1] is None
    assert items.count(None) >= 2


async def test_the_first_silence_may_be_longer() -> None:
    items = [item async for item in with_heartbeats(Source(2 * PAUSE).numbers(), 5, 5, every=PAUSE / 4)]
    assert items == [0]


async def test_what_never_comes_is_given_up() -> None:
    source = Source(0, 60)
    items = with_heartbeats(source.numbers(), 5, 2 * PAUSE)
    assert await anext(items) == 0
    with pytest.raises(TimeoutError):
        await anext(items)
    assert source.closed


@pytest.mark.parametrize("taken", [1, 2])
async def test_closing_it_closes_the_source(taken: int) -> None:
    source = Source(0, 60)
    async with aclosing(with_heartbeats(source.numbers(), PAUSE, 60, every=PAUSE)) as items:
        for _ in range(taken):
            await anext(items)
    assert source.closed


async def test_an_error_comes_through() -> None:
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        assert [item async for item in with_heartbeats(failing(), 5, 5)] == []
