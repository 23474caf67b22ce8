"""Unverified accounts: one request probes an account while the others wait, within bounds, for its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from shared.account import Account
from shared.accounts import AccountPool
from shared.accounts.health import PROBE_SECONDS
from shared.errors import (
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    ContentRefused,
    NoAccount,
    Overloaded,
    StoreUnavailable,
    Unavailable,
    Uncertain,
)
from shared.state import MemoryState
from tests.clock import Clock

COOLDOWN = 600.0


class Upstream:
    """Each account's orders: they end as `ends` has it for the account, the others when the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ends: dict[str, Exception | str] = {}
        self._open: list[tuple[str, asyncio.Future[str]]] = []

    async def order(self, account: Account) -> str:
        self.asked.append(account.id)
        end = self.ends.get(account.id)
        if isinstance(end, Exception):
            raise end
        if end is not None:
            return end
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open.append((account.id, future))
        return await future

    def end(self, name: str, end: Exception | str = "taken") -> None:
        """The account's oldest order that is open ends so."""
        entry = next(entry for entry in self._open if entry[0] == name)
        self._open.remove(entry)
        if isinstance(end, Exception):
            entry[1].set_exception(end)
        else:
            entry[1].set_result(end)


class Counting(MemoryState):
    """A state that counts what is written."""

    writes = 0

    async def put(self, key: str, value: str, ttl: float) -> None:
        self.writes += 1
        await super().put(key, value, ttl)

    async def add(self, key: str, value: str, ttl: float) -> bool:
        self.writes += 1
        return await super().add(key, value, ttl)

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        self.writes += 1
        return await super().swap(key, old, new, ttl)


class Sleepers:
    """Whoever sleeps goes on when the test says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []

    @property
    def number(self) -> int:
        return len(self._sleeping)

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._sleeping.append((seconds, future))
        await future

    async def wake(self) -> float:
        """All of them, once; how long the longest slept."""
        sleeping, self._sleeping = self._sleeping, []
        longest = max((seconds for seconds, _ in sleeping), default=0.0)
        self._clock.now += longest
        for _, future in sleeping:
            future.set_result(None)
        await settled()
        return longest


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.0)


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def state(clock: Clock) -> Counting:
    return Counting(clock)


@pytest.fixture
def sleepers(clock: Clock) -> Sleepers:
    return Sleepers(clock)


@pytest.fixture
def build(clock: Clock, state: Counting, sleepers: Sleepers) -> Callable[..., AccountPool]:
    """A pool with accounts of these names, which are asked in this order where they are equally busy."""

    def build(*names: str, limit: int = 0) -> AccountPool:
        accounts = [Account(name, "upstream", "", key=f"key of {name}", max_concurrent=limit) for name in names]
        return AccountPool(accounts, state, COOLDOWN, lambda: 0.0, clock, sleep=sleepers.sleep)

    return build


async def settled() -> None:
    """Until everybody who can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def place(pool: AccountPool, upstream: Upstream) -> str:
    lease = pool.lease("upstream", ())
    while True:
        async with lease as account:
            assert await upstream.order(account) == "taken"
            return account.id


Placed = asyncio.Task[str]


async def placed(pool: AccountPool, upstream: Upstream, number: int = 1) -> list[Placed]:
    tasks = [asyncio.create_task(place(pool, upstream)) for _ in range(number)]
    await settled()
    return tasks


async def test_ten_at_once_try_a_dead_account_once(
    build: Callable[..., AccountPool], upstream: Upstream, sleepers: Sleepers
) -> None:
    pool = build("dead", "alive")
    orders = await placed(pool, upstream, 10)
    assert upstream.asked == ["dead", "alive"]
    assert sleepers.number == 8
    upstream.end("dead", AccountRejected("401"))
    upstream.end("alive")
    upstream.ends["alive"] = "taken"
    await settled()
    await sleepers.wake()
    assert await asyncio.gather(*orders) == ["alive"] * 10
    assert upstream.asked == ["dead"] + ["alive"] * 10


async def test_after_its_rest_it_is_tried_once_again_and_nobody_waits_for_that(
    build: Callable[..., AccountPool], upstream: Upstream, clock: Clock, sleepers: Sleepers
) -> None:
    pool = build("dead", "alive")
    upstream.ends = {"dead": AccountExhausted("402", retry_after=90), "alive": "taken"}
    assert await place(pool, upstream) == "alive"
    clock.now += 89
    assert await place(pool, upstream) == "alive"
    assert upstream.asked.count("dead") == 1
    clock.now += 1
    del upstream.ends["dead"]
    [trial, *others] = await placed(pool, upstream, 10)
    assert [order.done() for order in others] == [True] * 9
    assert (sleepers.number, upstream.asked.count("dead")) == (0, 2)
    upstream.end("dead", AccountExhausted("402"))
    assert await trial == "alive"


