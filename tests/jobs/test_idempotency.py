"""A repeated request: submitted once, and replayed after that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
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
from shared.jobs.idempotency import RECORD_SECONDS, Idempotency, RequestKey
from shared.state import MemoryState
from tests.clock import Clock, virtual_time

AnswerT = TypeVar("AnswerT")

KEYED = RequestKey("body", key="key")
FIRST, AGAIN = RequestKey("body"), RequestKey("body", again=True)


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


async def once(
    repeats: Idempotency, owner: str, repeat: RequestKey, work: Callable[[], Awaitable[str | None]]
) -> str | None:
    """The job of the work, or of an earlier try of this request."""
    async with repeats.claim(owner, repeat) as claim:
        claim.job = claim.job or await work()
    return claim.job


class Remote:
    """Takes its time, as a table does: others come in between. Counts its `calls`, each of which takes `seconds`.

    Raises `error` while there is one. While it `loses`, calls are carried out and then fail.
    """

    shared: ClassVar[bool] = True

    def __init__(self, clock: Clock) -> None:
        self.calls = 0
        self.seconds = 0.0
        self.error: EaselError | None = None
        self.loses = False
        self.memory = MemoryState(clock)

    async def get(self, key: str) -> str | None:
        return await self._arriving(self.memory.get(key))

    async def put(self, key: str, value: str, ttl: float) -> None:
        await self._arriving(self.memory.put(key, value, ttl))

    async def add(self, key: str, value: str, ttl: float) -> bool:
        return await self._arriving(self.memory.add(key, value, ttl))

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        return await self._arriving(self.memory.swap(key, old, new, ttl))

    async def remove(self, key: str, value: str) -> None:
        await self._arriving(self.memory.remove(key, value))

    async def _arriving(self, call: Coroutine[Any, Any, AnswerT]) -> AnswerT:
        self.calls += 1
        await (asyncio.sleep(self.seconds) if self.seconds else asyncio.sleep(0))
        if self.error:
            call.close()
            raise self.error
        answer = await call
        await asyncio.sleep(0)
        if self.loses:
            raise StoreUnavailable("the answer is lost")
        return answer


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    """The time of the test's loop: it takes no time to sleep."""
    with virtual_time(asyncio.get_running_loop()) as clock:
        yield clock


@pytest.fixture
def repeats(clock: Clock) -> Idempotency:
    return Idempotency(MemoryState(clock), clock)


async def test_requests_without_a_name_start_their_own_work(repeats: Idempotency) -> None:
    work = Work()
    assert [await once(repeats, "me", FIRST, work) for _ in range(3)] == ["job-1", "job-2", "job-3"]


async def test_a_repetition_joins_the_latest(repeats: Idempotency) -> None:
    work = Work()
    for _ in range(2):
        await once(repeats, "me", FIRST, work)
    assert await once(repeats, "me", AGAIN, work) == "job-2"
    assert work.begun == 2


async def test_a_repetition_of_nothing_starts_the_work(repeats: Idempotency) -> None:
    work = Work()
    assert [await once(repeats, "me", AGAIN, work) for _ in range(2)] == ["job-1", "job-1"]


async def test_one_key_is_one_job(repeats: Idempotency) -> None:
    work = Work()
    assert {await once(repeats, "me", KEYED, work) for _ in range(3)} == {"job-1"}


async def test_other_keys_bodies_and_callers_are_other_jobs(repeats: Idempotency) -> None:
    work = Work()
    for owner, repeat in [
        ("me", KEYED),
        ("you", KEYED),
        ("me", RequestKey("body", key="other")),
        ("me", AGAIN),
        ("you", AGAIN),
        ("me", RequestKey("other body", again=True)),
    ]:
        await once(repeats, owner, repeat, work)
    assert work.begun == 6


async def test_a_key_with_another_body_is_refused(repeats: Idempotency) -> None:
    work = Work()
    await once(repeats, "me", KEYED, work)
    with pytest.raises(KeyReused):
        await once(repeats, "me", RequestKey("other body", key="key"), work)
    assert work.begun == 1


@pytest.mark.parametrize("repeat", [KEYED, AGAIN])
async def test_many_at_once_begin_it_once(repeats: Idempotency, clock: Clock, repeat: RequestKey) -> None:
    work = Work(held=True)
    calls = [asyncio.ensure_future(once(repeats, "me", repeat, work)) for _ in range(20)]
    await asyncio.sleep(0)
    work.gate.set()
    assert set(await asyncio.gather(*calls)) == {"job-1"}
    assert work.begun == 1


async def test_a_repetition_waits_for_the_first_to_be_begun(repeats: Idempotency, clock: Clock) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(once(repeats, "me", FIRST, work))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(once(repeats, "me", AGAIN, work))
    await asyncio.sleep(0)
    work.gate.set()
    assert await first == await second == "job-1"
    assert work.begun == 1


