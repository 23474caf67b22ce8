"""What errors mean: their statuses, and whether to try again, are those of the code's own table."""

from __future__ import annotations

from collections.abc import Iterator

from shared import errors
from shared.api.errors import meaning_of_type
from shared.errors import EaselError
from tests.documents.page import Row
from tests.documents.texts import Incomplete, Language, compare, listed, read, said

_HEADERS: dict[Language, Row] = {"en": ("status", "meaning", "try again?"), "zh": ("状态码", "含义", "是否重试")}
_AGAIN: dict[Language, dict[bool, str]] = {"en": {True: "yes", False: "no"}, "zh": {True: "是", False: "否"}}


def table(language: Language) -> list[Row]:
    texts = read("errors")
    compare("errors.toml", [name for key in texts for name in key.split()], [kind.__name__ for kind in _raised()])
    rows = [(*_decisions(key, language), said(f"errors.toml, {key}", text, language)) for key, text in texts.items()]
    return [_HEADERS[language], *((statuses, text, again) for statuses, again, text in rows)]


def _decisions(key: str, language: Language) -> tuple[str, str]:
    """The statuses of all errors of a row, and whether the same request may be sent again."""
    meanings = [meaning_of_type(getattr(errors, name)) for name in key.split()]
    again = {meaning.retry for meaning in meanings}
    if len(again) > 1:
        raise Incomplete(f"errors.toml: some of these are to be tried again, and some are not: {key}")
    return listed(sorted({str(meaning.status) for meaning in meanings}), language), _AGAIN[language][again.pop()]


def _raised() -> Iterator[type[EaselError]]:
    """All of shared/errors.py but the one that only has a caller's errors together."""
    kinds: list[type[EaselError]] = [EaselError]
    for kind in kinds:
        kinds += [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
        if kind is not errors.CallerError:
            yield kind
