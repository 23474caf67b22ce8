"""Selects the account for the next submit, and keeps track of how busy and how healthy each account is."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple

from itsdangerous.encoding import base64_encode

from shared.account import Account
from shared.accounts.credentials import Credentials, login_of
from shared.accounts.health import PROBE_SECONDS, Cooldown, Health, HealthRecords
from shared.errors import AccountError, AccountLimited, AccountRejected, NoAccount, NotFound, Overloaded
from shared.state import State

MIN_COOLDOWN = 1.0
RATE_LIMIT_COOLDOWN = 10.0
"""Seconds of cooldown for a rate limit without Retry-After."""

_FIRST_PAUSE = 0.05
"""Seconds before the outcome of a probe is checked again; the pauses grow from there."""


def fingerprint(account: Account) -> str:
    """Return the 8 characters that stand for an account in a job id; they do not depend on its credential."""
    return _fingerprint(account.provider, account.id)


@functools.lru_cache(maxsize=1024)
def _fingerprint(provider: str, name: str) -> str:
    return base64_encode(hashlib.sha256(f"{provider}/{name}".encode()).digest()[:6]).decode()


class AccountStatus(NamedTuple):
    """Status of an account, as `/v1/health` reports it to operators. `active` counts the jobs of this instance."""

    account: Account
    active: int
    health: Health

    @property
    def cooldown(self) -> Cooldown | None:
        return self.health.cooldown

    @property
    def full(self) -> bool:
        return 0 < self.account.max_concurrent <= self.active

    @property
    def available(self) -> bool:
        return not (self.health.cooldown or self.full)


class AccountPool:
    """Selects the least busy account that is not cooling down, at random among equals.

    An account of unknown health, because it is new or its cooldown has just ended, is probed with one submit; until the
    outcome is known, other submits use other accounts. So a dead account is tried once, and once more after each
    cooldown.

    `cooldown` is in seconds and applies if the upstream sends no Retry-After; `rejected` is called when a credential is
    rejected. `guests` are placeholders for callers with a credential of their own: they find existing jobs, but nothing
    is submitted with them.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        state: State,
        cooldown: float = 600.0,
        choice: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
        rejected: Callable[[], None] = lambda: None,
        guests: Iterable[Account] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.accounts = tuple(accounts)
        self._guests = {account.provider: account for account in guests}
        known = (*self.accounts, *self._guests.values())
        self._by_fingerprint = {(account.provider, fingerprint(account)): account for account in known}
        self._by_provider: dict[str, tuple[Account, ...]] = {}
        for account in self.accounts:
            self._by_provider[account.provider] = (*self._by_provider.get(account.provider, ()), account)
        self._cooldown = cooldown
        self._choice = choice
        self._rejected = rejected
        self._sleep = sleep
        self._active: Counter[tuple[str, str]] = Counter()
        self._credentials = Credentials(state)
        self.health = HealthRecords(state, clock)
        self.shared = state.shared
        """Whether other instances see cooldowns and renewed credentials."""

    def providers(self) -> frozenset[str]:
        return frozenset(self._by_provider)

    def of(self, provider: str) -> tuple[Account, ...]:
        return self._by_provider.get(provider, ())

    def guest(self, provider: str) -> Account:
        """Return the placeholder for a caller with a credential of its own, without that credential."""
        return self._guests[provider]

    def find(self, provider: str, mark: str) -> Account:
        """Return the account with this fingerprint; NotFound if it is no longer configured."""
        account = self._by_fingerprint.get((provider, mark))
        if account is None:
            raise NotFound("The account that this job was submitted with is no longer configured.")
        return account

    async def newest(self, account: Account) -> Account:
        """Return the account with its newest credential."""
        if not account.replaceable:
            return account
        return await self._credentials.newest(self._configured(account))

    async def replace(self, account: Account, key: str) -> None:
        """Replace the account's credential on all instances that share the state; this ends its cooldown."""
        await self._credentials.replace(self._configured(account), account._replace(key=key, login=""))

    async def renew(self, account: Account, key: str) -> Account:
        """Replace the account's credential by one renewed from it; its health stays.

        A credential that was uploaded in the meantime wins.
        """
        newest = account._replace(key=key, login=login_of(account))
        ours = await self._credentials.renew(self._configured(account), account, newest)
        return newest if ours else await self.newest(account)

    async def claim_renewal(self, account: Account, seconds: float) -> bool:
        """Return True for one instance in so many seconds, which then renews the credential."""
        return await self._credentials.claim_renewal(self._configured(account), seconds)

    def lease(self, provider: str, names: Collection[str]) -> AccountLease:
        """Lease the provider's accounts one after the other, all of them or those with these names."""
        return AccountLease(self, provider, [each for each in self.of(provider) if not names or each.id in names])

    async def select(self, provider: str, accounts: Sequence[Account]) -> tuple[Account, Health]:
        """Select the account for the next submit. If all are being probed, wait for an outcome, but not for long.

        Raises NoAccount if all of them are cooling down, Overloaded if the others are at their limit.
        """
        if len(accounts) == 1:  # there is no other to use while it is probed
            [status] = await self.ready(provider, accounts)
            return status.account, status.health
        waited = 0.0
        while True:
            ready = await self.ready(provider, accounts)
            probes_wait = waited < PROBE_SECONDS
            chosen = next((each for each in ready if not (probes_wait and each.health.probing)), None)
            if chosen and (health := await self.health.claim(chosen.account, chosen.health)):
                return chosen.account, health
            pause = _FIRST_PAUSE + waited / 4
            await self._sleep(pause)
            waited += pause

    async def ready(self, provider: str, accounts: Sequence[Account]) -> list[AccountStatus]:
        """Return those of the accounts that can take a submit, the least busy first."""
        statuses = await self._statuses(accounts)
        available = [status for status in statuses if status.available]
        if len(available) > 1:
            available.sort(key=lambda status: (status.active, self._choice()))
        if not available:
            raise _unavailable(provider, statuses)
        return available

    async def statuses(self) -> list[AccountStatus]:
        """Return the status of every account, by provider and name."""
        return await self._statuses(sorted(self.accounts, key=lambda account: f"{account.provider}/{account.id}"))

    @contextmanager
    def busy(self, account: Account) -> Iterator[None]:
        """Count one active job on the account while the block runs."""
        self.acquire(account)
        try:
            yield
        finally:
            self.release(account)

    def acquire(self, account: Account) -> None:
        self._active[account.provider, account.id] += 1

    def release(self, account: Account) -> None:
        self._active[account.provider, account.id] -= 1

    async def cool_down(self, account: Account, error: AccountError) -> None:
        """Put the account on cooldown: for as long as the upstream asks, or as long as such an error usually lasts.

        A rate limit without Retry-After gets one here, which is returned to the caller as well.
        """
        if isinstance(error, AccountRejected):
            self._rejected()
        if error.retry_after is None and isinstance(error, AccountLimited):
            error.retry_after = RATE_LIMIT_COOLDOWN
        seconds = max(self._cooldown if error.retry_after is None else error.retry_after, MIN_COOLDOWN)
        await self.health.cool_down(account, seconds, error.code)

    async def _statuses(self, configured: Sequence[Account]) -> list[AccountStatus]:
        if len(configured) == 1:  # gather would create a task
            found = [await self._with_health(configured[0])]
        else:
            found = await asyncio.gather(*map(self._with_health, configured))
        # Counted now: other submits may have leased accounts in the meantime.
        return [AccountStatus(account, self._active[account.provider, account.id], health) for account, health in found]

    async def _with_health(self, configured: Account) -> tuple[Account, Health]:
        account = await self.newest(configured)
        return account, await self.health.of(account)

    def _configured(self, account: Account) -> Account:
        return self.find(account.provider, fingerprint(account))