async def test_a_key_with_another_body_is_refused_while_the_first_is_under_way(repeats: Idempotency) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(once(repeats, "me", KEYED, work))
    await asyncio.sleep(0)
    with pytest.raises(KeyReused):
        await once(repeats, "me", RequestKey("other body", key="key"), work)
    work.gate.set()
    await first


async def test_who_waits_too_long_is_told_that_it_is_under_way(repeats: Idempotency, clock: Clock) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(once(repeats, "me", KEYED, work))
    await asyncio.sleep(0)
    with pytest.raises(GenerationPending):
        await once(repeats, "me", KEYED, work)
    assert 30 <= clock.now <= 120
    work.gate.set()
    assert await first == await once(repeats, "me", KEYED, work) == "job-1"


# A server that stops while it submits


@pytest.mark.parametrize("repeat", [KEYED, AGAIN, FIRST], ids=["key", "again", "plain"])
async def test_after_a_crash_a_retry_learns_within_fifteen_seconds_that_the_job_may_be_lost(
    clock: Clock, repeat: RequestKey
) -> None:
    state, work, connection = MemoryState(clock), Work(held=True), Remote(clock)
    connection.memory = state
    crashing = asyncio.ensure_future(once(Idempotency(connection, clock), "me", repeat, work))
    await asyncio.sleep(60)
    connection.error = StoreUnavailable("nothing gets out any more")
    other = Idempotency(state, clock)
    for _ in range(2):
        with pytest.raises(Uncertain, match="stopped"):
            await once(other, "me", repeat._replace(again=True), work)
        assert clock.now <= 75
    assert work.begun == 1
    work.gate.set()
    assert await crashing == "job-1", "it lives on where the test has cut it off"


async def test_a_submit_that_takes_long_is_waited_for(repeats: Idempotency, clock: Clock) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(once(repeats, "me", KEYED, work))
    await asyncio.sleep(RECORD_SECONDS + 30)
    second = asyncio.ensure_future(once(repeats, "me", KEYED, work))
    await asyncio.sleep(30)
    work.gate.set()
    assert await second == await first == "job-1"
    assert work.begun == 1


@pytest.mark.parametrize(("seconds", "calls"), [(0, 2), (4, 2), (11, 6)])
async def test_only_a_submit_that_takes_long_asks_the_state_more_than_twice(
    remote: Remote, clock: Clock, seconds: float, calls: int
) -> None:
    async def submit() -> str:
        await asyncio.sleep(seconds)
        return "job"

    assert await once(Idempotency(remote, clock), "me", KEYED, submit) == "job"
    assert remote.calls == calls


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer lost"])
async def test_what_is_refused_after_a_renewal_may_start_again(remote: Remote, clock: Clock, lost: bool) -> None:
    repeats = Idempotency(remote, clock)

    async def refused() -> str:
        remote.loses = lost
        await asyncio.sleep(9)
        remote.loses = False
        raise Unavailable("502")

    with pytest.raises(Unavailable):
        await once(repeats, "me", KEYED, refused)
    assert await once(repeats, "me", KEYED, Work()) == "job-1"


async def test_a_renewal_that_is_under_way_does_not_undo_what_came_of_the_submit(remote: Remote, clock: Clock) -> None:
    work = Work(held=True)
    first = asyncio.ensure_future(once(Idempotency(remote, clock), "me", KEYED, work))
    await asyncio.sleep(4.9)
    remote.seconds = 1.0
    await asyncio.sleep(0.5)
    work.gate.set()
    assert await first == "job-1"
    await asyncio.sleep(10)
    assert await once(Idempotency(remote, clock), "me", KEYED, work) == "job-1"


async def test_a_renewal_does_not_overwrite_what_another_request_wrote_meanwhile(remote: Remote, clock: Clock) -> None:
    repeats, held, work = Idempotency(remote, clock), Work(held=True), Work()
    first = asyncio.ensure_future(once(repeats, "me", FIRST, held))
    await asyncio.sleep(4.9)
    remote.seconds = 1.0
    await asyncio.sleep(1.6)  # the renewal has read its own record, and is about to write
    remote.seconds = 0.0
    await once(repeats, "me", FIRST, work)
    await asyncio.sleep(3)
    assert await once(repeats, "me", AGAIN, work) == "job-1"
    assert work.begun == 1
    held.gate.set()
    await first


async def test_a_pending_record_of_an_older_version_is_waited_for(clock: Clock) -> None:
    state, work = Recording(clock), Work(held=True)
    repeats = Idempotency(state, clock)
    first = asyncio.ensure_future(once(repeats, "me", KEYED, work))
    await asyncio.sleep(0)
    [name] = state.names
    await state.put(name, "body pending", RECORD_SECONDS)
    with pytest.raises(GenerationPending):
        await once(repeats, "me", KEYED, work)
    work.gate.set()
    await first


