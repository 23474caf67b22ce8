"""The accounts there are, and which of them serves the next call."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from itsdangerous.encoding import base64_encode

from shared.account import Account
from shared.accounts.credentials import Credentials, login_of
from shared.accounts.health import PROBE_SECONDS, Cooldown, Health, HealthRecords
from shared.errors import AccountError, AccountLimited, AccountRejected, NoAccount, NotFound, Overloaded
from shared.state import State

Answer = TypeVar("Answer")

MIN_COOLDOWN = 1.0
RATE_LIMIT_COOLDOWN = 10.0
"""Seconds; how long limits last that nobody has put a time to."""

_FIRST_PAUSE = 0.05
"""Seconds until whoever waits for the outcome of a trial looks again; then it takes its time."""


def fingerprint(account: Account) -> str:
    """What stands in a job for an account: 8 characters from its name, which stay when its credential changes."""
    digest = hashlib.sha256(f"{account.provider}/{account.id}".encode()).digest()
    return base64_encode(digest[:6]).decode()


class AccountStatus(NamedTuple):
    """How an account is doing, for its operator."""

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
        return not (self.cooldown or self.full)


class AccountPool:
    """Picks the least busy account that is not resting, at random among equals.

    An account that may be dead for all one knows, because it is new here or has just rested, is on trial with its first
    order, and until the outcome others go elsewhere. So the dead one is tried once, and then after each rest.

    `cooldown` are the seconds that an account rests when the upstream does not say how long; `rejected` is called
    when one's credential is refused. `guests` stand for callers who bring a credential of their own: jobs are found
    by them, and they serve nobody else.
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
        everybody = (*self.accounts, *self._guests.values())
        self._by_fingerprint = {(account.provider, fingerprint(account)): account for account in everybody}
        self._cooldown = cooldown
        self._choice = choice
        self._rejected = rejected
        self._sleep = sleep
        self._busy: Counter[str] = Counter()
        self._credentials = Credentials(state)
        self._standings = HealthRecords(state, clock)
        self.shared = state.shared
        """Whether other instances see which accounts rest, and which credentials are new."""

    def providers(self) -> frozenset[str]:
        return frozenset(account.provider for account in self.accounts)

    def of(self, provider: str) -> tuple[Account, ...]:
        return tuple(account for account in self.accounts if account.provider == provider)

    def guest(self, provider: str) -> Account:
        """What stands for a caller with a credential of its own, without that credential."""
        return self._guests[provider]

    def find(self, provider: str, mark: str) -> Account:
        """The account that a job was started with; NotFound when it is no longer configured."""
        try:
            return self._by_fingerprint[provider, mark]
        except KeyError:
            raise NotFound("The account that this job was started with is no longer configured.") from None

    async def newest(self, account: Account) -> Account:
        """The account with the credential that it has by now."""
        return await self._credentials.newest(self._configured(account))

    async def replace(self, account: Account, key: str) -> None:
        """Give the account a credential that somebody brought, wherever the state is shared; it does not rest."""
        await self._credentials.replace(self._configured(account), account._replace(key=key, login=""))

    async def renew(self, account: Account, key: str) -> Account:
        """The account with a credential that comes from its old one: it is neither better nor worse for it.

        What somebody has brought meanwhile stays.
        """
        newest = account._replace(key=key, login=login_of(account))
        ours = await self._credentials.renew(self._configured(account), account, newest)
        return newest if ours else await self.newest(account)

    async def claim_renewal(self, account: Account, seconds: float) -> bool:
        """Whether it falls to us to renew the account's credential: to one instance in so many seconds."""
        return await self._credentials.claim_renewal(self._configured(account), seconds)

    async def place(
        self, provider: str, names: Collection[str], order: Callable[[Account], Awaitable[Answer]]
    ) -> tuple[Account, Answer]:
        """The first account that does not refuse the order, of all or of those with these names; and what came of it.

        NoAccount when all of them rest, Overloaded when those that do not are full.
        """
        left = [each for each in self.of(provider) if not names or each.id in names]
        choose = self._only if len(left) == 1 else self._next
        refusal: AccountError | None = None
        while True:
            try:
                account, standing = await choose(provider, left)
            except NoAccount as nobody:
                raise (refusal or nobody) from None
            try:
                with self.busy(account):
                    answer = await order(account)
            except AccountError as error:
                await self.cool_down(account, error)
                left = [each for each in left if each.id != account.id]
                refusal = error
            except BaseException:
                await self._standings.release(account, standing)
                raise
            else:
                await self._standings.accept(account, standing)
                return account, answer

    async def _only(self, provider: str, accounts: Sequence[Account]) -> tuple[Account, Health]:
        """The account that there is. Whether it is dead makes no difference: there is no other to go to."""
        [condition] = await self.ready(provider, accounts)
        return condition.account, condition.health

    async def _next(self, provider: str, accounts: Sequence[Account]) -> tuple[Account, Health]:
        """The account to ask next. Who finds nobody but accounts on trial waits for the outcome, but not for long."""
        waited = 0.0
        while True:
            ready = await self.ready(provider, accounts)
            patient = waited < PROBE_SECONDS
            chosen = next((each for each in ready if not (patient and each.health.probing)), None)
            if chosen and (standing := await self._standings.claim(chosen.account, chosen.health)):
                return chosen.account, standing
            pause = _FIRST_PAUSE + waited / 4
            await self._sleep(pause)
            waited += pause

    async def ready(self, provider: str, accounts: Sequence[Account]) -> list[AccountStatus]:
        """Those of these accounts that can take an order, the least busy first."""
        conditions = await self._conditions(accounts)
        awake = [condition for condition in conditions if not condition.cooldown]
        if not awake:
            raise _nobody(provider, [condition.cooldown for condition in conditions if condition.cooldown])
        free = [condition for condition in awake if not condition.full]
        if not free:
            raise Overloaded(f"All accounts of '{provider}' have enough to do.", retry_after=2.0)
        return sorted(free, key=lambda condition: (condition.active, self._choice()))

    async def statuses(self) -> list[AccountStatus]:
        """How all of them are doing, by provider and name."""
        return await self._conditions(sorted(self.accounts, key=_key))

    @contextmanager
    def busy(self, account: Account) -> Iterator[None]:
        """Counts one piece of work on the account for as long as the block lasts."""
        self._busy[_key(account)] += 1
        try:
            yield
        finally:
            self._busy[_key(account)] -= 1

    async def cool_down(self, account: Account, error: AccountError) -> None:
        """Leave the account alone for a while: as long as the upstream asked, or as its trouble usually lasts.

        A limit of unknown length gets one, for the caller is told as well when to come back.
        """
        if isinstance(error, AccountRejected):
            self._rejected()
        if error.retry_after is None and isinstance(error, AccountLimited):
            error.retry_after = RATE_LIMIT_COOLDOWN
        seconds = max(self._cooldown if error.retry_after is None else error.retry_after, MIN_COOLDOWN)
        await self._standings.cool_down(account, seconds, error.code)

    async def _conditions(self, configured: Sequence[Account]) -> list[AccountStatus]:
        if len(configured) == 1:  # gather would make a task of it
            found = [await self._known(configured[0])]
        else:
            found = await asyncio.gather(*map(self._known, configured))
        return [AccountStatus(account, self._busy[_key(account)], standing) for account, standing in found]

    async def _known(self, configured: Account) -> tuple[Account, Health]:
        account = await self._credentials.newest(configured)
        return account, await self._standings.of(account)

    def _configured(self, account: Account) -> Account:
        return self.find(account.provider, fingerprint(account))


def _nobody(provider: str, rests: list[Cooldown]) -> NoAccount:
    soonest = min(rests, default=Cooldown(0.0, ""))
    why = f" The next one is back in {soonest.seconds:.0f} s, from {soonest.cause}." if soonest.cause else ""
    return NoAccount(f"No account of '{provider}' is free at the moment.{why}", retry_after=soonest.seconds)


def _key(account: Account) -> str:
    return f"{account.provider}/{account.id}"
