"""Account selection: the least busy first, cooldowns by cause, limits, and a state that is out of reach."""

from __future__ import annotations

import pytest

from shared.account import Account
from shared.accounts import AccountPool, fingerprint
from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    NoAccount,
    NotFound,
    Overloaded,
    StoreUnavailable,
)
from shared.state import MemoryState
from tests.clock import Clock

ACCOUNTS = [Account(name, "zimage", "https://zimage.run") for name in ("a", "b", "c")]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> AccountPool:
    return AccountPool([*ACCOUNTS, Account("other", "sketch", "")], MemoryState(clock), cooldown=600)


async def counts(pool: AccountPool) -> tuple[int, int]:
    """How many there are, and how many of them are available."""
    conditions = await pool.statuses()
    return len(conditions), sum(condition.available for condition in conditions)


async def ready(pool: AccountPool, provider: str = "zimage") -> list[str]:
    return [condition.account.id for condition in await pool.ready(provider, pool.of(provider))]


async def test_a_pool_knows_its_accounts(pool: AccountPool) -> None:
    assert pool.providers() == {"zimage", "sketch"}
    assert pool.of("zimage") == tuple(ACCOUNTS)
    assert pool.find("zimage", fingerprint(ACCOUNTS[1])) == ACCOUNTS[1]
    assert await counts(pool) == (4, 4)
    for provider, mark in [("sketch", fingerprint(ACCOUNTS[1])), ("zimage", "nothing"), ("zimage", "")]:
        with pytest.raises(NotFound):
            pool.find(provider, mark)


async def test_the_least_busy_is_asked_first(pool: AccountPool) -> None:
    with pool.busy(ACCOUNTS[0]), pool.busy(ACCOUNTS[0]), pool.busy(ACCOUNTS[2]):
        assert await ready(pool) == ["b", "c", "a"]
    with pool.busy(ACCOUNTS[1]):
        assert (await ready(pool))[-1] == "b"


async def test_work_that_breaks_frees_its_account(pool: AccountPool) -> None:
    with pytest.raises(ValueError, match="broken"), pool.busy(ACCOUNTS[0]):
        raise ValueError("broken")
    with pool.busy(ACCOUNTS[1]), pool.busy(ACCOUNTS[2]):
        assert (await ready(pool))[0] == "a"


async def test_chance_decides_among_equals(pool: AccountPool) -> None:
    assert {(await ready(pool))[0] for _ in range(100)} == {"a", "b", "c"}
    draws = iter([0.9, 0.1, 0.5])
    fixed = AccountPool(ACCOUNTS, MemoryState(), choice=lambda: next(draws))
    assert await ready(fixed) == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (AccountLimited("429"), 10),
        (AccountRejected("401"), 600),
        (AccountExhausted("402"), 600),
        (AccountLimited("429", retry_after=7), 7),
        (AccountLimited("429", retry_after=86_400), 86_400),
        (AccountExhausted("402", retry_after=90), 90),
        (AccountLimited("429", retry_after=0), 1),
    ],
    ids=lambda value: f"{type(value).__name__}-{value.retry_after}" if isinstance(value, AccountError) else str(value),
)
async def test_an_account_rests_by_its_cause_or_as_it_was_asked_to(
    pool: AccountPool, clock: Clock, error: AccountError, seconds: float
) -> None:
    await pool.cool_down(ACCOUNTS[0], error)
    assert sorted(await ready(pool)) == ["b", "c"]
    assert await counts(pool) == (4, 3)
    clock.now += seconds - 0.01
    assert sorted(await ready(pool)) == ["b", "c"]
    clock.now += 0.01
    assert sorted(await ready(pool)) == ["a", "b", "c"]


async def test_when_all_of_them_rest_nobody_is_free(pool: AccountPool) -> None:
    for account in ACCOUNTS:
        await pool.cool_down(account, AccountLimited("429"))
    await pool.cool_down(ACCOUNTS[0], AccountLimited("429", retry_after=7))
    with pytest.raises(NoAccount) as caught:
        await ready(pool)
    assert caught.value.retry_after == pytest.approx(7, abs=1)
    assert "back in 7 s, from rate_limit_exceeded" in caught.value.message
    assert len(await ready(pool, "sketch")) == 1


async def test_a_full_account_is_passed_over_and_when_all_are_full_the_caller_has_to_wait() -> None:
    single, double = (Account(str(limit), "zimage", "", max_concurrent=limit) for limit in (1, 2))
    pool = AccountPool([single, double], MemoryState())
    with pool.busy(single):
        assert await ready(pool) == ["2"]
        with pool.busy(double):
            assert await ready(pool) == ["2"]
            with pool.busy(double), pytest.raises(Overloaded) as caught:
                await ready(pool)
            assert caught.value.retry_after
    assert sorted(await ready(pool)) == ["1", "2"]


# A state that is out of reach


class Unreachable(MemoryState):
    async def get(self, key: str) -> str | None:
        raise StoreUnavailable("out of reach")

    async def put(self, key: str, value: str, ttl: float) -> None:
        raise StoreUnavailable("out of reach")


async def test_without_the_state_nobody_rests_and_all_are_asked(caplog: pytest.LogCaptureFixture) -> None:
    pool = AccountPool(ACCOUNTS, Unreachable())
    await pool.cool_down(ACCOUNTS[0], AccountRejected("401"))
    assert len(await ready(pool)) == len(ACCOUNTS)
    assert await counts(pool) == (3, 3)
    assert "out of reach" in caplog.text
