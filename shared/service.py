"""The operations behind the endpoints: submit, poll, wait, open, cancel, delete, chat."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from typing import NamedTuple

from shared.accounts import AccountPool
from shared.catalog import Catalog, ResolvedModel
from shared.chat.send import ChatSender
from shared.cookie_upload import CookieUpload
from shared.errors import (
    BadRequest,
    EaselError,
    GenerationFailed,
    GenerationPending,
    NotFound,
    Overloaded,
    ResultLost,
    TakenError,
    Unauthenticated,
    Uncertain,
)
from shared.job import Job, ResultFile
from shared.jobs.idempotency import Idempotency, RequestKey
from shared.jobs.ids import MAX_LENGTH, JobIds, unknown_id
from shared.jobs.poll import VISIBLE_WITHIN, Poller
from shared.jobs.submit import Submission, Submitter
from shared.jobs.wait import Waiter
from shared.media import ByteRange, Media
from shared.provider_factory import ProviderFactory
from shared.providers import Cancels, Deletes
from shared.requests import ChatRequest, MediaRequest
from shared.results import ChatDelta, Failed, Output, Queued, Ref, Running, Status, Succeeded
from shared.state import MemoryState

_log = logging.getLogger(__name__)

LASTING_LENGTH = 120
"""The longest lasting output ref, in characters, that a file id holds; longer ones are found by polling again, unless
the refs of the job are longer still."""


class Caller(NamedTuple):
    """The caller. `owners` are the owner marks that this caller's jobs may have, newest first."""

    owners: tuple[str, ...]


class TaskCount:
    """Counts the tasks that run, each in a `with` block; Overloaded beyond the limit, where 0 means none."""

    def __init__(self, name: str, limit: int) -> None:
        self.running = 0
        self.limit = limit
        self._name = name

    def __enter__(self) -> None:
        if self.limit and self.running >= self.limit:
            message = f"{self.limit} {self._name} are running, which is the limit; retry later."
            raise Overloaded(message, retry_after=2.0)
        self.running += 1

    def __exit__(self, *_: object) -> None:
        self.running -= 1