# What was refused, and what may have been taken


REFUSALS = [Unavailable("502"), AccountLimited("429"), NoAccount("busy")]


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("repeat", [KEYED, AGAIN, FIRST], ids=["key", "again", "plain"])
async def test_what_was_refused_before_it_was_taken_may_start_again(
    repeats: Idempotency, repeat: RequestKey, error: EaselError
) -> None:
    with pytest.raises(type(error)):
        await once(repeats, "me", repeat, Work(error))
    assert await once(repeats, "me", repeat._replace(again=True), Work()) == "job-1"


async def test_those_who_waited_for_one_that_was_refused_start_it_once(repeats: Idempotency, clock: Clock) -> None:
    refused, work = Work(Unavailable("502"), held=True), Work()
    first = asyncio.ensure_future(once(repeats, "me", KEYED, refused))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(once(repeats, "me", KEYED, work)) for _ in range(5)]
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
    repeats: Idempotency, clock: Clock, repeat: RequestKey, error: BaseException
) -> None:
    work = Work()
    with pytest.raises(type(error)):
        await once(repeats, "me", repeat, Work(error))
    for _ in range(3):
        with pytest.raises(Uncertain):
            await once(repeats, "me", repeat._replace(again=True), work)
        clock.now += RECORD_SECONDS / 3 - 0.1
    assert work.begun == 0
    clock.now += 1
    assert await once(repeats, "me", repeat._replace(again=True), work) == "job-1"


async def test_after_ten_minutes_it_is_another_request(repeats: Idempotency, clock: Clock) -> None:
    work = Work()
    await once(repeats, "me", KEYED, work)
    clock.now += 599
    assert await once(repeats, "me", KEYED, work) == "job-1"
    clock.now += 1
    assert await once(repeats, "me", KEYED, work) == "job-2"


# More requests than there is memory for


@pytest.fixture
def small(clock: Clock) -> Idempotency:
    return Idempotency(MemoryState(clock, room=50_000), clock)


async def test_a_record_lasts_its_ten_minutes_however_many_requests_come(repeats: Idempotency, clock: Clock) -> None:
    work, keys = Work(), [RequestKey("body", key=str(number)) for number in range(12_000)]
    jobs = []
    for number, key in enumerate(keys):  # twenty in a second, and as many without a key
        clock.now = number / 20
        jobs.append(await once(repeats, "me", key, work))
        await once(repeats, "me", RequestKey(f"body-{number}"), work)
    clock.now = 599.9
    assert [await once(repeats, "me", key, work) for key in keys] == jobs


async def test_requests_without_a_key_do_not_crowd_out_those_with_one(small: Idempotency, clock: Clock) -> None:
    work = Work()
    assert await once(small, "me", KEYED, work) == "job-1"
    for number in range(1000):
        assert await once(small, "me", RequestKey(f"body-{number}"), work)
    assert await once(small, "me", KEYED, work) == "job-1"
    assert await once(small, "me", RequestKey("body", key="another"), work) == "job-1002"


async def test_without_room_a_request_with_a_key_is_refused_and_may_come_again(
    small: Idempotency, clock: Clock
) -> None:
    work, keys = Work(), [RequestKey("body", key=str(number)) for number in range(1000)]

    async def fill() -> None:
        for key in keys:
            await once(small, "me", key, work)

    with pytest.raises(StoreUnavailable) as refused:
        await fill()
    assert 10 < work.begun < 1000
    assert await once(small, "me", keys[0], work) == "job-1"
    clock.now += refused.value.retry_after or 0
    assert await once(small, "me", keys[work.begun], work)


async def test_without_room_a_request_without_a_key_is_served_and_its_retry_is_not_bought(
    small: Idempotency, clock: Clock
) -> None:
    recorded = []
    for number in range(1000):
        async with small.claim("me", RequestKey(f"body-{number}")) as claim:
            claim.job = "job"
        recorded.append(claim.recorded)
    assert recorded == sorted(recorded, reverse=True)
    assert recorded[0]
    assert not recorded[-1]
    work = Work()
    assert await once(small, "me", RequestKey("body-0", again=True), work) == "job"
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await once(small, "me", RequestKey("body-999", again=True), work)
        clock.now += RECORD_SECONDS - 0.1
    assert work.begun == 0


# Answers that did not arrive


async def test_a_job_that_is_owed_is_given_to_the_next_request_and_to_no_other(repeats: Idempotency) -> None:
    work = Work()
    await repeats.mark_undelivered("me", FIRST, "owed")
    assert await once(repeats, "you", FIRST, work) == "job-1"
    assert [await once(repeats, "me", FIRST, work) for _ in range(2)] == ["owed", "job-2"]


