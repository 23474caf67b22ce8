"""The use cases, without an HTTP face: which model, which account; start, look, wait, open, cancel."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import NamedTuple

from shared.accounts import Pool
from shared.adapters import Adapters
from shared.catalog import Catalog, Offer
from shared.errors import (
    BadRequest,
    EaselError,
    GenerationFailed,
    GenerationPending,
    NotFound,
    Overloaded,
    ResultLost,
    TakenError,
    Uncertain,
)
from shared.logins import Logins
from shared.looker import APPEARS_WITHIN, Looker
from shared.providers import Cancels, Deletes
from shared.repeats import Repeat, Repeats
from shared.starter import Started, Starter
from shared.state import MemoryState
from shared.talker import Talker
from shared.tickets import MAX_LENGTH, Tickets, unknown_id
from shared.values import (
    Asset,
    ByteRange,
    ChatDelta,
    ChatRequest,
    Failed,
    Job,
    Media,
    MediaRequest,
    Output,
    Queued,
    Ref,
    Running,
    Status,
    Succeeded,
)
from shared.waiter import Waiter

_log = logging.getLogger(__name__)

LASTING_LENGTH = 120
"""The longest output ref, in characters, that goes into a file's id; longer ones are found by another look, unless the
job's own refs are longer still."""


class Caller(NamedTuple):
    """Who asks. `owners` are the marks that this caller's jobs may carry, the newest first."""

    owners: tuple[str, ...]


