"""All settings that a deployment may have, collected from the code that reads them."""

from __future__ import annotations

from collections.abc import Iterator

from shared import settings
from shared.accounts import sources
from shared.providers import PROVIDERS
from shared.values import Upstream
from shared.variables import Variable


def variables() -> dict[str, Variable]:
    """Every setting by its name, apart from the address of the local server."""
    single = (value for module in (settings, sources) for value in vars(module).values())
    found = [value for value in single if isinstance(value, Variable)]
    found += (variable for provider in PROVIDERS for variable in _of_provider(provider))
    return {variable.name: variable for variable in found}


def _of_provider(provider: Upstream) -> Iterator[Variable]:
    if credential := sources.credential_of(provider):
        yield credential
    yield from (sources.option_of(provider, name) for name in provider.options)
    yield sources.base_url_of(provider)
    yield sources.origins_of(provider)
    yield settings.models_of(provider.name)
