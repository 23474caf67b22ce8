"""All settings that a deployment may have, collected from the code that reads them."""

from __future__ import annotations

from collections.abc import Iterator

from shared import config
from shared.account import ProviderInfo
from shared.accounts import loading
from shared.environment import Variable
from shared.providers import PROVIDERS


def variables() -> dict[str, Variable]:
    """Every setting by its name, apart from the address of the local server."""
    single = (value for module in (config, loading) for value in vars(module).values())
    found = [value for value in single if isinstance(value, Variable)]
    found += (variable for provider in PROVIDERS for variable in _of_provider(provider))
    return {variable.name: variable for variable in found}


def _of_provider(provider: ProviderInfo) -> Iterator[Variable]:
    if credential := loading.credential_of(provider):
        yield credential
    yield from (loading.option_of(provider, name) for name in provider.options)
    yield loading.base_url_of(provider)
    yield loading.origins_of(provider)
    yield config.models_of(provider.name)
