"""Upstream accounts, and what is known of a provider before its module is imported."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class ProviderInfo(NamedTuple):
    """What is known of an upstream without its adapter, the class `adapter` of the provider's module.

    `<NAME>_BASE_URL` replaces exactly what `base_url` says. `credential` is the variable that holds the credential of
    a single account, None where there is nothing to configure; cookie files with cookies for `cookie_domain` are
    accounts as well. A `keyless` one works without an account, once it is named in PROVIDERS. `options` are settings of
    its own with their defaults, each a variable `<NAME>_<OPTION>` or a field of an account. To `for_guests` callers may
    bring a credential of their own. Only where its adapter hands `masks` on can a model be said to take one.
    """

    name: str
    adapter: str
    base_url: str = ""
    credential: str | None = None
    cookie_domain: str = ""
    keyless: bool = False
    options: Mapping[str, str] = MappingProxyType({})
    for_guests: bool = False
    masks: bool = False


class Account(NamedTuple):
    """One way into one upstream: where it is, and the credential (empty where none is needed).

    `id` is the operator's name for it; `origins` are further origins that results may lie on; `max_concurrent` of 0
    means no limit; `options` are the provider's own settings. With a `cookie_domain` the credential is cookies for
    that site. `elsewhere` says that `base_url` is not the upstream's own: whatever it has beside that lies there, too.
    `login` names the credential that somebody brought, which `key` is or comes from; empty for the configured one.
    """

    id: str
    provider: str
    base_url: str
    key: str = ""
    origins: frozenset[str] = frozenset()
    max_concurrent: int = 0
    options: Mapping[str, str] = MappingProxyType({})
    cookie_domain: str = ""
    elsewhere: bool = False
    login: str = ""

    @property
    def replaceable(self) -> bool:
        """Whether the credential may change while the configuration stands, as cookies do."""
        return bool(self.key and self.cookie_domain)

    def __repr__(self) -> str:
        return f"Account({self.provider}/{self.id})"
