"""How work is started: which account is asked, what becomes of several submits, and what may never look repeatable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import NamedTuple

from shared.accounts import Pool, fingerprint
from shared.adapters import Adapters
from shared.catalog import Offer
from shared.errors import AccountError, BadRequest, EaselError, Uncertain
from shared.providers import MediaProvider, VideoProvider
from shared.results import checked
from shared.tickets import Tickets
from shared.values import Account, Finished, Job, Made, MediaRequest, Output, Submitted, Succeeded, VideoRequest

_log = logging.getLogger(__name__)

_KEEPING_SECONDS = 30.0
"""Nobody waits longer for files whose contents are at hand."""


class Started(NamedTuple):
    """Work that an upstream took.

    `results` are those that came inside of its answer. `end` is the job's end, where it is known already: with the
    outputs under which these results are kept, or with none where this is the only copy.
    """

    job: Job
    results: tuple[Made, ...] = ()
    revised_prompt: str = ""
    end: Succeeded | None = None


class Starter:
    """Submits once, to the first account that does not refuse."""

    def __init__(self, adapters: Adapters, pool: Pool, tickets: Tickets) -> None:
        self._adapters = adapters
        self._pool = pool
        self._tickets = tickets

    async def start(self, offer: Offer, request: MediaRequest, owner: str) -> Started:
        """Nothing that goes wrong here in an unexpected way may look like something to be tried again."""
        try:
            return await self._start(offer, request, owner)
        except EaselError:
            raise
        except Exception as error:
            _log.exception("unexpected error at a submit to '%s'", offer.provider)
            raise Uncertain(
                "Something went wrong here. The upstream may have taken the work, which was not started again.",
                code=EaselError.code,
            ) from error

    async def _start(self, offer: Offer, request: MediaRequest, owner: str) -> Started:
        account, adapter, first = await self._submit_first(offer.provider, request)
        with self._pool.busy(account):
            answers = [first, *await self._submit_rest(account, adapter, request)]
        job = Job(
            provider=offer.provider,
            account=fingerprint(account),
            model=offer.model.id,
            kind=offer.model.kind,
            created=self._tickets.now(),
            owner=owner,
            asked=request.n,
            refs=tuple(ref for answer in answers if isinstance(answer, Submitted) for ref in answer.refs),
            note=request.note,
        )
        results = _results(answers)
        if job.refs:
            return Started(self._held(job), results, first.revised_prompt)
        outputs = await self._kept(results)
        if self._adapters.kept and outputs:
            job = job._replace(
                provider=self._adapters.kept.name, account="", refs=tuple(output.ref for output in outputs)
            )
        return Started(job, results, first.revised_prompt, Succeeded(outputs))

    def _held(self, job: Job) -> Job:
        held = self._tickets.held(job)
        if held != job:
            _log.error("an id cannot hold all refs of a job of '%s': the rest is lost", job.provider)
        return held

    async def _kept(self, results: tuple[Made, ...]) -> tuple[Output, ...]:
        """The results as files. None where that cannot be: then they are in the answer alone, and not lost."""
        if self._adapters.kept is None:
            return ()
        try:
            async with asyncio.timeout(_KEEPING_SECONDS):
                return await self._adapters.kept.keep(results)
        except (EaselError, TimeoutError) as error:
            _log.warning("results are in their answer alone: %s", error or "keeping them takes too long")
        except Exception:
            _log.exception("results are in their answer alone")
        return ()

    async def _submit_first(
        self, provider: str, request: MediaRequest
    ) -> tuple[Account, MediaProvider, Submitted | Finished]:
        """Ask one account after the other, and only on from those that refused before they took anything."""
        part = request._replace(n=min(request.n, request.model.batch))

        async def order(account: Account) -> tuple[MediaProvider, Submitted | Finished]:
            adapter = await self._adapters.for_work(account)
            return adapter, await _submit(adapter, part)

        account, (adapter, answer) = await self._pool.place(provider, request.model.accounts, order)
        return account, adapter, answer

    async def _submit_rest(
        self, account: Account, adapter: MediaProvider, request: MediaRequest
    ) -> list[Submitted | Finished]:
        """The pictures beyond the first batch. What is refused here is missing from the job and said to be."""
        batch = request.model.batch
        parts = [
            request._replace(n=min(batch, request.n - done), seed=None if request.seed is None else request.seed + done)
            for done in range(batch, request.n, batch)
        ]
        answers = await asyncio.gather(*(_submit(adapter, part) for part in parts), return_exceptions=True)
        taken: list[Submitted | Finished] = []
        for answer in answers:
            match answer:
                case Submitted() | Finished():
                    taken.append(answer)
                case AccountError():
                    await self._pool.rest(account, answer)
                case EaselError():
                    pass
                case Exception():  # of the adapter's own; the job goes on with what it has
                    _log.error("unexpected error at a later submit to '%s'", account.provider, exc_info=answer)
                case _:
                    raise answer
        return taken


async def _submit(adapter: MediaProvider, request: MediaRequest) -> Submitted | Finished:
    if not isinstance(request, VideoRequest):
        return await adapter.submit(request)
    if not isinstance(adapter, VideoProvider):  # a model that somebody configured
        raise BadRequest(f"'{request.model.id}' makes no videos: its provider knows none.", param="model")
    return await adapter.submit_video(request)


def _results(answers: Iterable[Submitted | Finished]) -> tuple[Made, ...]:
    return checked([made for answer in answers if isinstance(answer, Finished) for made in answer.results])
