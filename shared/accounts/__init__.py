"""The accounts there are, and which of them serves the next call."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from itsdangerous.encoding import base64_encode

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
        self._accounts = tuple(accounts)
        self._guests = {account.provider: account for account in guests}
        everybody = (*self._accounts, *self._guests.values())
        self._by_fingerprint = {(account.provider, fingerprint(account)): account for account in everybody}
        self._state = state
        self._cooldown = cooldown
        self._choice = choice
        self._clock = clock
        self._rejected = rejected
        self._busy: Counter[str] = Counter()

    def providers(self) -> frozenset[str]:
        return frozenset(account.provider for account in self._accounts)

    def of(self, provider: str) -> tuple[Account, ...]:
        return tuple(account for account in self._accounts if account.provider == provider)

    def guest(self, provider: str) -> Account:
        """What stands for a caller with a credential of its own, without that credential."""
        return self._guests[provider]

    def find(self, provider: str, mark: str) -> Account:
        """The account that a job was started with; NotFound when it is no longer configured."""
        try:
            return self._by_fingerprint[provider, mark]
        except KeyError:
            raise NotFound("The account that this job was started with is no longer configured.") from None

    async def ready(self, provider: str) -> list[Account]:
        """Whom to ask, in this order; NoAccount when all of them rest, Overloaded when those that do not are full."""
        accounts = self.of(provider)
        rests = await self._rests(accounts)
        awake = [account for account, rest in zip(accounts, rests, strict=True) if not rest]
        if not awake:
            raise _nobody(provider, [rest for rest in rests if rest])
        candidates = [account for account in awake if not self._is_full(account)]
        if not candidates:
            raise Overloaded(f"All accounts of '{provider}' have enough to do.", retry_after=2.0)
        return sorted(candidates, key=lambda account: (self._busy[_key(account)], self._choice()))

    async def counts(self) -> dict[str, int]:
        """How many accounts there are, and how many of them are ready."""
        rests = await self._rests(self._accounts)
        ready = [not (self._is_full(account) or rest) for account, rest in zip(self._accounts, rests, strict=True)]
        return {"total": len(ready), "available": sum(ready)}

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

    def _is_full(self, account: Account) -> bool:
        return bool(account.max_concurrent) and self._busy[_key(account)] >= account.max_concurrent

    async def _rests(self, accounts: tuple[Account, ...]) -> list[Rest | None]:
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
