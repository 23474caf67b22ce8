"""The accounts there are, and which of them serves the next call."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from itsdangerous.encoding import base64_encode

from shared.accounts.credentials import Credentials
from shared.errors import AccountError, AccountLimited, AccountRejected, EaselError, NoAccount, NotFound, Overloaded
from shared.state import State, if_possible
from shared.values import Account

MIN_COOLDOWN = 1.0
LIMITED_REST = 10.0
"""Seconds; how long limits last that nobody has put a time to."""


def fingerprint(account: Account) -> str:
    """What stands in a job for an account: 8 characters from its name, which stay when its credential changes."""
    digest = hashlib.sha256(f"{account.provider}/{account.id}".encode()).digest()
    return base64_encode(digest[:6]).decode()


class Rest(NamedTuple):
    """An account is left alone for so many more seconds; `cause` is the code of the error that earned it that."""

    seconds: float
    cause: str


class Condition(NamedTuple):
    """How an account is doing, for its operator."""

    account: Account
    active: int
    rest: Rest | None

    @property
    def full(self) -> bool:
        return 0 < self.account.max_concurrent <= self.active

    @property
    def available(self) -> bool:
        return not (self.rest or self.full)


class Pool:
    """Picks the least busy account that is not resting, at random among equals.

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
    ) -> None:
        self.accounts = tuple(accounts)
        self._guests = {account.provider: account for account in guests}
        everybody = (*self.accounts, *self._guests.values())
        self._by_fingerprint = {(account.provider, fingerprint(account)): account for account in everybody}
        self._state = state
        self._cooldown = cooldown
        self._choice = choice
        self._clock = clock
        self._rejected = rejected
        self._busy: Counter[str] = Counter()
        self._credentials = Credentials(state)
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

    async def replace(self, account: Account, key: str) -> Account:
        """The account, on all instances that share a state, with this credential from now on; it does not rest."""
        await self._credentials.replace(self._configured(account), key)
        return account._replace(key=key)

    async def claim_renewal(self, account: Account, seconds: float) -> bool:
        """Whether it falls to us to renew the account's credential: to one instance in so many seconds."""
        return await self._credentials.claim_renewal(self._configured(account), seconds)

    async def ready(self, provider: str, names: Collection[str] = ()) -> list[Account]:
        """Whom to ask, in this order, of all accounts or of those with these names.

        NoAccount when all of them rest, Overloaded when those that do not are full.
        """
        conditions = await self._conditions([each for each in self.of(provider) if not names or each.id in names])
        awake = [condition for condition in conditions if not condition.rest]
        if not awake:
            raise _nobody(provider, [rest for _, _, rest in conditions if rest])
        free = [condition for condition in awake if not condition.full]
        if not free:
            raise Overloaded(f"All accounts of '{provider}' have enough to do.", retry_after=2.0)
        free.sort(key=lambda condition: (condition.active, self._choice()))
        return [account for account, _, _ in free]

    async def conditions(self) -> list[Condition]:
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

    async def rest(self, account: Account, error: AccountError) -> None:
        """Leave the account alone for a while: as long as the upstream asked, or as its trouble usually lasts.

        A limit of unknown length gets one, for the caller is told as well when to come back.
        """
        if isinstance(error, AccountRejected):
            self._rejected()
        if error.retry_after is None and isinstance(error, AccountLimited):
            error.retry_after = LIMITED_REST
        seconds = max(self._cooldown if error.retry_after is None else error.retry_after, MIN_COOLDOWN)
        with if_possible(EaselError):
            await self._state.put(_rest_name(account), f"{self._clock() + seconds:.3f} {error.code}", seconds)

    async def _conditions(self, configured: Sequence[Account]) -> list[Condition]:
        accounts = await self._newest(configured)
        rests = await self._rests(accounts)
        return [
            Condition(account, self._busy[_key(account)], rest) for account, rest in zip(accounts, rests, strict=True)
        ]

    def _configured(self, account: Account) -> Account:
        return self.find(account.provider, fingerprint(account))

    async def _newest(self, accounts: Sequence[Account]) -> list[Account]:
        if not any(account.replaceable for account in accounts):  # as mostly, and gather would make tasks of it
            return list(accounts)
        return await asyncio.gather(*map(self._credentials.newest, accounts))

    async def _rests(self, accounts: Sequence[Account]) -> list[Rest | None]:
        if len(accounts) == 1:  # gather would make a task of it
            return [await self._rest_of(accounts[0])]
        return await asyncio.gather(*map(self._rest_of, accounts))

    async def _rest_of(self, account: Account) -> Rest | None:
        noted = None
        with if_possible():
            noted = await self._state.get(_rest_name(account))
        until, _, cause = (noted or "").partition(" ")
        return Rest(max(0.0, float(until) - self._clock()), cause) if until else None


def _nobody(provider: str, rests: list[Rest]) -> NoAccount:
    soonest = min(rests, default=Rest(0.0, ""))
    why = f" The next one is back in {soonest.seconds:.0f} s, from {soonest.cause}." if soonest.cause else ""
    return NoAccount(f"No account of '{provider}' is free at the moment.{why}", retry_after=soonest.seconds)


def _rest_name(account: Account) -> str:
    """It changes with the credential: a new one does not rest for what became of the old one."""
    return f"rest:{hashlib.sha256(f'{_key(account)} {account.key}'.encode()).hexdigest()[:16]}"


def _key(account: Account) -> str:
    return f"{account.provider}/{account.id}"
