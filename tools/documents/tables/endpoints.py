"""Every method of every route: what it does, from the handler's docstring, and the key it requires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from shared.api import Access, Endpoint
from shared.api.operation import Operation
from shared.hosts.bundle import whole_app
from tools.documents.page import Row, Table
from tools.documents.texts import Incomplete, Language, chinese, compare, read

_KEYS = {
    Access.ANYONE: "none",
    Access.ID: "API key; none for jobs from chat",
    Access.CREDENTIAL: "API key or PicLumen token",
    Access.KEY: "API key",
    Access.ADMIN: "admin key",
}
_HEADERS: dict[Language, Row] = {"en": ("endpoint", "what it does"), "zh": ("接口", "作用")}


def summary(language: Language) -> list[Row]:
    """The endpoints that zh.toml selects for the READMEs."""
    operations, translated = described(), chinese("endpoints")
    if unknown := translated.keys() - operations.keys():
        raise Incomplete(f"zh.toml, endpoints: not in the code: {', '.join(sorted(unknown))}")
    texts = {name: _summary(operations[name][1]) for name in translated} if language == "en" else translated
    return [_HEADERS[language], *((f"`{name}`", text) for name, text in texts.items())]


def tables() -> Mapping[str, Table]:
    """One table for each group in endpoints.toml."""
    groups: dict[str, list[str]] = read("endpoints")
    return {f"endpoints-{group}": partial(_group, names) for group, names in groups.items()}


def _group(names: Sequence[str]) -> list[Row]:
    operations = described()
    compare("endpoints.toml", [name for group in read("endpoints").values() for name in group], operations)
    rows = [(f"`{name}`", _with_prefixes(*operations[name]), _KEYS[operations[name][0].access]) for name in names]
    return [(*_HEADERS["en"], "key"), *rows]


def described() -> dict[str, tuple[Endpoint, Operation]]:
    """All operations, by method and path."""
    return {
        f"{verb} {endpoint.path.replace(':path', '')}": (endpoint, operation)
        for endpoint in whole_app().routes
        for verb, operation in endpoint.operations.items()
    }


def _with_prefixes(endpoint: Endpoint, operation: Operation) -> str:
    prefixes = ", ".join(f"`{prefix}`" for prefix in endpoint.under)
    return f"{_summary(operation)}; also under {prefixes}" if prefixes else _summary(operation)


def _summary(operation: Operation) -> str:
    return (operation.handler.__doc__ or "").partition("\n\n")[0].strip().rstrip(".")
