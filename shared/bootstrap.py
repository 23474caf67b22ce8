"""Build the gateway from the environment."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from shared.account import Account
from shared.accounts import AccountPool
from shared.accounts.loading import read_accounts, read_guests, web_address
from shared.accounts.secret import Secret
from shared.artifacts import StoredJobs, r2_artifacts, s3_artifacts
from shared.catalog import Catalog, together
from shared.config import (
    ACCOUNTS_SECRET,
    ARTIFACTS,
    COOLDOWN,
    INPUT_ORIGINS,
    JOB_TTL_HOURS,
    MAX_CONCURRENT,
    MAX_GUESTS,
    STATE,
    Settings,
    read_aliases,
    read_extra_models,
    read_proxy,
    read_settings,
    read_signing_keys,
)
from shared.environment import list_items
from shared.errors import Misconfigured
from shared.http import Http, ImageDownloader
from shared.jobs.idempotency import Idempotency
from shared.jobs.ids import JobIds
from shared.jobs.wait import Waiter
from shared.provider_factory import ProviderFactory
from shared.providers import PROVIDERS, Declines, MediaProvider, provider_class
from shared.service import Service
from shared.state import DynamoState, MemoryState, State

_ON_WORKERS = sys.platform == "emscripten"
_TABLE = re.compile(r"dynamodb://([\w.-]{3,255})", re.ASCII)
SKETCH_ACCOUNT = Account(id="built-in", provider="sketch", base_url="")


class Easel(NamedTuple):
    """A configured gateway."""

    settings: Settings
    service: Service
    fetcher: ImageDownloader


class Configuration:
    """Builds the gateway from an environment, and again when it, or the secret it names, has changed.

    The state is replaced only when its setting changes: a rotated key does not lose idempotency records.
    """

    def __init__(self, *, open_mode: bool = False, clock: Callable[[], float] = time.time) -> None:
        self._open_mode = open_mode
        self._clock = clock
        self._seen: tuple[Mapping[Any, Any], str] | None = None
        self._easel: Easel | None = None
        self._secret: Secret | None = None
        self._state: tuple[str, State] | None = None

    async def of(self, environment: Mapping[str, str]) -> Easel:
        """Return the gateway configured by this environment."""
        secret = self._secret_of(environment)
        if secret:
            await secret.refresh()
        seen = _content(environment), secret.text if secret else ""
        if self._easel is None or seen != self._seen:
            self._easel = self._configured(environment, secret)
            self._seen = dict(seen[0]), seen[1]
        return self._easel

    def _configured(self, environment: Mapping[str, str], secret: Secret | None) -> Easel:
        try:
            state = self._state_of(environment)
            return configure(environment, open_mode=self._open_mode, secret=secret, state=state)
        except Misconfigured:
            if secret:
                secret.mark_stale()
            raise

    def _secret_of(self, environment: Mapping[str, str]) -> Secret | None:
        name = ACCOUNTS_SECRET.of(environment)
        if (self._secret.name if self._secret else "") != name:
            self._secret = Secret(name, self._clock) if name else None
        return self._secret

    def _state_of(self, environment: Mapping[str, str]) -> State:
        setting = STATE.of(environment)
        if self._state is None or self._state[0] != setting:
            self._state = setting, _state(setting)
        return self._state[1]


def _content(environment: Mapping[str, str]) -> Mapping[Any, Any]:
    """Return what each request compares: for os.environ its underlying dict, which avoids decoding every value."""
    return getattr(environment, "_data", environment) if environment is os.environ else environment


def configure(
    environment: Mapping[str, str],
    *,
    open_mode: bool = False,
    secret: Secret | None = None,
    state: State | None = None,
) -> Easel:
    """Build the gateway. `open_mode` serves without keys; only the local server uses it, on a loopback address.

    `secret` is the one that ACCOUNTS_SECRET names, already read; `state` is used instead of a new one.
    """
    settings = read_settings(environment, open_mode)
    state = state or _state(STATE.of(environment))
    pool = AccountPool(
        [*read_accounts(environment, PROVIDERS, secret.text if secret else ""), SKETCH_ACCOUNT],
        state,
        COOLDOWN.number(environment),
        rejected=secret.mark_stale if secret else lambda: None,
        guests=read_guests(environment, PROVIDERS),
    )
    kept = _kept(ARTIFACTS.of(environment))
    adapters = ProviderFactory(provider_class, pool, Http(proxy=read_proxy(environment)), kept)
    upstreams = [upstream for upstream in PROVIDERS if upstream.name in pool.providers()]
    listings = {
        each.name: together({account.id: adapters.for_account(account).models for account in pool.of(each.name)})
        for each in upstreams
    }
    firsts = [adapters.for_account(pool.of(each.name)[0]) for each in upstreams]
    extra = {each.name: read_extra_models(environment, each) for each in upstreams}
    service = Service(
        adapters,
        Catalog(listings, extra, read_aliases(environment), _declined(firsts)),
        pool,
        JobIds(read_signing_keys(environment, settings), JOB_TTL_HOURS.number(environment, least=1) * 3600),
        Idempotency(state),
        Waiter(),
        MAX_CONCURRENT.number(environment),
        MAX_GUESTS.number(environment),
    )
    origins = [web_address(INPUT_ORIGINS.name, origin).lower() for origin in list_items(INPUT_ORIGINS.of(environment))]
    return Easel(settings, service, ImageDownloader(Http(), frozenset(origins)))


def _state(wanted: str) -> State:
    if wanted == "memory":
        return MemoryState()
    if table := _TABLE.fullmatch(wanted):
        return DynamoState(table[1])
    raise Misconfigured("STATE: it has to be memory, or like dynamodb://table.")


def _kept(wanted: str) -> StoredJobs | None:
    if wanted.startswith("r2:") and not _ON_WORKERS:
        raise Misconfigured("ARTIFACTS: R2 is there on Workers alone; elsewhere it has to be like s3://bucket/prefix.")
    place = r2_artifacts if _ON_WORKERS else s3_artifacts
    return StoredJobs(place(wanted)) if wanted else None


def _declined(adapters: Iterable[MediaProvider]) -> dict[str, str]:
    declining = [adapter for adapter in adapters if isinstance(adapter, Declines)]
    return {name: reason for adapter in declining for name, reason in adapter.declined.items()}
