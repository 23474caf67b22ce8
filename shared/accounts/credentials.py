"""Credentials that change while the configuration stands: cookies that somebody brings, or that are renewed."""

from __future__ import annotations

import hashlib

from shared.account import Account
from shared.errors import EaselError
from shared.state import State, if_possible

CREDENTIAL_TTL = 400 * 86_400.0
"""The longest that browsers keep a cookie."""


def login_of(account: Account) -> str:
    """What tells credentials apart that somebody brought: it stays the same when one of them is renewed."""
    return account.login or _digest(account.key)


class Credentials:
    """What instances share of the accounts' newest credentials.

    A new one stands in for the very credential that is configured: when that changes, what was kept is forgotten.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    async def newest(self, account: Account) -> Account:
        """A configured account with the credential that it has by now; with its own where nobody can tell."""
        if not account.replaceable:
            return account
        kept = None
        with if_possible():
            kept = await self._state.get(_name("credential", account))
        login, _, key = (kept or "").partition(" ")
        return account._replace(key=key, login=login) if key else account

    async def replace(self, account: Account, newest: Account) -> None:
        """From now on a configured account is this one. StoreUnavailable where that cannot be written down."""
        await self._state.put(_name("credential", account), _record(newest), CREDENTIAL_TTL)

    async def renew(self, account: Account, old: Account, newest: Account) -> bool:
        """The same where it still is the old one; False where somebody has brought another meanwhile."""
        name = _name("credential", account)
        swapped = await self._state.swap(name, _record(old), _record(newest), CREDENTIAL_TTL)
        return swapped or await self._state.add(name, _record(newest), CREDENTIAL_TTL)

    async def claim_renewal(self, account: Account, seconds: float) -> bool:
        """Whether it falls to us to renew a configured account's credential: to one instance in so many seconds."""
        ours = False
        with if_possible(EaselError):
            ours = await self._state.add(_name("renewal", account), "claimed", seconds)
        return ours


def _record(account: Account) -> str:
    return f"{login_of(account)} {account.key}"


def _name(kind: str, account: Account) -> str:
    return f"{kind}:{_digest(f'{account.provider}/{account.id} {account.key}')}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
