"""Account health, shared between instances: unknown, probing, healthy or cooling down."""

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
"""Seconds that other submits avoid an account being probed: refusals arrive sooner, submits may take far longer."""

_LONGEST_ORDER = 600.0
_ACCEPTED, _TRIAL = "accepted", "trial"


class Cooldown(NamedTuple):
    """Remaining cooldown in seconds; `cause` is the code of the error that started it."""

    seconds: float
    cause: str


class Health(NamedTuple):
    """Health of an account; `record` is the stored text, empty while the health is unknown."""

    record: str = ""
    cooldown: Cooldown | None = None
    probing: bool = False


class HealthRecords:
    """One health record per account; the state's atomic operations ensure that only one submit probes an account.

    Records are per credential, not just per account name: a new credential does not inherit the old one's cooldown.
    """

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock

    async def of(self, account: Account) -> Health:
        """Return the account's health; unknown if the state is unavailable."""
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
        """Return the health to submit with; an account of unknown health becomes probing.

        Returns None if another submit claimed the probe first. If the state is unavailable, the probe runs anyway.
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
        """Mark the account as healthy after an accepted submit. A refusal recorded since then wins."""
        if standing.record not in ("", _ACCEPTED):
            with if_possible(EaselError):
                await self._state.swap(_name(account), standing.record, _ACCEPTED, CREDENTIAL_TTL)

    async def release(self, account: Account, standing: Health) -> None:
        """End a probe whose outcome says nothing about the account: the next submit may probe it."""
        if standing.record not in ("", _ACCEPTED):
            with if_possible(EaselError):
                await self._state.swap(_name(account), standing.record, "", PROBE_SECONDS)

    async def cool_down(self, account: Account, seconds: float, cause: str) -> None:
        """Put the account on cooldown for so many seconds; after that its health is unknown."""
        with if_possible(EaselError):
            await self._state.put(_name(account), f"{self._clock() + seconds:.3f} {cause}", seconds)


def _name(account: Account) -> str:
    text = f"{account.provider}/{account.id} {login_of(account)}"
    return f"standing:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
