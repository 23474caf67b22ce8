"""From an account, or the job that was started with it, to the adapter that speaks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from shared.account import Account
from shared.accounts import AccountPool
from shared.artifacts import StoredJobs
from shared.errors import EaselError
from shared.http import Http
from shared.job import Job
from shared.providers import Jobs, MediaProvider, Renews

_log = logging.getLogger(__name__)


class ProviderFactory:
    """One adapter per account, made when it is first needed.

    `class_of` gives a provider's adapter by its name. `stored` is where results are that came inside of an answer; None
    where they are in that answer alone.
    """

    def __init__(
        self,
        class_of: Callable[[str], type[MediaProvider]],
        pool: AccountPool,
        http: Http,
        kept: StoredJobs | None = None,
    ) -> None:
        self.stored = kept
        self._class_of = class_of
        self._pool = pool
        self._http = http
        self._made: dict[tuple[str, str], tuple[str, MediaProvider]] = {}

    def with_pool(self, pool: AccountPool) -> ProviderFactory:
        """The same providers with other accounts."""
        return ProviderFactory(self._class_of, pool, self._http, self.stored)

    def for_account(self, account: Account) -> MediaProvider:
        """The adapter of an account with the credential that stands in it."""
        name = (account.provider, account.id)
        key, adapter = self._made.get(name, ("", None))
        if adapter is None or key != account.key:
            adapter = self._class_of(account.provider)(self._http, account)
            self._made[name] = account.key, adapter
        return adapter

    async def for_job(self, job: Job) -> Jobs:
        """The adapter of the account that the job was started with, as it is by now; or where its results are kept."""
        if self.stored and job.provider == self.stored.name:
            return self.stored
        return self.for_account(await self._pool.newest(self._pool.find(job.provider, job.account)))

    def busy(self, job: Job) -> AbstractContextManager[None]:
        """Counts the job as work on its account for as long as the block lasts, unless it is known to be done."""
        if self.stored and job.provider == self.stored.name:
            return nullcontext()
        return self._pool.busy(self._pool.find(job.provider, job.account))

    async def for_submit(self, account: Account) -> MediaProvider:
        """The adapter for new work. A credential that wears out is renewed before that, if it is time, by one of us.

        Where this fails the old one serves, as long as it does.
        """
        adapter = self.for_account(account)
        if not account.replaceable or not isinstance(adapter, Renews):
            return adapter
        if not await self._pool.claim_renewal(account, adapter.renew_seconds):
            return adapter
        try:
            return self.for_account(await self._pool.renew(account, await adapter.renew()))
        except EaselError as error:
            _log.warning("the credential of an account of '%s' was not renewed: %s", account.provider, error.message)
            return adapter
