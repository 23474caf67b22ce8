"""What is behind Easel: the providers, what switches each of them on, and what is sent to whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.account import ProviderInfo
from shared.accounts.loading import base_url_of, credential_of
from shared.providers import PROVIDERS
from tests.documents.page import Row
from tests.documents.texts import Language, Texts

NAMES = [provider.name for provider in PROVIDERS]


class _Words(NamedTuple):
    header: Row
    both: str
    alternatives: str
    cookie_file: str
    guests: str
    nothing: str
    sent_header: Row
    nobody: str


_WORDS = {
    "en": _Words(
        header=("provider", "what it is", "switched on by"),
        both="{} and {}",
        alternatives=", or ",
        cookie_file="a [cookie file](#cookies)",
        guests="a caller's own token",
        nothing="always there",
        sent_header=("provider", "address", "what is sent there"),
        nobody="none",
    ),
    "zh": _Words(
        header=("提供方", "是什么", "如何启用"),
        both="{} 和 {}",
        alternatives="，或 ",
        cookie_file="[Cookie 文件](#cookie)",
        guests="API 调用者自带的令牌",
        nothing="始终可用",
        sent_header=("提供方", "地址", "发送什么"),
        nobody="无",
    ),
}


def table(language: Language) -> list[Row]:
    words, texts = _WORDS[language], Texts("providers", NAMES)
    rows = [
        (f"`{provider.name}`", texts.of(provider.name, language), _needs(provider, words)) for provider in PROVIDERS
    ]
    return [words.header, *rows]


def sent(language: Language) -> list[Row]:
    """Whose data goes where."""
    words, texts = _WORDS[language], Texts("sent", NAMES)
    rows = [
        (f"`{provider.name}`", _address(provider, words), texts.of(provider.name, language)) for provider in PROVIDERS
    ]
    return [words.sent_header, *rows]


def _needs(provider: ProviderInfo, words: _Words) -> str:
    return words.alternatives.join(_alternatives(provider, words)) or words.nothing


def _alternatives(provider: ProviderInfo, words: _Words) -> Iterator[str]:
    credential = credential_of(provider)
    if credential is None:
        return
    # Who has no address of its own needs one, whatever else it needs.
    pattern = "{}" if provider.base_url else words.both.format(f"`{base_url_of(provider).name}`", "{}")
    if provider.keyless:
        yield pattern.format(f"`PROVIDERS={provider.name}`")
    yield pattern.format(f"`{credential.name}`")
    if provider.cookie_domain:
        yield words.cookie_file
    if provider.for_guests:
        yield words.guests


def _address(provider: ProviderInfo, words: _Words) -> str:
    if provider.base_url:
        return provider.base_url
    return f"`{base_url_of(provider).name}`" if provider.credential else words.nobody
