"""A request that comes twice: its work is begun once, and joined after that."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

import pytest

from shared.errors import (
    AccountLimited,
    EaselError,
    GenerationPending,
    KeyReused,
    Misconfigured,
    NoAccount,
    ResultLost,
    StoreUnavailable,
    TakenError,
    Unavailable,
    Uncertain,
)
from shared.repeats import JOIN_SECONDS, Repeat, Repeats
from shared.state import MemoryState
from tests.clock import Clock

AnswerT = TypeVar("AnswerT")

KEYED = Repeat("body", key="key")
FIRST, AGAIN = Repeat("body"), Repeat("body", again=True)


class Work:
    """Begins jobs and counts them; waits for `gate`, and then raises `error` where there is one."""

    def __init__(self, error: BaseException | None = None, *, held: bool = False) -> None:
        self.error = error
        self.begun = 0
        self.gate = asyncio.Event()
        if not held:
            self.gate.set()

    async def __call__(self) -> str:
        self.begun += 1
        number = self.begun
        await self.gate.wait()
        if self.error:
            raise self.error
        return f"job-{number}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repeats(clock: Clock) -> Repeats:
    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        await asyncio.sleep(0)

    return Repeats(MemoryState(clock), sleep)


async def test_requests_without_a_name_start_their_own_work(repeats: Repeats) -> None:
    work = Work()
    assert [await repeats.once("me", FIRST, work) for _ in range(3)] == ["job-1", "job-2", "job-3"]


async def test_a_repetition_joins_the_latest(repeats: Repeats) -> None:
    work = Work()
    for _ in range(2):
        await repeats.once("me", FIRST, work)
    assert await repeats.once("me", AGAIN, work) == "job-2"
    assert work.begun == 2


async def test_a_repetition_of_nothing_starts_the_work(repeats: Repeats) -> None:
    work = Work()
    assert [await repeats.once("me", AGAIN, work) for _ in range(2)] == ["job-1", "job-1"]


async def test_one_key_is_one_job(repeats: Repeats) -> None:
    work = Work()
    assert {await repeats.once("me", KEYED, work) for _ in range(3)} == {"job-1"}


async def test_other_keys_bodies_and_callers_are_other_jobs(repeats: Repeats) -> None:
    work = Work()
    for owner, repeat in [
        ("me", KEYED),
        ("you", KEYED),
        ("me", Repeat("body", key="other")),
        ("me", AGAIN),
        ("you", AGAIN),
        ("me", Repeat("other body", again=True)),
    ]:
        await repeats.once(owner, repeat, work)
    assert work.begun == 6


async def test_a_key_with_another_body_is_refused(repeats: Repeats) -> None:
    work = Work()
    await repeats.once("me", KEYED, work)
    with pytest.raises(KeyReused):
        await repeats.once("me", Repeat("other body", key="key"), work)
    assert work.begun == 1


@pytest.mark.parametrize("repeat", [KEYED, AGAIN])
async def test_many_at_once_begin_it_once(repeats: Repeats, repeat: Repeat) -> None:
    work = Work(held=True)
    calls = [asyncio.ensure_future(repeats.once("me", repeat, work)) for _ in range(20)]
    await asyncio.sleep(0)
    work.gate.set()
    assert set(await asyncio.gather(*calls)) == {"job-1"}
    assert work.begun == 1


async def test_a_repetition_waits_for_the_first_to_be_begun(repeats: Repeats) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(repeats.once("me", FIRST, work))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(repeats.once("me", AGAIN, work))
    await asyncio.sleep(0)
    work.gate.set()
    assert await first == await second == "job-1"
    assert work.begun == 1


async def test_a_key_with_another_body_is_refused_while_the_first_is_under_way(repeats: Repeats) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(repeats.once("me", KEYED, work))
    await asyncio.sleep(0)
    with pytest.raises(KeyReused):
        await repeats.once("me", Repeat("other body", key="key"), work)
    work.gate.set()
    await first


async def test_who_waits_too_long_is_told_that_it_is_under_way(repeats: Repeats, clock: Clock) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(repeats.once("me", KEYED, work))
    await asyncio.sleep(0)
    with pytest.raises(GenerationPending):
        await repeats.once("me", KEYED, work)
    assert 30 <= clock.now <= 120
    work.gate.set()
    assert await first == await repeats.once("me", KEYED, work) == "job-1"


REFUSALS = [Unavailable("502"), AccountLimited("429"), NoAccount("busy")]


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("repeat", [KEYED, AGAIN, FIRST], ids=["key", "again", "plain"])
async def test_what_was_refused_before_it_was_taken_may_start_again(
    repeats: Repeats, repeat: Repeat, error: EaselError
) -> None:
    with pytest.raises(type(error)):
        await repeats.once("me", repeat, Work(error))
    assert await repeats.once("me", repeat._replace(again=True), Work()) == "job-1"


async def test_those_who_waited_for_one_that_was_refused_start_it_once(repeats: Repeats) -> None:
    refused, work = Work(Unavailable("502"), held=True), Work()
    first = asyncio.ensure_future(repeats.once("me", KEYED, refused))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(repeats.once("me", KEYED, work)) for _ in range(5)]
    await asyncio.sleep(0)
    refused.gate.set()
    with pytest.raises(Unavailable):
        await first
    assert set(await asyncio.gather(*others)) == {"job-1"}
    assert work.begun == 1


@pytest.mark.parametrize(
    "error", [TakenError("broken"), Uncertain("broken"), KeyError("a bug"), asyncio.CancelledError()], ids=repr
)
@pytest.mark.parametrize("repeat", [KEYED, AGAIN, FIRST], ids=["key", "again", "plain"])
async def test_what_may_have_been_taken_is_never_started_again(
    repeats: Repeats, clock: Clock, repeat: Repeat, error: BaseException
) -> None:
    work = Work()
    with pytest.raises(type(error)):
        await repeats.once("me", repeat, Work(error))
    for _ in range(3):
        with pytest.raises(Uncertain):
            await repeats.once("me", repeat._replace(again=True), work)
        clock.now += JOIN_SECONDS / 3 - 0.1
    assert work.begun == 0
    clock.now += 1
    assert await repeats.once("me", repeat._replace(again=True), work) == "job-1"


async def test_after_ten_minutes_it_is_another_request(repeats: Repeats, clock: Clock) -> None:
    work = Work()
    await repeats.once("me", KEYED, work)
    clock.now += 599
    assert await repeats.once("me", KEYED, work) == "job-1"
    clock.now += 1
    assert await repeats.once("me", KEYED, work) == "job-2"


# Answers that did not arrive


async def test_a_job_that_is_owed_is_given_to_the_next_request_and_to_no_other(repeats: Repeats) -> None:
    work = Work()
    await repeats.owe("me", FIRST, "owed")
    assert await repeats.once("you", FIRST, work) == "job-1"
    assert [await repeats.once("me", FIRST, work) for _ in range(2)] == ["owed", "job-2"]


async def test_a_repetition_is_given_what_is_owed_before_the_latest_job(repeats: Repeats) -> None:
    work = Work()
    await repeats.once("me", FIRST, work)
    await repeats.owe("me", FIRST, "owed")
    assert [await repeats.once("me", AGAIN, work) for _ in range(2)] == ["owed", "job-1"]


async def test_several_jobs_are_owed_each_once_and_in_their_order(repeats: Repeats) -> None:
    for job in ("a", "b", "a"):
        await repeats.owe("me", FIRST, job)
    assert [await repeats.once("me", FIRST, Work()) for _ in range(3)] == ["a", "b", "job-1"]


async def test_nothing_is_owed_for_longer_than_ten_minutes(repeats: Repeats, clock: Clock) -> None:
    await repeats.owe("me", FIRST, "owed")
    clock.now += JOIN_SECONDS
    assert await repeats.once("me", FIRST, Work()) == "job-1"


# Several instances, and a state that is out of reach


class Remote:
    """Takes its time, as a table does: others come in between. Raises `error` while there is one."""

    shared: ClassVar[bool] = True

    def __init__(self) -> None:
        self.error: EaselError | None = None
        self._memory = MemoryState()

    async def get(self, key: str) -> str | None:
        return await self._arriving(self._memory.get(key))

    async def put(self, key: str, value: str, ttl: float) -> None:
        await self._arriving(self._memory.put(key, value, ttl))

    async def add(self, key: str, value: str, ttl: float) -> bool:
        return await self._arriving(self._memory.add(key, value, ttl))

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        return await self._arriving(self._memory.swap(key, old, new, ttl))

    async def remove(self, key: str, value: str) -> None:
        await self._arriving(self._memory.remove(key, value))

    async def _arriving(self, call: Coroutine[Any, Any, AnswerT]) -> AnswerT:
        await asyncio.sleep(0)
        if self.error:
            call.close()
            raise self.error
        answer = await call
        await asyncio.sleep(0)
        return answer


async def test_work_that_left_nothing_to_come_back_to_is_not_done_again() -> None:
    async def at_once() -> None:
        return None

    repeats = Repeats(MemoryState())
    assert await repeats.once("me", KEYED, at_once) is None
    with pytest.raises(ResultLost, match="carried out"):
        await repeats.once("me", KEYED, Work())


async def test_of_two_instances_one_gets_what_is_owed() -> None:
    state, work = Remote(), Work()
    one, other = Repeats(state), Repeats(state)
    await asyncio.gather(one.owe("me", FIRST, "owed"), other.owe("me", FIRST, "owed-2"))
    given = await asyncio.gather(*(each.once("me", FIRST, work) for each in (one, other, one)))
    assert sorted(map(str, given)) == ["job-1", "owed", "owed-2"]


@pytest.fixture
def remote() -> Remote:
    return Remote()


ERRORS = [StoreUnavailable("out of reach"), Misconfigured("no such table")]


async def test_a_first_request_is_served_without_the_state(remote: Remote, caplog: pytest.LogCaptureFixture) -> None:
    remote.error = ERRORS[0]
    assert await Repeats(remote).once("me", FIRST, Work()) == "job-1"
    assert "out of reach" in caplog.text


@pytest.mark.parametrize("repeat", [KEYED, AGAIN], ids=["key", "again"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_what_may_be_a_repetition_is_not_begun_without_it(
    remote: Remote, repeat: Repeat, error: EaselError
) -> None:
    work, repeats = Work(), Repeats(remote)
    remote.error = error
    with pytest.raises(type(error)):
        await repeats.once("me", repeat, work)
    assert work.begun == 0
    remote.error = None
    assert await repeats.once("me", repeat, work) == "job-1"


async def test_a_table_that_never_worked_is_told_before_anything_is_begun(remote: Remote) -> None:
    work = Work()
    remote.error = Misconfigured("no such table")
    with pytest.raises(Misconfigured):
        await Repeats(remote).once("me", FIRST, work)
    assert work.begun == 0


@pytest.mark.parametrize("repeat", [KEYED, AGAIN, FIRST], ids=["key", "again", "plain"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_a_job_that_is_begun_is_not_lost_with_the_state(
    remote: Remote, clock: Clock, repeat: Repeat, error: EaselError
) -> None:
    repeats = Repeats(remote, clock.sleep)

    async def begin() -> str:
        remote.error = error
        return "bought"

    assert await repeats.once("me", repeat, begin) == "bought"
    await repeats.owe("me", repeat, "bought")
    remote.error, work = None, Work()
    with pytest.raises(GenerationPending):
        await repeats.once("me", repeat._replace(again=True), work)
    assert work.begun == 0


async def test_what_came_of_the_work_is_told_and_not_what_came_of_the_state(remote: Remote) -> None:
    async def begin() -> str:
        remote.error = ERRORS[0]
        raise AccountLimited("429")

    with pytest.raises(AccountLimited):
        await Repeats(remote).once("me", KEYED, begin)


class Recording(MemoryState):
    """Writes down under which names something was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    async def put(self, key: str, value: str, ttl: float) -> None:
        self.names.add(key)
        await super().put(key, value, ttl)


async def test_nothing_readable_is_kept() -> None:
    state = Recording()
    await Repeats(state).once("the owner", Repeat("digest", key="the caller's key"), Work())
    assert state.names
    assert not [name for name in state.names if "caller" in name or "owner" in name]
