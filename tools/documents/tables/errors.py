"""What errors mean. Their statuses, and whether a retry makes sense, come from the code's own table."""

from __future__ import annotations

from collections.abc import Iterator

from shared import errors
from shared.api.errors import meaning_of_type
from shared.errors import EaselError
from tools.documents.page import Row
from tools.documents.texts import Incomplete, compare, listed, read


def table() -> list[Row]:
    texts: dict[str, str] = read("errors")
    compare("errors.toml", [name for key in texts for name in key.split()], [kind.__name__ for kind in _raised()])
    rows = [(*_decisions(key), text) for key, text in texts.items()]
    return [("status", "meaning", "retry?"), *((statuses, text, retry) for statuses, retry, text in rows)]


def _decisions(key: str) -> tuple[str, str]:
    """The statuses of all errors in a row, and whether the same request may be sent again."""
    meanings = [meaning_of_type(getattr(errors, name)) for name in key.split()]
    retries = {meaning.retry for meaning in meanings}
    if len(retries) > 1:
        raise Incomplete(f"errors.toml: some of these are retryable and some are not: {key}")
    return listed(sorted({str(meaning.status) for meaning in meanings})), "yes" if retries.pop() else "no"


def _raised() -> Iterator[type[EaselError]]:
    """All classes of shared/errors.py but the one that only groups a caller's errors."""
    kinds: list[type[EaselError]] = [EaselError]
    for kind in kinds:
        kinds += [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
        if kind is not errors.CallerError:
            yield kind
