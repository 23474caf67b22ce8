"""The polling loop in simulated time: deadline, results, and how soon and how often it polls."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from statistics import median

import pytest

from shared.errors import (
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    EaselError,
    GenerationFailed,
    NotFound,
    Unavailable,
)
from shared.jobs.wait import Waiter
from shared.results import Failed, Output, Queued, Running, Status, Succeeded
from tests.clock import Clock

DONE = Succeeded((Output("picture"),))
FAILED = Failed(GenerationFailed("no"))


class Upstream:
    """A job that takes a while, by the clock. Whatever is in `answers` comes first, errors are raised."""

    def __init__(
        self,
        clock: Clock,
        seconds: float = 1e9,
        *,
        answers: list[Status | EaselError] | None = None,
        end: Status = DONE,
        tells_progress: bool = False,
    ) -> None:
        self.clock = clock
        self.started = clock.now
        self.seconds = seconds
        self.answers = answers or []
        self.end = end
        self.tells_progress = tells_progress
        self.looks: list[float] = []

    async def look(self) -> Status:
        elapsed = self.clock.now - self.started
        self.looks.append(elapsed)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, EaselError):
                raise answer
            return answer
        if elapsed >= self.seconds:
            return self.end
        return Running(int(100 * elapsed / self.seconds) if self.tells_progress else None)


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


async def seen(
    clock: Clock,
    upstream: Upstream,
    *,
    seconds: float = 240,
    typical: float | None = None,
    jitter: Callable[[], float] = lambda: 0.5,
) -> list[Status]:
    waiter = Waiter(clock, clock.sleep, jitter)
    return [status async for status in waiter.watch(upstream.look, clock.now + seconds, typical)]


@pytest.mark.parametrize("seconds", [0.05, 0.5, 3, 20, 240])
@pytest.mark.parametrize("typical", [None, 0, 5])
async def test_it_ends_at_the_deadline_with_a_last_look(clock: Clock, seconds: float, typical: float | None) -> None:
    upstream = Upstream(clock)
    states = await seen(clock, upstream, seconds=seconds, typical=typical)
    assert clock.now == pytest.approx(1000 + seconds)
    assert upstream.looks[-1] == pytest.approx(seconds)
    assert not isinstance(states[-1], Succeeded | Failed)


async def test_it_does_not_look_when_there_is_no_time(clock: Clock) -> None:
    upstream = Upstream(clock)
    assert await seen(clock, upstream, seconds=0) == []
    assert await seen(clock, upstream, seconds=-1) == []
    assert upstream.looks == []
    assert clock.naps == []


async def test_the_last_look_at_the_deadline_counts(clock: Clock) -> None:
    assert (await seen(clock, Upstream(clock, 7.7), seconds=7.7))[-1] == DONE


@pytest.mark.parametrize("end", [DONE, FAILED])
async def test_a_job_that_has_ended_is_left_alone(clock: Clock, end: Status) -> None:
    upstream = Upstream(clock, answers=[Queued(2), Running(30), end, Running(99)])
    assert await seen(clock, upstream) == [Queued(2), Running(30), end]


async def test_a_job_of_some_age_is_looked_at_at_once_and_then_in_its_turn(clock: Clock) -> None:
    upstream = Upstream(clock, 50)
    waiter = Waiter(clock, clock.sleep, lambda: 0.5)
    states = [status async for status in waiter.watch(upstream.look, clock.now + 240, typical=60, age=40)]
    assert upstream.looks[0] == 0
    assert states[-1] == DONE
    assert upstream.looks[1] >= 4


async def test_work_that_is_done_at_once_is_looked_at_at_once(clock: Clock) -> None:
    assert await seen(clock, Upstream(clock, 0), typical=0) == [DONE]
    assert sum(clock.naps) == 0


@pytest.mark.parametrize("error", [Unavailable("502"), AccountLimited("429")], ids=repr)
async def test_a_look_that_could_not_be_answered_is_no_verdict(clock: Clock, error: EaselError) -> None:
    upstream = Upstream(clock, answers=[error, Running(40), error, error, DONE])
    states = await seen(clock, upstream)
    assert states == [Queued(), Running(40), Running(40), Running(40), DONE]


async def test_an_upstream_that_never_answers_is_asked_until_the_deadline(clock: Clock) -> None:
    upstream = Upstream(clock, answers=[Unavailable("502")] * 1000)
    assert set(await seen(clock, upstream, seconds=60)) == {Queued()}
    assert upstream.looks[-1] == pytest.approx(60)


@pytest.mark.parametrize("kind", [Unavailable, AccountLimited])
async def test_the_upstreams_retry_after_is_kept_once(clock: Clock, kind: type[EaselError]) -> None:
    upstream = Upstream(clock, answers=[kind("later", retry_after=10), Running()])
    await seen(clock, upstream, seconds=30)
    first, second, third = upstream.looks[:3]
    assert second - first >= 9.5
    assert third - second < 3


@pytest.mark.parametrize("seconds", [0.01, 0.2])
async def test_a_look_that_hangs_is_given_up_soon_after_the_deadline(seconds: float) -> None:
    async def hang() -> Status:
        await asyncio.sleep(3600)
        return DONE

    waiter = Waiter(last_look=0.02)
    start = waiter.clock()
    assert [status async for status in waiter.watch(hang, start + seconds)] == [Queued()]
    assert seconds <= waiter.clock() - start < seconds + 2


async def test_a_wish_beyond_the_deadline_still_leaves_a_last_look(clock: Clock) -> None:
    upstream = Upstream(clock, answers=[AccountLimited("later", retry_after=600)])
    await seen(clock, upstream, seconds=20)
    assert upstream.looks[1:] == [pytest.approx(20)]


@pytest.mark.parametrize("state", [Queued(check_after=7), Running(50, check_after=7)])
async def test_the_upstreams_own_wish_is_honoured(clock: Clock, state: Status) -> None:
    upstream = Upstream(clock, answers=[state, DONE])
    await seen(clock, upstream, typical=0.5)
    assert upstream.looks[1] - upstream.looks[0] >= 6.65


@pytest.mark.parametrize(
    "error", [NotFound("lost"), AccountRejected("401"), AccountExhausted("402"), EaselError("bug")]
)
async def test_all_other_errors_are_raised(clock: Clock, error: EaselError) -> None:
    with pytest.raises(type(error)):
        await seen(clock, Upstream(clock, answers=[Running(), error]))


async def test_a_place_in_the_queue_tells_when_to_come_back(clock: Clock) -> None:
    upstream = Upstream(clock, answers=[Queued(position=10)] * 100)
    await seen(clock, upstream, seconds=60, typical=5)
    assert len(upstream.looks) < 25


@pytest.mark.parametrize(("jitter", "factor"), [(0.0, 0.95), (0.5, 1.0), (0.999999, 1.05)])
async def test_jitter_moves_a_look_by_a_twentieth_at_most(clock: Clock, jitter: float, factor: float) -> None:
    plain = Clock(1000.0)
    await seen(plain, Upstream(plain), seconds=60)
    await seen(clock, Upstream(clock), seconds=60, jitter=lambda: jitter)
    assert clock.naps[0] == pytest.approx(factor * plain.naps[0], rel=1e-4)


async def medians(seconds: float, *, typical: float | None, tells_progress: bool) -> tuple[float, float]:
    """How much later than its end a job of about this length is seen to be done, and after how many looks."""
    chance = random.Random(7)
    lags, looks = [], []
    for _ in range(101):
        clock = Clock()
        upstream = Upstream(clock, seconds * chance.uniform(0.8, 1.2), tells_progress=tells_progress)
        await seen(clock, upstream, typical=typical, jitter=chance.random)
        lags.append(clock.now - upstream.seconds)
        looks.append(len(upstream.looks))
    return median(lags), median(looks)


@pytest.mark.parametrize(("seconds", "most_looks"), [(0.5, 2), (1, 3), (3, 5), (10, 10), (20, 15), (45, 25), (90, 30)])
async def test_blind_it_is_late_by_a_second_or_six_percent(seconds: float, most_looks: int) -> None:
    lag, looks = await medians(seconds, typical=None, tells_progress=False)
    assert lag <= max(1.0, 0.06 * seconds)
    assert looks <= most_looks


@pytest.mark.parametrize(("seconds", "most_looks"), [(3, 8), (5, 8), (10, 10), (20, 12), (45, 12), (90, 16)])
@pytest.mark.parametrize("tells_progress", [False, True], ids=["typical time", "progress"])
async def test_with_a_hint_it_is_late_by_six_percent(seconds: float, most_looks: int, tells_progress: bool) -> None:
    typical = None if tells_progress else seconds
    lag, looks = await medians(seconds, typical=typical, tells_progress=tells_progress)
    assert lag <= 0.06 * seconds
    assert looks <= most_looks


@pytest.mark.parametrize("seconds", [0.5, 1, 2])
async def test_short_jobs_with_a_hint_are_late_by_a_tenth_of_a_second(seconds: float) -> None:
    lag, looks = await medians(seconds, typical=seconds, tells_progress=False)
    assert lag <= 0.11
    assert looks <= 6


@pytest.mark.parametrize("typical", [1.0, 5.0, 300.0])
async def test_a_typical_time_that_is_wrong_costs_little(typical: float) -> None:
    lag, looks = await medians(20, typical=typical, tells_progress=False)
    assert lag <= 6.0
    assert looks <= 30
