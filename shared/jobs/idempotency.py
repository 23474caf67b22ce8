"""Idempotency: a request that is sent again gets the job that its first try started."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from shared.errors import EaselError, GenerationPending, KeyReused, ResultLost, TakenError, Uncertain
from shared.jobs.submit_lease import PENDING, Lease, valid_until
from shared.state import State, if_possible

RECORD_SECONDS = 600.0
_PATIENCE = 60.0
_LOST, _ANSWERED = "lost", "answered"
_STOPPED = (
    "The server stopped while it submitted an earlier try of this request, and the upstream may have accepted it. "
    "To submit it all the same, send it as a new request, with another Idempotency-Key if it has one."
)


class RequestKey(NamedTuple):
    """What identifies a request: `body` is a digest of path and body.

    With `key` the caller names the request (Idempotency-Key), and another body under that name is refused. Without
    it, a request joins an earlier one only if it declares itself a retry, which is `again`.
    """

    body: str
    key: str | None = None
    again: bool = False


class Claim:
    """A request's claim on its record.

    `job` is the id of its job: that of an earlier try, or the one that the block submitted and set. `recorded` is False
    if a retry cannot be recognized, because the state has no room for the record or cannot be reached.
    """

    def __init__(self) -> None:
        self.job: str | None = None
        self.recorded = True


class Idempotency:
    """Records for ten minutes which job a request started.

    If the state cannot take the record, a first request is served all the same and its claim is not `recorded`. One
    that may be a retry, by its key or its own declaration, raises before any submit: it could be billed twice.

    Once the upstream was called, errors of the state never hide the outcome. The remaining record then says that the
    submit is pending, and nothing is submitted again while it lasts.
    """

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock

    @asynccontextmanager
    async def claim(self, owner: str, request: RequestKey) -> AsyncIterator[Claim]:
        """Claim the request for the block, which submits it unless the claim has a `job`, and sets that `job`.

        A block that ends without a job has delivered its results, which are not stored. One that raises releases the
        request if the upstream accepted nothing; otherwise the request is never submitted again.
        """
        claim, lease = Claim(), Lease(self._state, _name(owner, request), request.body, RECORD_SECONDS, self._clock)
        if request.key or request.again:
            claim.job = await self._job_or_lease(owner, request, lease)
        else:
            claim.recorded = False
            with if_possible():
                claim.job = await self._undelivered_or_lease(owner, request, lease)
                claim.recorded = True
        if claim.job:
            yield claim
            return
        try:
            async with lease:
                yield claim
        except BaseException as error:
            await _fail(lease, error)
            raise
        with if_possible(EaselError):
            await lease.end(claim.job or _ANSWERED)

    async def mark_undelivered(self, owner: str, request: RequestKey, job: str) -> None:
        """Record an undelivered response: the next such request gets this job.

        Some clients retry without declaring it, and would pay twice. With a key the job is joined anyway.
        """
        if request.key:
            return
        name = _name(owner, request, "owed")
        with if_possible(EaselError):
            while job not in (jobs := await self._state.get(name) or "").split():
                await self._replace(name, jobs, f"{jobs} {job}".strip())

    async def _undelivered(self, owner: str, request: RequestKey) -> str | None:
        """Return the oldest job of this request whose response was undelivered; each is returned once."""
        name = _name(owner, request, "owed")
        while jobs := await self._state.get(name):
            first, _, rest = jobs.partition(" ")
            if await self._replace(name, jobs, rest):
                return first
        return None

    async def _replace(self, name: str, old: str, new: str) -> bool:
        """Replace `old`, which is empty if there is no record; False if another instance was faster."""
        return await self._state.swap(name, old, new, RECORD_SECONDS) or (
            not old and await self._state.add(name, new, RECORD_SECONDS)
        )

    async def _undelivered_or_lease(self, owner: str, request: RequestKey, lease: Lease) -> str | None:
        """Return an undelivered job; None once the lease is ours, regardless of earlier records."""
        job = await self._undelivered(owner, request)
        if not job:
            await lease.put()
        return job

    async def _job_or_lease(self, owner: str, request: RequestKey, lease: Lease) -> str | None:
        """Return the job of an earlier try; None once the lease is ours, because there was none or it was released."""
        if not request.key and (job := await self._undelivered(owner, request)):
            return job
        while not await lease.add():
            if job := await self._joined(lease.name, request):
                return job
        return None

    async def _joined(self, name: str, request: RequestKey) -> str | None:
        """Return the job in this record, once it is known; None if the record is removed after a refused submit."""
        waited = 0.0
        while record := await self._state.get(name):
            body, _, outcome = record.partition(" ")
            if body != request.body:
                raise KeyReused("This Idempotency-Key came with another request before.", param="Idempotency-Key")
            if not outcome.startswith(PENDING):
                return _job(outcome)
            if valid_until(outcome) < self._clock():
                raise Uncertain(_STOPPED)
            if waited >= _PATIENCE:
                raise GenerationPending("An earlier try of this request is still being submitted. Retry later.")
            pause = 0.1 + waited / 10
            await asyncio.sleep(pause)
            waited += pause
        return None


async def _fail(lease: Lease, error: BaseException) -> None:
    """Let the request be submitted again only if the upstream certainly accepted nothing."""
    with if_possible(EaselError):
        if isinstance(error, EaselError) and not isinstance(error, TakenError):
            await lease.release()
        else:
            await lease.end(_LOST)


def _job(outcome: str) -> str:
    if outcome == _LOST:
        raise Uncertain("An earlier try of this request may have been taken by the upstream, and is lost.")
    if outcome == _ANSWERED:
        raise ResultLost("An earlier try of this request was carried out, and its result is not stored.")
    return outcome


def _name(owner: str, request: RequestKey, kind: str = "") -> str:
    """Return the record's name. Requests without a key have their own kind, and so their own memory limit."""
    named = f"key:{request.key}" if request.key else f"body:{request.body}"
    kind = kind or ("repeat" if request.key else "plain")
    return f"{kind}:{hashlib.sha256(f'{owner} {named}'.encode()).hexdigest()}"