class Service:
    """All operations, over the configured providers and accounts."""

    def __init__(
        self,
        providers: ProviderFactory,
        catalog: Catalog,
        accounts: AccountPool,
        ids: JobIds,
        idempotency: Idempotency,
        waiter: Waiter,
        max_tasks: int = 0,
        max_guest_tasks: int = 0,
    ) -> None:
        self.catalog = catalog
        self.ids = ids
        self.waiter = waiter
        self.tasks = TaskCount("tasks", max_tasks)
        self._guest_tasks = TaskCount("guest tasks", max_guest_tasks)
        self._idempotency = idempotency
        self._use(providers, accounts)

    def with_credential(self, provider: str, credential: str, *, guest: bool) -> Service:
        """Return this service for a caller's own credential: it uses no other account and stores nothing.

        A guest is a caller without an API key. Guests have a count of their own; Unauthenticated if its limit is 0.
        """
        service = copy.copy(self)
        if guest:
            if not self._guest_tasks.limit:
                raise Unauthenticated("An API key is required beside your own: Authorization: Bearer <key>.")
            service.tasks = self._guest_tasks
        accounts = AccountPool([self.accounts.guest(provider)._replace(key=credential)], MemoryState())
        service._use(self._providers.with_pool(accounts), accounts)
        return service

    def _use(self, providers: ProviderFactory, accounts: AccountPool) -> None:
        self.accounts = accounts
        self._providers = providers
        self._submitter = Submitter(providers, accounts, self.ids, self._idempotency)
        self._chat = ChatSender(providers, accounts)
        self.cookies = CookieUpload(providers, accounts)

    @asynccontextmanager
    async def submit(
        self,
        resolved: ResolvedModel,
        request: MediaRequest,
        caller: Caller,
        key: RequestKey,
        seconds: float | None = None,
        *,
        owned: bool = True,
    ) -> AsyncIterator[Submission]:
        """Submit the request, or join the job of an earlier try. The block counts as one task.

        The job is the caller's; unless it is `owned`, its id alone is the permission to see it. Raises Uncertain if it
        is unknown after so many seconds whether the upstream has accepted the request.

        A disconnect does not cancel a submit: it is completed and recorded, and a retry of the request finds its job.
        """
        with self.tasks:
            submit = self._submitter.submit(resolved, request, caller.owners[0], key, owned=owned)
            try:
                async with asyncio.timeout(seconds):
                    submission = await asyncio.shield(submit)
            except TimeoutError:
                message = "Timed out; the upstream may have accepted the request and billed it."
                raise Uncertain(message) from None
            with self._providers.busy(submission.job):
                yield submission

    async def chat(
        self, resolved: ResolvedModel, request: ChatRequest, caller: Caller, key: RequestKey
    ) -> AsyncGenerator[ChatDelta, None]:
        """Stream the response. It counts as one task, and closing it closes the upstream request.

        Responses are not stored: with an Idempotency-Key one is sent once, and a retry without a key is sent
        again.
        """
        with self.tasks:
            async with aclosing(self._chat.send(resolved, request)) as answer:
                if key.key:
                    async with self._idempotency.claim(caller.owners[0], key):
                        first = await anext(answer)
                    yield first
                async for delta in answer:
                    yield delta

    async def mark_undelivered(self, job: Job, caller: Caller, key: RequestKey) -> None:
        """Record an undelivered response, so that a retry of the request returns this job."""
        await self._idempotency.mark_undelivered(caller.owners[0], key, job.id)

    @contextmanager
    def accepted(self, job: Job, prefix: str = "") -> Iterator[None]:
        """Raise what goes wrong in the block as an error that happened after the upstream accepted the job."""
        try:
            yield
        except TakenError:
            raise
        except Exception as raised:
            error = raised
            if not isinstance(error, EaselError):
                _log.exception("unexpected error with a job of '%s'", job.provider)
                error = EaselError("Internal error.")
            message = f"{prefix}{error.message}"
            raise ResultLost(message, code=error.code, details=error.details, job=job.id or None) from raised

    async def poll(self, job: Job) -> Status:
        """Poll the job once."""
        return await Poller(await self._providers.for_job(job), job.refs).poll()

    async def wait(self, job: Job, seconds: float) -> Status:
        """Poll the job until it has ended or `seconds` are over. Returns its last known status."""
        last: Status = Queued()
        with self.accepted(job):
            model = await self.catalog.find(job.provider, job.model)
            typical = model.typical_seconds if model.asynchronous else 0.0  # else it finished before the id was issued
            now, age = self.waiter.clock(), max(0.0, self.ids.now() - job.created)
            poller = Poller(await self._providers.for_job(job), job.refs, self.waiter.clock, now + VISIBLE_WITHIN - age)
            async for status in self.waiter.watch(poller.poll, now + seconds, typical, age):
                last = status
        return last

    def outputs(self, job: Job, status: Status | None) -> tuple[Output, ...]:
        """Return the outputs of a finished job. Raises GenerationFailed or GenerationPending otherwise."""
        match status:
            case Succeeded(outputs):
                return outputs
            case Failed(error):
                raise GenerationFailed(error.message, code=error.code, details=error.details, job=job.id or None)
            case _:
                message = "The job is still running; poll it with its id."
                raise GenerationPending(message, job=job.id or None)

    def job(self, text: str, caller: Caller | None) -> Job:
        """Return the job with this id if the caller may see it; NotFound otherwise."""
        job = self.ids.job(text)
        if job.owner and (caller is None or job.owner not in caller.owners):
            raise unknown_id()
        return job

    def files(self, job: Job, outputs: tuple[Output, ...]) -> list[ResultFile]:
        """Return the files of a finished job, in order."""
        bare = job._replace(refs=(), id="")
        longest = max(LASTING_LENGTH, min(sum(map(len, job.refs)), MAX_LENGTH // 2))
        return [
            ResultFile(bare, index, output.ref)
            if output.lasting and len(output.ref) <= longest
            else ResultFile(job, index)
            for index, output in enumerate(outputs)
        ]

    async def open(self, file: ResultFile, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        """Return a context manager that opens the file; NotFound while its job has no such output."""
        output = file.output or await self._output(file)
        return (await self._providers.for_job(file.job)).open(output, byte_range)

    async def cancel(self, job: Job) -> bool:
        """Ask the upstream to stop; False if the job can no longer be stopped."""
        provider = await self._providers.for_job(job)
        if not isinstance(provider, Cancels):
            raise BadRequest(f"Jobs of '{job.provider}' cannot be cancelled.", code="not_cancellable", param="id")
        return all(await asyncio.gather(*(provider.cancel(ref) for ref in job.refs)))

    async def delete(self, job: Job) -> bool:
        """Ask the upstream to delete the job and its results; False if it is running and cannot be stopped."""
        provider = await self._providers.for_job(job)
        if not isinstance(provider, Deletes):
            raise BadRequest(f"Jobs of '{job.provider}' cannot be deleted.", code="not_deletable", param="id")
        return all(await asyncio.gather(*(provider.delete(ref) for ref in job.refs)))

    async def _output(self, file: ResultFile) -> Ref:
        status = await self.poll(file.job)
        if isinstance(status, Queued | Running):
            raise NotFound("This file is not ready yet.", code=f"{file.job.kind}_not_ready", param="id")
        if isinstance(status, Failed) or file.number >= len(status.outputs):
            raise NotFound("This file does not exist.", param="id")
        return status.outputs[file.number].ref
