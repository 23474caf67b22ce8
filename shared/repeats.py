"""A request that comes twice starts its work once: repeated requests join the job that the first of them began."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from shared.errors import EaselError, GenerationPending, KeyReused, ResultLost, TakenError, Uncertain
from shared.state import State, if_possible

JOIN_SECONDS = 600.0
_PATIENCE = 60.0
_PENDING, _LOST, _ANSWERED = "pending", "lost", "answered"


class Repeat(NamedTuple):
    """What makes two requests the same one: `body` is a digest of path and body.

    With `key` the caller names the request (Idempotency-Key), and another body under that name is refused. Without
    it, a request joins an earlier one only when it says itself that it comes `again`.
    """

    body: str
    key: str | None = None
    again: bool = False


class Repeats:
    """Remembers for ten minutes which job a request began.

    Where the state cannot be reached, a request that comes for the first time is served all the same: it is worth
    more than the protection of its repetition. One that may be a repetition, by its key or its own word, raises
    before anything is begun: it could not be told from a second order. What happens after the upstream was asked
    never hides what came of that. The record that such a failure leaves behind says that the work is being started,
    so that it is not started again.
    """

    def __init__(self, state: State, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._state = state
        self._sleep = sleep

    async def once(self, owner: str, repeat: Repeat, begin: Callable[[], Awaitable[str | None]]) -> str | None:
        """The id of the job that `begin` starts, or of the one that the same request of this owner started before.

        None where `begin` gives None: the work was done at once, and its results are not kept.
        """
        name = _name(owner, repeat)
        pending = f"{repeat.body} {_PENDING}"
        if not (repeat.key or repeat.again):
            with if_possible():
                if owed := await self._collect(owner, repeat):
                    return owed
                await self._state.put(name, pending, JOIN_SECONDS)
            return await self._begin(name, repeat, begin)
        if not repeat.key and (owed := await self._collect(owner, repeat)):
            return owed
        while not await self._state.add(name, pending, JOIN_SECONDS):
            if job := await self._joined(name, repeat):
                return job
        return await self._begin(name, repeat, begin)

    async def owe(self, owner: str, repeat: Repeat, job: str) -> None:
        """The answer with this job did not arrive: whoever sends the request next is given the job.

        Some clients send a request again without a word about that, and would pay twice for one picture. With a key
        the job is joined anyway.
        """
        if repeat.key:
            return
        name = _name(owner, repeat, "owed")
        with if_possible(EaselError):
            while job not in (owed := await self._state.get(name) or "").split():
                await self._replace(name, owed, f"{owed} {job}".strip())

    async def _collect(self, owner: str, repeat: Repeat) -> str | None:
        name = _name(owner, repeat, "owed")
        while owed := await self._state.get(name):
            first, _, rest = owed.partition(" ")
            if await self._replace(name, owed, rest):
                return first
        return None

    async def _replace(self, name: str, old: str, new: str) -> bool:
        """Put `new` where `old` is, which is empty where nothing is; False where another instance was faster."""
        return await self._state.swap(name, old, new, JOIN_SECONDS) or (
            not old and await self._state.add(name, new, JOIN_SECONDS)
        )

    async def _begin(self, name: str, repeat: Repeat, begin: Callable[[], Awaitable[str | None]]) -> str | None:
        try:
            job = await begin()
        except BaseException as error:
            with if_possible(EaselError):
                if isinstance(error, EaselError) and not isinstance(error, TakenError):
                    await self._state.remove(name, f"{repeat.body} {_PENDING}")
                else:  # taken, or broken off where nobody can know
                    await self._state.put(name, f"{repeat.body} {_LOST}", JOIN_SECONDS)
            raise
        with if_possible(EaselError):
            await self._state.put(name, f"{repeat.body} {job or _ANSWERED}", JOIN_SECONDS)
        return job

    async def _joined(self, name: str, repeat: Repeat) -> str | None:
        """The job under this name, once it is known; None when its start was refused, so that we may start it."""
        waited = 0.0
        while record := await self._state.get(name):
            body, _, job = record.partition(" ")
            if body != repeat.body:
                raise KeyReused("This Idempotency-Key came with another request before.", param="Idempotency-Key")
            if job == _LOST:
                raise Uncertain("An earlier try of this request may have been taken by the upstream, and is lost.")
            if job == _ANSWERED:
                raise ResultLost("An earlier try of this request was carried out, and what came of it is not kept.")
            if job != _PENDING:
                return job
            if waited >= _PATIENCE:
                raise GenerationPending("An earlier try of this request is still being started.")
            pause = 0.1 + waited / 10
            await self._sleep(pause)
            waited += pause
        return None


def _name(owner: str, repeat: Repeat, kind: str = "repeat") -> str:
    named = f"key:{repeat.key}" if repeat.key else f"body:{repeat.body}"
    return f"{kind}:{hashlib.sha256(f'{owner} {named}'.encode()).hexdigest()}"