async def test_a_repetition_is_given_what_is_owed_before_the_latest_job(repeats: Idempotency) -> None:
    work = Work()
    await once(repeats, "me", FIRST, work)
    await repeats.mark_undelivered("me", FIRST, "owed")
    assert [await once(repeats, "me", AGAIN, work) for _ in range(2)] == ["owed", "job-1"]


async def test_several_jobs_are_owed_each_once_and_in_their_order(repeats: Idempotency) -> None:
    for job in ("a", "b", "a"):
        await repeats.mark_undelivered("me", FIRST, job)
    assert [await once(repeats, "me", FIRST, Work()) for _ in range(3)] == ["a", "b", "job-1"]


async def test_nothing_is_owed_for_longer_than_ten_minutes(repeats: Idempotency, clock: Clock) -> None:
    await repeats.mark_undelivered("me", FIRST, "owed")
    clock.now += RECORD_SECONDS
    assert await once(repeats, "me", FIRST, Work()) == "job-1"


# Several instances, and a state that is out of reach


async def test_work_that_left_nothing_to_come_back_to_is_not_done_again() -> None:
    async def at_once() -> None:
        return None

    repeats = Idempotency(MemoryState())
    assert await once(repeats, "me", KEYED, at_once) is None
    with pytest.raises(ResultLost, match="carried out"):
        await once(repeats, "me", KEYED, Work())


async def test_of_two_instances_one_gets_what_is_owed(remote: Remote) -> None:
    state, work = remote, Work()
    one, other = Idempotency(state), Idempotency(state)
    await asyncio.gather(one.mark_undelivered("me", FIRST, "owed"), other.mark_undelivered("me", FIRST, "owed-2"))
    given = await asyncio.gather(*(once(each, "me", FIRST, work) for each in (one, other, one)))
    assert sorted(map(str, given)) == ["job-1", "owed", "owed-2"]


@pytest.fixture
def remote(clock: Clock) -> Remote:
    return Remote(clock)


ERRORS = [StoreUnavailable("out of reach"), Misconfigured("no such table")]


async def test_a_first_request_is_served_without_the_state(remote: Remote, caplog: pytest.LogCaptureFixture) -> None:
    remote.error = ERRORS[0]
    assert await once(Idempotency(remote), "me", FIRST, Work()) == "job-1"
    assert "out of reach" in caplog.text


@pytest.mark.parametrize("repeat", [KEYED, AGAIN], ids=["key", "again"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_what_may_be_a_repetition_is_not_begun_without_it(
    remote: Remote, repeat: RequestKey, error: EaselError
) -> None:
    work, repeats = Work(), Idempotency(remote)
    remote.error = error
    with pytest.raises(type(error)):
        await once(repeats, "me", repeat, work)
    assert work.begun == 0
    remote.error = None
    assert await once(repeats, "me", repeat, work) == "job-1"


async def test_a_table_that_never_worked_is_told_before_anything_is_begun(remote: Remote) -> None:
    work = Work()
    remote.error = Misconfigured("no such table")
    with pytest.raises(Misconfigured):
        await once(Idempotency(remote), "me", FIRST, work)
    assert work.begun == 0


@pytest.mark.parametrize("repeat", [KEYED, AGAIN, FIRST], ids=["key", "again", "plain"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_a_job_that_is_begun_is_not_lost_with_the_state(
    remote: Remote, clock: Clock, repeat: RequestKey, error: EaselError
) -> None:
    repeats = Idempotency(remote, clock)

    async def begin() -> str:
        remote.error = error
        return "bought"

    assert await once(repeats, "me", repeat, begin) == "bought"
    await repeats.mark_undelivered("me", repeat, "bought")
    remote.error, work = None, Work()
    with pytest.raises(Uncertain):
        await once(repeats, "me", repeat._replace(again=True), work)
    assert work.begun == 0


async def test_what_came_of_the_work_is_told_and_not_what_came_of_the_state(remote: Remote) -> None:
    async def begin() -> str:
        remote.error = ERRORS[0]
        raise AccountLimited("429")

    with pytest.raises(AccountLimited):
        await once(Idempotency(remote), "me", KEYED, begin)


class Recording(MemoryState):
    """Writes down under which names something was kept."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.names: set[str] = set()

    async def put(self, key: str, value: str, ttl: float) -> None:
        self.names.add(key)
        await super().put(key, value, ttl)

    async def add(self, key: str, value: str, ttl: float) -> bool:
        self.names.add(key)
        return await super().add(key, value, ttl)


async def test_nothing_readable_is_kept(clock: Clock) -> None:
    state = Recording(clock)
    await once(Idempotency(state), "the owner", RequestKey("digest", key="the caller's key"), Work())
    assert state.names
    assert not [name for name in state.names if "caller" in name or "owner" in name]
