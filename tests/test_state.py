"""What every state promises: entries live as long as they should. And what memory adds: they never pile up."""

from __future__ import annotations

import asyncio

import pytest

from shared.state import MemoryState, State
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


class StatePromises:
    """Inherited for each way to keep state, with a fixture `state` on the clock."""

    async def test_what_is_put_can_be_got_until_it_expires(self, state: State, clock: Clock) -> None:
        await state.put("a", "one", 10)
        assert await state.get("a") == "one"
        clock.now += 9.9
        assert await state.get("a") == "one"
        clock.now += 0.1
        assert await state.get("a") is None

    async def test_what_was_never_put_is_not_there(self, state: State) -> None:
        assert await state.get("a") is None
        await state.remove("a", "one")

    async def test_a_second_put_replaces_the_value_and_its_time(self, state: State, clock: Clock) -> None:
        await state.put("a", "one", 10)
        clock.now += 9
        await state.put("a", "two", 10)
        clock.now += 9
        assert await state.get("a") == "two"

    async def test_an_empty_text_is_there_too(self, state: State) -> None:
        assert await state.add("a", "", 10)
        assert not await state.add("a", "two", 10)
        assert await state.get("a") == ""

    async def test_add_takes_only_a_free_place(self, state: State, clock: Clock) -> None:
        assert await state.add("a", "one", 10)
        assert not await state.add("a", "two", 10)
        assert await state.get("a") == "one"
        clock.now += 10
        assert await state.add("a", "three", 10)
        await state.remove("a", "three")
        assert await state.add("a", "four", 10)
        assert await state.get("a") == "four"

    async def test_remove_leaves_another_text(self, state: State) -> None:
        await state.put("a", "one", 10)
        await state.remove("a", "two")
        assert await state.get("a") == "one"
        await state.remove("a", "one")
        assert await state.get("a") is None

    async def test_a_swap_needs_the_very_text(self, state: State, clock: Clock) -> None:
        assert not await state.swap("a", "", "one", 10)
        assert not await state.swap("a", "one", "two", 10)
        await state.put("a", "one", 10)
        assert not await state.swap("a", "two", "three", 10)
        assert await state.swap("a", "one", "two", 20)
        assert await state.get("a") == "two"
        clock.now += 19
        assert await state.swap("a", "two", "", 10)
        assert await state.swap("a", "", "three", 10)
        clock.now += 10
        assert not await state.swap("a", "three", "four", 10)
        assert await state.get("a") is None

    async def test_of_many_at_once_one_gets_the_place(self, state: State) -> None:
        assert sorted(await asyncio.gather(*(state.add("a", str(number), 10) for number in range(8))))[-2:] == [
            False,
            True,
        ]
        before = await state.get("a") or ""
        swaps = await asyncio.gather(*(state.swap("a", before, f"new {number}", 10) for number in range(8)))
        assert [await state.get("a")] == [f"new {number}" for number, swapped in enumerate(swaps) if swapped]


class TestMemory(StatePromises):
    @pytest.fixture
    def state(self, clock: Clock) -> MemoryState:
        return MemoryState(clock)

    async def test_it_never_grows_beyond_its_limit(self, state: MemoryState) -> None:
        for number in range(25_000):
            await state.put(str(number), "x", 1000)
        kept = [number for number in range(25_000) if await state.get(str(number))]
        assert 1000 <= len(kept) <= 10_000
        assert kept[-1000:] == list(range(24_000, 25_000))

    async def test_the_dead_go_first_when_it_is_full(self, state: MemoryState, clock: Clock) -> None:
        await state.put("old but alive", "x", 1000)
        for number in range(9_999):
            await state.put(str(number), "x", 1)
        clock.now += 1
        await state.put("new", "x", 1)
        assert await state.get("old but alive")
        assert await state.get("new")
