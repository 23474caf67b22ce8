"""Create providers for accounts and jobs."""

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
    """Creates one provider per account, when it is first needed.

    `class_of` returns the provider class with a name. `stored` holds inline results; None if they are not stored.
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
        """Return a factory for the same providers with other accounts."""
        return ProviderFactory(self._class_of, pool, self._http, self.stored)

    def for_account(self, account: Account) -> MediaProvider:
        """Return the provider for an account, with the credential given in the account."""
        name = (account.provider, account.id)
        key, adapter = self._made.get(name, ("", None))
        if adapter is None or key != account.key:
            adapter = self._class_of(account.provider)(self._http, account)
            self._made[name] = account.key, adapter
        return adapter

    async def for_job(self, job: Job) -> Jobs:
        """Return the provider of the job's account, with its newest credential, or the store that has its results."""
        if self.stored and job.provider == self.stored.name:
            return self.stored
        return self.for_account(await self._pool.newest(self._pool.find(job.provider, job.account)))

    def busy(self, job: Job) -> AbstractContextManager[None]:
        """Count the job as active on its account while the block runs, unless its results are stored."""
        if self.stored and job.provider == self.stored.name:
            return nullcontext()
        return self._pool.busy(self._pool.find(job.provider, job.account))

    async def for_submit(self, account: Account) -> MediaProvider:
        """Return the provider for a submit. If the credential is due for renewal, one instance renews it first.

        If the renewal fails, the old credential stays in use.
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
