"""Upstream accounts, and provider metadata that is available before the provider's module is imported."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class ProviderInfo(NamedTuple):
    """Metadata of a provider, available without importing `adapter`, the provider class in its module.

    `<NAME>_BASE_URL` replaces `base_url`. `credential` is the variable that holds the credential of a single account,
    None if there is nothing to configure; cookie files with cookies for `cookie_domain` are accounts as well.
    `keyless` providers work without an account, once named in PROVIDERS. `options` are provider-specific settings with
    their defaults, each a variable `<NAME>_<OPTION>` or a field of an account. With `for_guests`, callers may use their
    own credential. Only providers that send `masks` upstream allow models configured with masks.
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
    """An account of an upstream: its base URL and its credential `key`, which is empty if none is needed.

    `id` is the operator's name for it; `origins` are further origins that may serve results; a `max_concurrent` of 0
    means no limit; `options` are the provider's own settings. With a `cookie_domain`, the credential is cookies for
    that domain. `elsewhere` means that `base_url` is not the upstream's default; the upstream's other hosts are then
    replaced by it too. `login` identifies the uploaded credential that `key` is or was renewed from; empty for the
    configured one.
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
        """True if the credential may change while the configuration stays the same, as cookies do."""
        return bool(self.key and self.cookie_domain)

    def __repr__(self) -> str:
        return f"Account({self.provider}/{self.id})"