class Service:
    """Everything that endpoints do, over the configured providers and accounts."""

    def __init__(
        self,
        adapters: Adapters,
        catalog: Catalog,
        pool: Pool,
        tickets: Tickets,
        repeats: Repeats,
        waiter: Waiter,
        max_tasks: int = 0,
    ) -> None:
        self.catalog = catalog
        self.tickets = tickets
        self.waiter = waiter
        self._serve_with(adapters, pool)
        self._repeats = repeats
        self.max_tasks = max_tasks
        self._tasks: set[object] = set()

    def lent(self, provider: str, credential: str) -> Service:
        """This service for a caller with a credential of its own: it knows no other account, and forgets that one."""
        lent = copy.copy(self)
        pool = Pool([self.pool.guest(provider)._replace(key=credential)], MemoryState())
        lent._serve_with(self._adapters.over(pool), pool)
        return lent

    def _serve_with(self, adapters: Adapters, pool: Pool) -> None:
        """Nothing here knows of other accounts than these."""
        self.pool = pool
        self._adapters = adapters
        self._starter = Starter(adapters, pool, self.tickets)
        self._talker = Talker(adapters, pool)
        self.logins = Logins(adapters, pool)

    @property
    def tasks(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    @asynccontextmanager
    async def start(
        self,
        offer: Offer,
        request: MediaRequest,
        caller: Caller,
        repeat: Repeat,
        seconds: float | None = None,
        *,
        owned: bool = True,
    ) -> AsyncIterator[Started]:
        """Start the work, or join the job that this request's repetition began. The block counts as one task.

        The job is the caller's; unless it is `owned`, its id alone is the permission to see it.

        Uncertain when it is not known after so many seconds whether the upstream has taken the work.

        A caller who leaves while the upstream is being asked does not stop that: an order that is under way is
        carried out and written down, and the repetition of the request finds it.
        """
        with self._slot():
            started = await _within(
                seconds, asyncio.shield(self._started(offer, request, caller.owners[0], repeat, owned=owned))
            )
            with self._adapters.busy(started.job):
                yield started

    async def _started(
        self, offer: Offer, request: MediaRequest, owner: str, repeat: Repeat, *, owned: bool
    ) -> Started:
        async with self._repeats.claim(owner, repeat) as claim:
            if claim.job:
                return Started(self.tickets.job(claim.job))
            started = await self._starter.start(offer, request, owner if owned else "")
            claim.job = self.name(started.job)
            return started._replace(recorded=claim.recorded)

    async def chat(
        self, offer: Offer, request: ChatRequest, caller: Caller, repeat: Repeat
    ) -> AsyncGenerator[ChatDelta, None]:
        """The answer as it comes. It counts as one task, and closing it closes the upstream.

        An answer is kept nowhere: with a key it is given once, and a repetition without one asks again.
        """
        with self._slot():
            async with aclosing(self._talker.talk(offer, request)) as answer:
                if repeat.key:
                    async with self._repeats.claim(caller.owners[0], repeat):
                        first = await anext(answer)
                    yield first
                async for delta in answer:
                    yield delta

    async def owe(self, job: Job, caller: Caller, repeat: Repeat) -> None:
        """The caller has not got what it came for: the same request, sent again, is given this job."""
        await self._repeats.owe(caller.owners[0], repeat, self.tickets.job_id(job))

    @contextmanager
    def taken(self, job: Job, what: str = "") -> Iterator[None]:
        """Whatever goes wrong in the block goes wrong after the upstream took the work, and is raised as such."""
        try:
            yield
        except TakenError:
            raise
        except Exception as raised:
            error = raised
            if not isinstance(error, EaselError):
                _log.exception("unexpected error with a job of '%s'", job.provider)
                error = EaselError("Something went wrong here.")
            told = f"{what}{error.message}"
            raise ResultLost(told, code=error.code, details=error.details, job=self.name(job)) from raised

    async def look(self, job: Job) -> Status:
        """Look once."""
        return await Looker(await self._adapters.of_job(job), job.refs)()

    async def watch(self, job: Job, seconds: float) -> AsyncIterator[Status]:
        """What the looks at the job see, until it has ended or `seconds` are over."""
        with self.taken(job):
            model = await self.catalog.find(job.provider, job.model)
            typical = model.typical_seconds if model.asynchronous else 0.0  # else it took its time before it answered
            now, age = self.waiter.clock(), max(0.0, self.tickets.now() - job.created)
            appears_by = now + APPEARS_WITHIN - age
            adapter = await self._adapters.of_job(job)
            looker = Looker(adapter, job.refs, lambda: self.waiter.clock() < appears_by)
            async for status in self.waiter.watch(looker, now + seconds, typical, age):
                yield status

    async def last(self, job: Job, seconds: float) -> Status:
        """The job's end; or the last that was seen of it when `seconds` were not enough."""
        last: Status = Queued()
        async for status in self.watch(job, seconds):
            last = status
        return last

    def outputs(self, job: Job, status: Status | None) -> tuple[Output, ...]:
        """What a caller gets who came for the result: the outputs, or the error that stands in their place."""
        match status:
            case Succeeded(outputs):
                return outputs
            case Failed(error):
                raise GenerationFailed(error.message, code=error.code, details=error.details, job=self.name(job))
            case _:
                raise GenerationPending("The work goes on, and the time to wait for it is over.", job=self.name(job))

    def name(self, job: Job) -> str | None:
        """The job's id; None where the upstream answered with the results, and there is nothing to come back to."""
        return self.tickets.job_id(job) if job.refs else None

    def job(self, text: str, caller: Caller | None) -> Job:
        """The job behind an id, if this caller may see it; NotFound otherwise."""
        job = self.tickets.job(text)
        if job.owner and (caller is None or job.owner not in caller.owners):
            raise unknown_id()
        return job

    def assets(self, job: Job, outputs: tuple[Output, ...]) -> list[Asset]:
        """The files of a finished job, in order."""
        bare = job._replace(refs=())
        longest = max(LASTING_LENGTH, min(sum(map(len, job.refs)), MAX_LENGTH // 2))
        return [
            Asset(bare, index, output.ref) if output.lasting and len(output.ref) <= longest else Asset(job, index)
            for index, output in enumerate(outputs)
        ]

    @asynccontextmanager
    async def open(self, asset: Asset, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        """Stream a file; NotFound while its job has not come to it."""
        output = asset.output or await self._output(asset)
        adapter = await self._adapters.of_job(asset.job)
        async with adapter.open(output, byte_range) as media:
            yield media

    async def cancel(self, job: Job) -> bool:
        """Ask the upstream to stop; False where the job was past stopping."""
        adapter = await self._adapters.of_job(job)
        if not isinstance(adapter, Cancels):
            raise BadRequest(f"Jobs of '{job.provider}' cannot be cancelled.", code="not_cancellable", param="id")
        return all(await asyncio.gather(*(adapter.cancel(ref) for ref in job.refs)))

    async def delete(self, job: Job) -> bool:
        """Have the upstream forget the job and what came of it; False where it is under way."""
        adapter = await self._adapters.of_job(job)
        if not isinstance(adapter, Deletes):
            raise BadRequest(f"Jobs of '{job.provider}' cannot be deleted.", code="not_deletable", param="id")
        return all(await asyncio.gather(*(adapter.delete(ref) for ref in job.refs)))

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if self.max_tasks and self.tasks >= self.max_tasks:
            raise Overloaded(f"{self.max_tasks} tasks are under way, which is the limit here.", retry_after=2.0)
        self._tasks.add(task := object())
        try:
            yield
        finally:
            self._tasks.remove(task)

    async def _output(self, asset: Asset) -> Ref:
        status = await self.look(asset.job)
        if isinstance(status, Queued | Running):
            raise NotFound("This file is not there yet.", code=f"{asset.job.kind}_not_ready", param="id")
        if isinstance(status, Failed) or asset.number >= len(status.outputs):
            raise NotFound("This file is not there, and will not be.", param="id")
        return status.outputs[asset.number].ref


async def _within(seconds: float | None, starting: Awaitable[Started]) -> Started:
    try:
        async with asyncio.timeout(seconds):
            return await starting
    except TimeoutError:
        message = "The upstream may have taken the work, and billed it; the time to wait for its word is over."
        raise Uncertain(message) from None
