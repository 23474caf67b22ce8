"""How accounts stand with their upstream: nobody knows, on trial, accepted, or resting; for all who share a state."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple

from shared.account import Account
from shared.accounts.credentials import CREDENTIAL_TTL, login_of
from shared.errors import EaselError
from shared.state import State, if_possible

PROBE_SECONDS = 3.0
"""How long others keep away from an account on trial: refusals come within that, and orders may take far longer."""

_LONGEST_ORDER = 600.0
_ACCEPTED, _TRIAL = "accepted", "trial"


class Cooldown(NamedTuple):
    """An account is left alone for so many more seconds; `cause` is the code of the error that earned it that."""

    seconds: float
    cause: str


class Health(NamedTuple):
    """`record` is what is written down: empty while nobody knows whether the account's next order will be refused."""

    record: str = ""
    cooldown: Cooldown | None = None
    probing: bool = False


class HealthRecords:
    """One record for each account: the state's own atomic steps see to it that a trial has only one who holds it.

    It goes by the login and not by the account's name: a new one does not rest for what became of the old one.
    """

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock

    async def of(self, account: Account) -> Health:
        """How the account stands; as if nobody knew, where the state cannot be reached."""
        record = None
        with if_possible():
            record = await self._state.get(_name(account))
        if not record or record == _ACCEPTED:
            return Health(record or "")
        since_or_until, _, what = record.partition(" ")
        left = float(since_or_until) - self._clock()
        if what == _TRIAL:
            return Health(record, probing=left + PROBE_SECONDS > 0)
        return Health(record, Cooldown(max(0.0, left), what))

    async def claim(self, account: Account, standing: Health) -> Health | None:
        """At which standing the account may be given an order: of an unknown one as its trial.

        None where somebody else was faster. Where it cannot be written down, the trial is held all the same.
        """
        if standing.record:
            return standing
        name, record = _name(account), f"{self._clock():.3f} {_TRIAL}"
        ours = True
        with if_possible():
            ours = await self._state.add(name, record, _LONGEST_ORDER)
            ours = ours or await self._state.swap(name, "", record, _LONGEST_ORDER)
        return Health(record, probing=True) if ours else None

    async def accept(self, account: Account, standing: Health) -> None:
        """An order that was given at this standing was taken. Where another one was refused since, that counts."""
        if standing.record not in ("", _ACCEPTED):
            with if_possible(EaselError):
                await self._state.swap(_name(account), standing.record, _ACCEPTED, CREDENTIAL_TTL)

    async def release(self, account: Account, standing: Health) -> None:
        """The order has ended in what says nothing of the account: if it was on trial, the next one may try."""
        if standing.record not in ("", _ACCEPTED):
            with if_possible(EaselError):
                await self._state.swap(_name(account), standing.record, "", PROBE_SECONDS)

    async def cool_down(self, account: Account, seconds: float, cause: str) -> None:
        """Leave the account alone for so long; then nobody knows."""
        with if_possible(EaselError):
            await self._state.put(_name(account), f"{self._clock() + seconds:.3f} {cause}", seconds)


def _name(account: Account) -> str:
    text = f"{account.provider}/{account.id} {login_of(account)}"
    return f"standing:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
