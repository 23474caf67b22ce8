"""What every state promises: entries live until they expire. And of memory: it is bounded and evicts nothing."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from contextlib import suppress

import pytest

from shared.errors import StoreUnavailable
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

    async def test_no_text_makes_way_for_another(self, clock: Clock) -> None:
        state = MemoryState(clock, room=100_000)
        await state.put("key:0", "x", 600)
        stored = await _fill(state, "plain:{}", 600)
        assert 100 < stored < 1000
        with pytest.raises(StoreUnavailable, match="^STATE: .* Retry later"):
            await state.put("plain:new", "x", 600)
        clock.now += 599
        assert [number for number in range(stored) if await state.get(f"plain:{number}") != "x"] == []
        assert await state.get("key:0") == "x"
        assert await state.add("key:1", "x", 600)

    async def test_a_full_room_is_free_again_when_its_texts_expire(self, full: MemoryState, clock: Clock) -> None:
        with pytest.raises(StoreUnavailable) as refused:
            await full.add("new", "x", 10)
        assert refused.value.retry_after == pytest.approx(10)
        clock.now += 10
        assert await full.add("new", "x", 10)

    async def test_a_removed_text_leaves_its_room(self, full: MemoryState) -> None:
        await full.remove("0", "x")
        assert await full.add("new", "x", 10)
        with pytest.raises(StoreUnavailable):
            await full.add("newer", "x", 10)

    async def test_a_text_in_a_full_room_can_be_replaced(self, full: MemoryState) -> None:
        await full.put("0", "longer", 20)
        assert await full.swap("1", "x", "longer", 20)
        assert [await full.get(key) for key in ("0", "1")] == ["longer", "longer"]

    async def test_what_it_had_no_room_for_cannot_be_added_later_as_if_it_was_new(
        self, full: MemoryState, clock: Clock
    ) -> None:
        clock.now += 5
        with pytest.raises(StoreUnavailable):
            await full.put("refused", "x", 10)
        clock.now += 9.9
        with pytest.raises(StoreUnavailable):
            await full.add("refused", "x", 10)
        await full.put("seen for the first time", "x", 10)
        clock.now += 0.1
        assert await full.add("refused", "x", 10)

    @pytest.fixture
    async def full(self, clock: Clock) -> MemoryState:
        """A state with texts from "0" on, which expire in ten seconds, and without room for more."""
        state = MemoryState(clock, room=10_000)
        await _fill(state, "{}", 10)
        return state

    async def test_memory_is_bounded_by_the_room(self, clock: Clock) -> None:
        state = MemoryState(clock, room=4 << 20)
        gc.collect()
        tracemalloc.start()
        try:
            for number in range(40_000):
                clock.now += 0.05
                with suppress(StoreUnavailable):
                    await state.put(f"repeat:{number:064}", "x" * 180, 600)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert 2 << 20 < peak < 5 << 20


async def _fill(state: MemoryState, key: str, ttl: float) -> int:
    """Add texts with numbered keys until there is no room; how many there are then."""
    for number in range(10_000):
        try:
            await state.add(key.format(number), "x", ttl)
        except StoreUnavailable:
            return number
    raise AssertionError("there is always room")
