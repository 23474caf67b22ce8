"""Every verb of every route: what it does, in the words that /docs has too, and what it asks of its caller."""

from __future__ import annotations

from typing import NamedTuple

from shared.api import Access, Endpoint
from shared.api.routing import Operation
from shared.hosts.bundle import whole_app
from tests.documents.page import Row
from tests.documents.texts import Language, Texts, listed


class _Words(NamedTuple):
    header: Row
    also: str
    keys: dict[Access, str]


_WORDS = {
    "en": _Words(
        header=("endpoint", "what it does", "key"),
        also="{}; also under {}",
        keys={
            Access.ANYONE: "no",
            Access.ID: "yes, except for jobs of conversations",
            Access.CREDENTIAL: "yes, or a PicLumen token",
            Access.KEY: "yes",
            Access.ADMIN: "operator",
        },
    ),
    "zh": _Words(
        header=("接口", "作用", "密钥"),
        also="{}；也可写在 {} 之下",
        keys={
            Access.ANYONE: "不需要",
            Access.ID: "需要，对话产生的任务除外",
            Access.CREDENTIAL: "需要，或 PicLumen 令牌",
            Access.KEY: "需要",
            Access.ADMIN: "管理密钥",
        },
    ),
}


def table(language: Language) -> list[Row]:
    words, operations = _WORDS[language], described()
    texts = Texts("endpoints", operations, languages=("zh",))
    rows = []
    for name in texts:
        endpoint, operation = operations[name]
        text = _summary(operation) if language == "en" else texts.of(name, language)
        if endpoint.under:
            text = words.also.format(text, listed((f"`{prefix}`" for prefix in endpoint.under), language))
        rows.append((f"`{name}`", text, words.keys[endpoint.access]))
    return [words.header, *rows]


def described() -> dict[str, tuple[Endpoint, Operation]]:
    """By their verb and path, as the README writes them."""
    return {
        f"{verb} {endpoint.path.replace(':path', '')}": (endpoint, operation)
        for endpoint in whole_app().routes
        for verb, operation in endpoint.operations.items()
    }


def _summary(operation: Operation) -> str:
    return (operation.handler.__doc__ or "").partition("\n\n")[0].strip().rstrip(".")
