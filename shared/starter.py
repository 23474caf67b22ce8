"""How work is started: which account is asked, what becomes of several submits, and what may never look repeatable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import NamedTuple

from shared.accounts import Pool, fingerprint
from shared.adapters import Adapters
from shared.catalog import Offer
from shared.errors import AccountError, EaselError, Uncertain
from shared.results import checked
from shared.tickets import Tickets
from shared.values import Account, Finished, ImageRequest, Job, Made, Submitted

_log = logging.getLogger(__name__)


class Started(NamedTuple):
    """Work that an upstream took. Where it answered with the `results`, there is no more to look at under `job`."""

    job: Job
    results: tuple[Made, ...] = ()
    revised_prompt: str = ""


class Starter:
    """Submits once, to the first account that does not refuse."""

    def __init__(self, adapters: Adapters, pool: Pool, tickets: Tickets) -> None:
        self._adapters = adapters
        self._pool = pool
        self._tickets = tickets

    async def start(self, offer: Offer, request: ImageRequest, owner: str) -> Started:
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

    async def _start(self, offer: Offer, request: ImageRequest, owner: str) -> Started:
        account, first = await self._submit_first(offer.provider, request)
        with self._pool.busy(account):
            answers = [first, *await self._submit_rest(account, request)]
        job = Job(
            provider=offer.provider,
            account=fingerprint(account),
            model=offer.model.id,
            kind=offer.model.kind,
            created=self._tickets.now(),
            owner=owner,
            asked=request.n,
            refs=tuple(ref for answer in answers if isinstance(answer, Submitted) for ref in answer.refs),
        )
        return Started(job, _results(answers), first.revised_prompt)

    async def _submit_first(self, provider: str, request: ImageRequest) -> tuple[Account, Submitted | Finished]:
        """Ask one account after the other, and only on from those that refused before they took anything."""
        part = request._replace(n=min(request.n, request.model.batch))
        for account in (accounts := await self._pool.ready(provider, request.model.accounts)):
            try:
                with self._pool.busy(account):
                    adapter = await self._adapters.for_work(account)
                    return account, await adapter.submit(part)
            except AccountError as error:
                await self._pool.rest(account, error)
                if account is accounts[-1]:
                    raise
        raise AssertionError("a pool never hands out an empty list")

    async def _submit_rest(self, account: Account, request: ImageRequest) -> list[Submitted | Finished]:
        """The pictures beyond the first batch. What is refused here is missing from the job and said to be."""
        batch = request.model.batch
        parts = [
            request._replace(n=min(batch, request.n - done), seed=None if request.seed is None else request.seed + done)
            for done in range(batch, request.n, batch)
        ]
        adapter = self._adapters.of(account)
        answers = await asyncio.gather(*(adapter.submit(part) for part in parts), return_exceptions=True)
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


def _results(answers: Iterable[Submitted | Finished]) -> tuple[Made, ...]:
    return checked([made for answer in answers if isinstance(answer, Finished) for made in answer.results])
