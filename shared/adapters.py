"""From an account, or the job that was started with it, to the adapter that speaks for it."""

from __future__ import annotations

from collections.abc import Mapping

from shared.accounts import Pool
from shared.http import Http
from shared.providers import MediaProvider
from shared.values import Account, Job


class Adapters:
    """One adapter per account, made when it is first needed."""

    def __init__(self, providers: Mapping[str, type[MediaProvider]], pool: Pool, http: Http) -> None:
        self._providers = providers
        self._pool = pool
        self._http = http
        self._made: dict[tuple[str, str], MediaProvider] = {}

    def over(self, pool: Pool) -> Adapters:
        """The same providers with other accounts."""
        return Adapters(self._providers, pool, self._http)

    def of(self, account: Account) -> MediaProvider:
        key = (account.provider, account.id)
        if key not in self._made:
            self._made[key] = self._providers[account.provider](self._http, account)
        return self._made[key]

    def of_job(self, job: Job) -> MediaProvider:
        return self.of(self._pool.find(job.provider, job.account))
