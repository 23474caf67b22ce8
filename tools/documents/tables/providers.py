"""The providers: what each is, which setting enables it, and what data it sends where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.accounts.sources import base_url_of, credential_of
from shared.providers import PROVIDERS
from shared.values import Kind, Upstream
from tools.documents.page import Row
from tools.documents.tables.models import built_in
from tools.documents.texts import Language, chinese, compare, listed, read

NAMES = [provider.name for provider in PROVIDERS]


_STATUSES = {"official": "官方", "best effort": "尽力而为", "built in": "内置"}


class _Words(NamedTuple):
    header: Row
    status: dict[str, str]
    always: str


_WORDS = {
    "en": _Words(("provider", "what it is", "status", "default models", "enabled by"), {}, "always enabled"),
    "zh": _Words(("提供方", "是什么", "状态", "默认模型", "启用方式"), _STATUSES, "始终启用"),
}


def summary(language: Language) -> list[Row]:
    """One row per provider, for the READMEs."""
    words, english, translated = _WORDS[language], read("providers"), chinese("providers")
    compare("providers.toml", english, NAMES)
    compare("zh.toml, providers", translated, NAMES)
    texts = {name: english[name]["what"] for name in NAMES} if language == "en" else translated
    rows = [
        (
            f"`{provider.name}`",
            texts[provider.name],
            words.status.get(status := english[provider.name]["status"], status),
            _first_models(provider),
            _setting(provider) or words.always,
        )
        for provider in PROVIDERS
    ]
    return [words.header, *rows]


def enabling() -> list[Row]:
    """Every way to enable each provider."""
    rows = [(f"`{provider.name}`", ", or ".join(_alternatives(provider)) or "always enabled") for provider in PROVIDERS]
    return [("provider", "enabled by"), *rows]


def destinations() -> list[Row]:
    """What data goes where."""
    texts: dict[str, str] = read("destinations")
    compare("destinations.toml", texts, NAMES)
    rows = [(f"`{provider.name}`", _address(provider), texts[provider.name]) for provider in PROVIDERS]
    return [("provider", "base URL", "what is sent"), *rows]


def _first_models(provider: Upstream) -> str:
    """The first built-in model of each kind."""
    firsts: dict[Kind, str] = {}
    for model in built_in().get(provider.name, ()):
        firsts.setdefault(model.kind, f"`{model.id}`")
    return listed(firsts.values())


def _setting(provider: Upstream) -> str:
    """The one setting that matters most."""
    credential = credential_of(provider)
    if credential is None:
        return ""
    if not provider.base_url:
        return f"`{base_url_of(provider).name}`"
    return f"`PROVIDERS={provider.name}`" if provider.keyless else f"`{credential.name}`"


def _alternatives(provider: Upstream) -> Iterator[str]:
    credential = credential_of(provider)
    if credential is None:
        return
    pattern = "{}" if provider.base_url else f"`{base_url_of(provider).name}` and {{}}"
    if provider.keyless:
        yield pattern.format(f"`PROVIDERS={provider.name}`")
    yield pattern.format(f"`{credential.name}`")
    if provider.cookie_domain:
        yield "a [cookie file](accounts.md#cookies)"
    if provider.for_guests:
        yield "a [token in the caller's request](clients.md#piclumen-clients)"


def _address(provider: Upstream) -> str:
    if provider.base_url:
        return provider.base_url
    return f"`{base_url_of(provider).name}`" if provider.credential else "none"
