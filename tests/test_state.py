"""The memory of one process: entries live as long as they should, and never pile up."""

from __future__ import annotations

import pytest

from shared.state import MemoryState
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> MemoryState:
    return MemoryState(clock)


async def test_what_is_put_can_be_got_until_it_expires(state: MemoryState, clock: Clock) -> None:
    await state.put("a", "one", 10)
    assert await state.get("a") == "one"
    clock.now += 9.9
    assert await state.get("a") == "one"
    clock.now += 0.1
    assert await state.get("a") is None


async def test_what_was_never_put_is_not_there(state: MemoryState) -> None:
    assert await state.get("a") is None
    await state.remove("a")


async def test_a_second_put_replaces_the_value_and_its_time(state: MemoryState, clock: Clock) -> None:
    await state.put("a", "one", 10)
    clock.now += 9
    await state.put("a", "two", 10)
    clock.now += 9
    assert await state.get("a") == "two"


async def test_an_empty_text_is_there_too(state: MemoryState) -> None:
    assert await state.add("a", "", 10)
    assert not await state.add("a", "two", 10)
    assert await state.get("a") == ""


async def test_add_takes_only_a_free_place(state: MemoryState, clock: Clock) -> None:
    assert await state.add("a", "one", 10)
    assert not await state.add("a", "two", 10)
    assert await state.get("a") == "one"
    clock.now += 10
    assert await state.add("a", "three", 10)
    await state.remove("a")
    assert await state.add("a", "four", 10)
    assert await state.get("a") == "four"


async def test_it_never_grows_beyond_its_limit(state: MemoryState) -> None:
    for number in range(25_000):
        await state.put(str(number), "x", 1000)
    kept = [number for number in range(25_000) if await state.get(str(number))]
    assert 1000 <= len(kept) <= 10_000
    assert kept[-1000:] == list(range(24_000, 25_000))


async def test_the_dead_go_first_when_it_is_full(state: MemoryState, clock: Clock) -> None:
    await state.put("old but alive", "x", 1000)
    for number in range(9_999):
        await state.put(str(number), "x", 1)
    clock.now += 1
    await state.put("new", "x", 1)
    assert await state.get("old but alive")
    assert await state.get("new")