class AccountLease:
    """Leases one account after the other, until one does not refuse: `while True: async with lease as account: ...`

    A block that ends without an error marks its account as healthy. One that ends with an AccountError puts it on
    cooldown and suppresses the error, so that the loop tries the next account. Other errors propagate. Entering raises
    the last refusal once no account is left, or what `AccountPool.select` raises.
    """

    def __init__(self, pool: AccountPool, provider: str, accounts: Sequence[Account]) -> None:
        self._pool = pool
        self._provider = provider
        self._left = accounts
        self._refusal: AccountError | None = None

    async def __aenter__(self) -> Account:
        try:
            self._account, self._health = await self._pool.select(self._provider, self._left)
        except NoAccount as error:
            raise (self._refusal or error) from None
        self._pool.acquire(self._account)
        return self._account

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._pool.release(self._account)
        if error is None:
            await self._pool.health.accept(self._account, self._health)
        elif isinstance(error, AccountError):
            await self._pool.cool_down(self._account, error)
            self._left = [each for each in self._left if each.id != self._account.id]
            self._refusal = error
            return True
        else:
            await self._pool.health.release(self._account, self._health)
        return False


def _unavailable(provider: str, statuses: Sequence[AccountStatus]) -> NoAccount | Overloaded:
    cooldowns = [status.cooldown for status in statuses if status.cooldown]
    if len(cooldowns) < len(statuses):
        return Overloaded(f"All accounts of '{provider}' are at their limit of concurrent jobs.", retry_after=2.0)
    soonest = min(cooldowns, default=Cooldown(0.0, ""))
    why = f" The next one is back in {soonest.seconds:.0f} s, from {soonest.cause}." if soonest.cause else ""
    return NoAccount(f"No account of '{provider}' is free at the moment.{why}", retry_after=soonest.seconds)
