"""Credentials that change while the configuration stays the same: uploaded or renewed cookies."""

from __future__ import annotations

import hashlib

from shared.account import Account
from shared.errors import EaselError
from shared.state import State, if_possible

CREDENTIAL_TTL = 400 * 86_400.0
"""Maximum cookie lifetime in browsers, in seconds."""


def login_of(account: Account) -> str:
    """Return an identifier of the credential that stays the same when the credential is renewed."""
    return account.login or _digest(account.key)


class Credentials:
    """The newest credentials of the accounts, shared between instances.

    Each is stored for one configured credential; when that changes, the stored one no longer applies.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    async def newest(self, account: Account) -> Account:
        """Return a configured account with its newest credential, or as configured if the state is unavailable."""
        if not account.replaceable:
            return account
        kept = None
        with if_possible():
            kept = await self._state.get(_name("credential", account))
        login, _, key = (kept or "").partition(" ")
        return account._replace(key=key, login=login) if key else account

    async def replace(self, account: Account, newest: Account) -> None:
        """Replace a configured account's credential. Raises StoreUnavailable if it cannot be stored."""
        await self._state.put(_name("credential", account), _record(newest), CREDENTIAL_TTL)

    async def renew(self, account: Account, old: Account, newest: Account) -> bool:
        """Replace the credential if it is still `old`; False if another was uploaded in the meantime."""
        name = _name("credential", account)
        swapped = await self._state.swap(name, _record(old), _record(newest), CREDENTIAL_TTL)
        return swapped or await self._state.add(name, _record(newest), CREDENTIAL_TTL)

    async def claim_renewal(self, account: Account, seconds: float) -> bool:
        """Return True if this instance should renew the credential: one instance per `seconds`."""
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