async def test_what_was_accepted_is_given_everything_at_once(
    build: Callable[..., AccountPool], upstream: Upstream, state: Counting, sleepers: Sleepers
) -> None:
    pool = build("a", "b")
    trials = await placed(pool, upstream, 2)
    for name in upstream.asked:
        upstream.end(name)
    await asyncio.gather(*trials)
    upstream.asked.clear()
    written = state.writes
    orders = await placed(pool, upstream, 10)
    assert (upstream.asked.count("a"), upstream.asked.count("b")) == (5, 5)
    for name in upstream.asked:
        upstream.end(name)
    await asyncio.gather(*orders)
    assert (state.writes, sleepers.number) == (written, 0)


async def test_a_single_account_costs_nothing_and_never_waits(
    build: Callable[..., AccountPool], upstream: Upstream, state: Counting, clock: Clock, sleepers: Sleepers
) -> None:
    pool = build("only")
    await placed(pool, upstream, 10)
    assert (len(upstream.asked), state.writes, sleepers.number) == (10, 0, 0)
    upstream.end("only", AccountLimited("429", retry_after=5))
    await settled()
    clock.now += 5
    await placed(pool, upstream, 10)
    assert (len(upstream.asked), sleepers.number) == (20, 0)
    for _ in range(19):
        upstream.end("only")


async def test_who_finds_only_trials_waits_no_longer_than_refusals_take(
    build: Callable[..., AccountPool], upstream: Upstream, sleepers: Sleepers
) -> None:
    pool = build("a", "b")
    orders = await placed(pool, upstream, 4)
    slept = 0.0
    while sleepers.number:
        slept += await sleepers.wake()
    assert PROBE_SECONDS <= slept < PROBE_SECONDS * 1.5
    assert sorted(upstream.asked) == ["a", "a", "b", "b"]
    orders += await placed(pool, upstream, 2)
    assert (len(upstream.asked), sleepers.number) == (6, 0), "a trial that lasts holds nobody up"
    for name in upstream.asked:
        upstream.end(name)
    await asyncio.gather(*orders)


async def test_an_instance_whose_clock_is_wrong_holds_nobody_up(
    build: Callable[..., AccountPool], upstream: Upstream, clock: Clock, state: Counting, sleepers: Sleepers
) -> None:
    """A trial that began in the future would seem to go on for long."""
    now = build("a", "b")
    later = AccountPool(now.accounts, state, choice=lambda: 0.0, clock=Clock(clock.now + 1000))
    orders = await placed(later, upstream, 2)
    orders += await placed(now, upstream)
    slept = 0.0
    for _ in range(20):
        slept += await sleepers.wake()
    assert PROBE_SECONDS <= slept < PROBE_SECONDS * 1.5
    assert len(upstream.asked) == 3
    for name in upstream.asked:
        upstream.end(name)
    await asyncio.gather(*orders)


NOTHING_SAID = [Unavailable("503"), Uncertain("broken"), ContentRefused("no"), KeyError("a bug")]


@pytest.mark.parametrize("error", NOTHING_SAID, ids=repr)
async def test_what_says_nothing_of_the_account_leaves_it_to_the_next(
    build: Callable[..., AccountPool], upstream: Upstream, sleepers: Sleepers, error: Exception
) -> None:
    pool = build("a", "b")
    upstream.ends["b"] = "taken"
    [first, _] = await placed(pool, upstream, 2)
    upstream.end("a", error)
    with pytest.raises(type(error)):
        await first
    orders = await placed(pool, upstream, 5)
    assert upstream.asked.count("a") == 2
    assert sum(not order.done() for order in orders) == 1
    upstream.end("a")
    await asyncio.gather(*orders)
    assert sleepers.number == 0


async def test_who_leaves_in_the_midst_of_a_trial_leaves_it_to_the_next(
    build: Callable[..., AccountPool], upstream: Upstream, sleepers: Sleepers
) -> None:
    pool = build("dead", "alive")
    [first, *_] = await placed(pool, upstream, 4)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await sleepers.wake()
    assert upstream.asked == ["dead", "alive", "dead"]


async def test_an_order_from_before_the_refusal_does_not_wake_the_account(
    build: Callable[..., AccountPool], upstream: Upstream, sleepers: Sleepers
) -> None:
    pool = build("a", "b")
    orders = await placed(pool, upstream, 4)
    while sleepers.number:
        await sleepers.wake()
    upstream.end("a", AccountExhausted("402"))
    await settled()
    upstream.end("a")
    await settled()
    [a, _] = await pool.statuses()
    assert a.cooldown
    for order in orders:
        order.cancel()


