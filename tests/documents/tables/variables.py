"""Every variable that settings are read from: its other names, and the default that is in force."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import tools.settings
from shared import settings
from shared.accounts import sources
from shared.hosts.local import address
from shared.providers import PROVIDERS
from shared.variables import Variable
from tests.documents.page import Row, Table
from tests.documents.texts import Language, compare, read, said

_FILE, _DEFAULTS = "variables", "defaults"
_LONGEST_DEFAULT = 40
"""A longer one is described in words."""


class _Words(NamedTuple):
    header: Row
    also: str
    none: str


_WORDS = {
    "en": _Words(("variable", "default", "meaning"), " (also {})", "none"),
    "zh": _Words(("变量", "默认值", "含义"), "（或 {}）", "无"),
}


def tables() -> Iterator[tuple[str, Table]]:
    """One for each group that the texts are in."""
    for group in read(_FILE):
        if group != _DEFAULTS:
            yield group, functools.partial(_table, group)


def variables() -> dict[str, Variable]:
    """By the names that the README has for them, where `<PROVIDER>_MODELS` is one for all providers."""
    of_families = {member.name for family in FAMILIES.values() for member in family}
    single = [*tools.settings.variables().values(), *_local()]
    named = {each.name: each for each in single if each.name not in of_families}
    return named | {name: _together(name, family) for name, family in FAMILIES.items()}


def names() -> set[str]:
    """Every name that something is read by, as the README says it."""
    single = [variable for name, variable in variables().items() if name not in FAMILIES]
    members = [member for family in FAMILIES.values() for member in family]
    return {name for variable in (*single, *members) for name in (variable.name, *variable.also)}


FAMILIES: Mapping[str, tuple[Variable, ...]] = {
    "<PROVIDER>_BASE_URL": tuple(map(sources.base_url_of, PROVIDERS)),
    "<PROVIDER>_RESULT_ORIGINS": tuple(map(sources.origins_of, PROVIDERS)),
    "<PROVIDER>_MODELS": tuple(settings.models_of(provider.name) for provider in PROVIDERS),
}
"""What every provider has one of."""


def _together(name: str, family: tuple[Variable, ...]) -> Variable:
    """The default is what they have in common, if anything."""
    defaults = {member.default for member in family}
    default = defaults.pop() if len(defaults) == 1 else ""
    return Variable(name, default, tuple(other for member in family for other in member.also))


def _local() -> Iterator[Variable]:
    """Where the local server listens, which knows no Variables."""
    host, port = address({})
    yield from (Variable("HOST", host), Variable("PORT", str(port)), Variable("SERVER_ADDRESS"))


def _table(group: str, language: Language) -> list[Row]:
    texts, known = read(_FILE), variables()
    described = {name: text for each, members in texts.items() if each != _DEFAULTS for name, text in members.items()}
    compare(f"{_FILE}.toml", described, known)
    in_words = {name for name, variable in known.items() if _is_in_words(variable)}
    compare(f"{_FILE}.toml, {_DEFAULTS}", texts[_DEFAULTS].keys() - in_words, ())
    words = _WORDS[language]
    rows = [
        (
            _names(known[name], words),
            _default(known[name], texts[_DEFAULTS], language),
            said(f"{_FILE}.toml, {name}", text, language),
        )
        for name, text in texts[group].items()
    ]
    return [words.header, *rows]


def _names(variable: Variable, words: _Words) -> str:
    also = ", ".join(f"`{name}`" for name in variable.also)
    return f"`{variable.name}`" + (words.also.format(also) if also else "")


def _is_in_words(variable: Variable) -> bool:
    """No default that could be shown as it is."""
    return not variable.default or len(variable.default) > _LONGEST_DEFAULT


def _default(variable: Variable, in_words: Mapping[str, Mapping[str, str]], language: Language) -> str:
    if not _is_in_words(variable):
        return f"`{variable.default}`"
    if variable.name not in in_words:
        return _WORDS[language].none
    return said(f"{_FILE}.toml, {_DEFAULTS}", in_words[variable.name], language)
