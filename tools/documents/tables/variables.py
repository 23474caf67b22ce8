"""Every environment variable that settings are read from, with its aliases and its actual default."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shared import settings
from shared.accounts import sources
from shared.hosts.local import address
from shared.providers import PROVIDERS
from shared.variables import Variable
from tools.documents.page import Row, Table
from tools.documents.texts import Incomplete, Language, chinese, compare, from_root, read

_FILE, _DEFAULTS = "variables", "defaults"
_LONGEST_DEFAULT = 40
"""A longer default is described in words."""


class _Words(NamedTuple):
    header: Row
    none: str


_WORDS = {
    "en": _Words(("variable", "default", "meaning"), "none"),
    "zh": _Words(("变量", "默认值", "含义"), "无"),
}


def summary(language: Language) -> list[Row]:
    """The settings that zh.toml selects for the READMEs."""
    translated, known, words = chinese("settings"), variables(), _WORDS[language]
    if unknown := translated.keys() - known.keys():
        raise Incomplete(f"zh.toml, settings: not in the code: {', '.join(sorted(unknown))}")
    texts = {name: from_root(_texts()[name]) for name in translated} if language == "en" else translated
    in_words = _defaults() if language == "en" else chinese(_DEFAULTS)
    rows = [(f"`{name}`", _default(known[name], in_words, words), text) for name, text in texts.items()]
    return [words.header, *rows]


def tables() -> Mapping[str, Table]:
    """One table for each group in variables.toml."""
    groups = [group for group in read(_FILE) if group != _DEFAULTS]
    return {f"settings-{group}": functools.partial(_group, group) for group in groups}


def variables() -> dict[str, Variable]:
    """By the names in the documents, where `<PROVIDER>_MODELS` stands for the variables of all providers."""
    modules = (settings, sources)
    single = [value for module in modules for value in vars(module).values() if isinstance(value, Variable)]
    credentials = [variable for provider in PROVIDERS if (variable := sources.credential_of(provider))]
    options = [sources.option_of(provider, name) for provider in PROVIDERS for name in provider.options]
    of_families = {member.name for family in FAMILIES.values() for member in family}
    named = {each.name: each for each in (*single, *credentials, *options, *_local()) if each.name not in of_families}
    return named | {name: _together(name, family) for name, family in FAMILIES.items()}


def names() -> set[str]:
    """Every name that is read from the environment, aliases included."""
    single = [variable for name, variable in variables().items() if name not in FAMILIES]
    members = [member for family in FAMILIES.values() for member in family]
    return {name for variable in (*single, *members) for name in (variable.name, *variable.also)}


FAMILIES: Mapping[str, tuple[Variable, ...]] = {
    "<PROVIDER>_BASE_URL": tuple(map(sources.base_url_of, PROVIDERS)),
    "<PROVIDER>_RESULT_ORIGINS": tuple(map(sources.origins_of, PROVIDERS)),
    "<PROVIDER>_MODELS": tuple(settings.models_of(provider.name) for provider in PROVIDERS),
}
"""Variables that every provider has."""


def _together(name: str, family: tuple[Variable, ...]) -> Variable:
    """One variable for the family, with the default that its members share, if any."""
    defaults = {member.default for member in family}
    default = defaults.pop() if len(defaults) == 1 else ""
    return Variable(name, default, tuple(other for member in family for other in member.also))


def _local() -> Iterator[Variable]:
    """The local server's address, which is not read through Variables."""
    host, port = address({})
    yield from (Variable("HOST", host), Variable("PORT", str(port)), Variable("SERVER_ADDRESS"))


def _texts() -> dict[str, str]:
    """The English texts of all variables."""
    texts = {
        name: text for group, members in read(_FILE).items() if group != _DEFAULTS for name, text in members.items()
    }
    compare(f"{_FILE}.toml", texts, variables())
    return texts


def _defaults() -> dict[str, str]:
    """The defaults that are described in words; a default that can be shown as it is needs no words."""
    described: dict[str, str] = read(_FILE)[_DEFAULTS]
    in_words = {name for name, variable in variables().items() if _is_in_words(variable)}
    compare(f"{_FILE}.toml, {_DEFAULTS}", described.keys() - in_words, ())
    return described


def _group(group: str) -> list[Row]:
    texts, known, words, in_words = _texts(), variables(), _WORDS["en"], _defaults()
    rows = [(_names(known[name]), _default(known[name], in_words, words), texts[name]) for name in read(_FILE)[group]]
    return [words.header, *rows]


def _names(variable: Variable) -> str:
    also = ", ".join(f"`{name}`" for name in variable.also)
    return f"`{variable.name}`" + (f" (also {also})" if also else "")


def _is_in_words(variable: Variable) -> bool:
    """Whether the default is empty, or too long to show."""
    return not variable.default or len(variable.default) > _LONGEST_DEFAULT


def _default(variable: Variable, in_words: Mapping[str, str], words: _Words) -> str:
    if not _is_in_words(variable):
        return f"`{variable.default}`"
    return in_words.get(variable.name, words.none)