async def test_a_refusal_that_comes_late_counts_as_well(
    build: Callable[..., AccountPool], upstream: Upstream, clock: Clock
) -> None:
    pool = build("a", "b")
    [_, second] = await placed(pool, upstream, 2)
    clock.now += 100
    upstream.end("b")
    upstream.ends["b"] = "taken"
    assert await second == "b"
    upstream.end("a", AccountRejected("401"))
    await settled()
    assert [condition.account.id for condition in await pool.statuses() if condition.cooldown] == ["a"]


async def test_all_who_share_a_state_hold_one_trial(
    build: Callable[..., AccountPool], upstream: Upstream, sleepers: Sleepers
) -> None:
    pools = [build("dead", "alive") for _ in range(10)]
    orders = [(await placed(pool, upstream))[0] for pool in pools]
    assert upstream.asked == ["dead", "alive"]
    upstream.end("dead", AccountRejected("401"))
    upstream.end("alive")
    upstream.ends["alive"] = "taken"
    await settled()
    await sleepers.wake()
    assert await asyncio.gather(*orders) == ["alive"] * 10
    assert upstream.asked.count("dead") == 1


async def test_the_last_refusal_is_told_and_whoever_comes_then_finds_nobody(
    build: Callable[..., AccountPool], upstream: Upstream
) -> None:
    pool = build("a", "b")
    upstream.ends = {"a": AccountRejected("401"), "b": AccountExhausted("402")}
    with pytest.raises(AccountExhausted):
        await place(pool, upstream)
    with pytest.raises(NoAccount):
        await place(pool, upstream)


async def test_who_is_refused_while_the_others_are_full_may_come_again(
    build: Callable[..., AccountPool], upstream: Upstream
) -> None:
    pool = build("busy", "dead", limit=1)
    upstream.ends["dead"] = AccountRejected("401")
    [order] = await placed(pool, upstream)
    with pytest.raises(Overloaded):
        await place(pool, upstream)
    upstream.end("busy")
    await order


class Unreachable(MemoryState):
    async def get(self, key: str) -> str | None:
        raise StoreUnavailable("out of reach")

    async def put(self, key: str, value: str, ttl: float) -> None:
        raise StoreUnavailable("out of reach")

    async def add(self, key: str, value: str, ttl: float) -> bool:
        raise StoreUnavailable("out of reach")

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        raise StoreUnavailable("out of reach")


async def test_without_the_state_nobody_waits(upstream: Upstream, sleepers: Sleepers) -> None:
    accounts = [Account(name, "upstream", "") for name in ("dead", "alive")]
    pool = AccountPool(accounts, Unreachable(), choice=lambda: 0.0, sleep=sleepers.sleep)
    upstream.ends = {"dead": AccountRejected("401"), "alive": "taken"}
    assert [await order for order in await placed(pool, upstream, 4)] == ["alive"] * 4
    assert sleepers.number == 0


COOKIES = Account("a", "upstream", "", key="old", cookie_domain="example.com")


async def test_a_renewed_credential_is_neither_better_nor_worse(state: Counting, clock: Clock) -> None:
    pool = AccountPool([COOKIES], state, clock=clock)
    await pool.cool_down(COOKIES, AccountExhausted("402"))
    renewed = await pool.renew(COOKIES, "renewed")
    for account in (renewed, await pool.newest(COOKIES)):
        assert account.key == "renewed"
        assert (await pool.statuses())[0].cooldown
        await pool.renew(account, "renewed")


async def test_one_that_somebody_brings_does_not_rest_for_the_old_one(state: Counting, clock: Clock) -> None:
    pool = AccountPool([COOKIES], state, clock=clock)
    renewed = await pool.renew(COOKIES, "renewed")
    await pool.cool_down(renewed, AccountRejected("401"))
    await pool.replace(renewed, "brought")
    assert (await pool.statuses())[0].available
    await pool.cool_down(renewed, AccountRejected("401"))
    assert (await pool.statuses())[0].available, "an order with the old one was still under way"
    await pool.cool_down(await pool.renew(await pool.newest(COOKIES), "brought and renewed"), AccountRejected("401"))
    assert (await pool.statuses())[0].cooldown


async def test_a_renewal_does_not_undo_what_somebody_brought_meanwhile(state: Counting, clock: Clock) -> None:
    pool = AccountPool([COOKIES], state, clock=clock)
    for old in (COOKIES, await pool.renew(COOKIES, "renewed")):
        await pool.replace(old, "brought")
        assert (await pool.renew(old, "renewed again")).key == "brought"
        assert (await pool.newest(COOKIES)).key == "brought"
