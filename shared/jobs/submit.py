"""Submit a request once: claim it, select an account, check the upstream's response, and issue the job."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import NamedTuple

from shared.account import Account
from shared.accounts import AccountPool, fingerprint
from shared.catalog import ResolvedModel
from shared.errors import AccountError, BadRequest, EaselError, Uncertain
from shared.job import Job
from shared.jobs.idempotency import Idempotency, RequestKey
from shared.jobs.ids import JobIds
from shared.jobs.inline_results import checked
from shared.provider_factory import ProviderFactory
from shared.providers import MediaProvider, VideoProvider
from shared.requests import MediaRequest, VideoRequest
from shared.results import Finished, InlineResult, Output, Submitted, Succeeded

_log = logging.getLogger(__name__)

_STORE_SECONDS = 30.0
"""Longest delay of a response by storing inline results, which the response holds anyway."""


class Submission(NamedTuple):
    """A request that an upstream accepted.

    `results` came inside the upstream's response. `finished` is the job's final status if it is known already: with the
    outputs under which the results are stored, or without any if the response has the only copy. `recorded` is False if
    a retry of the request cannot be recognized.
    """

    job: Job
    results: tuple[InlineResult, ...] = ()
    revised_prompt: str = ""
    finished: Succeeded | None = None
    recorded: bool = True


class Submitter:
    """Submits each request once, with the first account that does not refuse it."""

    def __init__(
        self, providers: ProviderFactory, accounts: AccountPool, ids: JobIds, idempotency: Idempotency
    ) -> None:
        self._providers = providers
        self._accounts = accounts
        self._ids = ids
        self._idempotency = idempotency

    async def submit(
        self, resolved: ResolvedModel, request: MediaRequest, caller: str, key: RequestKey, *, owned: bool = True
    ) -> Submission:
        """Submit the request, or join the job of an earlier try. The job is the caller's unless it is not `owned`."""
        async with self._idempotency.claim(caller, key) as claim:
            if claim.job:
                return Submission(self._ids.job(claim.job))
            try:
                submission = await self._submit(resolved, request, caller if owned else "")
            except EaselError:
                raise
            except Exception as error:  # an unexpected error must not look retryable
                _log.exception("unexpected error in a submit to '%s'", resolved.provider)
                raise Uncertain(
                    "Internal error. The upstream may have accepted the request; it was not submitted again.",
                    code=EaselError.code,
                ) from error
            claim.job = submission.job.id or None
            return submission._replace(recorded=claim.recorded)

    async def _submit(self, resolved: ResolvedModel, request: MediaRequest, owner: str) -> Submission:
        part = request._replace(n=min(request.n, resolved.model.batch))
        account, provider, first = await self._submit_first(resolved, part)
        answers = [first]
        if request.n > part.n:
            answers += await self._submit_rest(account, provider, request)
        results = checked([made for answer in answers if isinstance(answer, Finished) for made in answer.results])
        job = Job(
            provider=resolved.provider,
            account=fingerprint(account),
            model=resolved.model.id,
            kind=resolved.model.kind,
            created=self._ids.now(),
            owner=owner,
            requested=request.n,
            refs=_refs(answers),
            summary=request.summary,
        )
        if job.refs:
            return Submission(self._ids.issue(job), results, first.revised_prompt)
        return await self._finished(job, results, first.revised_prompt)

    async def _finished(self, job: Job, results: tuple[InlineResult, ...], revised_prompt: str) -> Submission:
        """Return a submission whose results are in the upstream's response; they become a job if they are stored."""
        stored = self._providers.stored
        outputs = await self._store(results)
        if stored and outputs:
            refs = tuple(output.ref for output in outputs)
            job = self._ids.issue(job._replace(provider=stored.name, account="", refs=refs))
        return Submission(job, results, revised_prompt, Succeeded(outputs))

    async def _store(self, results: tuple[InlineResult, ...]) -> tuple[Output, ...]:
        """Store the results. Returns none if that fails: the response still holds them."""
        if self._providers.stored is None:
            return ()
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                return await self._providers.stored.store(results)
        except (EaselError, TimeoutError) as error:
            _log.warning("results are not stored: %s", error or "storing them takes too long")
        except Exception:
            _log.exception("results are not stored")
        return ()

    async def _submit_first(
        self, resolved: ResolvedModel, request: MediaRequest
    ) -> tuple[Account, MediaProvider, Submitted | Finished]:
        lease = self._accounts.lease(resolved.provider, resolved.model.accounts)
        while True:
            async with lease as account:
                provider = await self._providers.for_submit(account)
                return account, provider, await _submit_to(provider, request)

    async def _submit_rest(
        self, account: Account, provider: MediaProvider, request: MediaRequest
    ) -> list[Submitted | Finished]:
        """Submit the batches after the first. Refused ones are missing from the job, which reports that."""
        batch = request.model.batch
        parts = [
            request._replace(n=min(batch, request.n - done), seed=None if request.seed is None else request.seed + done)
            for done in range(batch, request.n, batch)
        ]
        with self._accounts.busy(account):
            answers = await asyncio.gather(*(_submit_to(provider, part) for part in parts), return_exceptions=True)
        accepted: list[Submitted | Finished] = []
        for answer in answers:
            match answer:
                case Submitted() | Finished():
                    accepted.append(answer)
                case AccountError():
                    await self._accounts.cool_down(account, answer)
                case EaselError():
                    pass
                case Exception():  # a bug in the provider; the job continues with what was accepted
                    _log.error("unexpected error in a later submit to '%s'", account.provider, exc_info=answer)
                case _:
                    raise answer
        return accepted


async def _submit_to(provider: MediaProvider, request: MediaRequest) -> Submitted | Finished:
    if not isinstance(request, VideoRequest):
        return await provider.submit(request)
    if not isinstance(provider, VideoProvider):  # a model that the operator configured
        raise BadRequest(f"'{request.model.id}' makes no videos: its provider supports none.", param="model")
    return await provider.submit_video(request)


def _refs(answers: Iterable[Submitted | Finished]) -> tuple[str, ...]:
    return tuple(ref for answer in answers if isinstance(answer, Submitted) for ref in answer.refs)
