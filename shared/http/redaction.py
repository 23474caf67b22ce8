"""The credentials that a request carried, redacted from what is quoted of its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar, cast
from urllib.parse import unquote

ValueT = TypeVar("ValueT")

_CREDENTIAL_HEADERS = ("authorization", "x-goog-api-key", "x-amz-security-token")
_REDACTED = "…"

# URLs, and words that look like keys, tokens or signatures of somebody else.
_PRIVATE = re.compile(
    r"[a-z][a-z0-9+.-]*://\S+|(?=[\w.~+/=-]*\d)[\w.~+/=-]{24,}|\bsk-[\w.-]+", re.IGNORECASE | re.ASCII
)
_LONGEST_SENTENCE = 500

_DISTINCTIVE = 12
"""Characters; a shorter credential may be an ordinary word, such as `ollama`."""

_SHORTEST_COOKIE = 4
"""Characters; shorter values of cookies are flags and languages."""


class Redaction:
    """`headers` are those of the request, by their names in lower case."""

    def __init__(self, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self._headers = headers

    def quote(self, said: str) -> str:
        """A sentence of the upstream's on one line, without credentials and URLs, and of bounded length."""
        text = " ".join(self._credential.sub(_REDACTED, said).split())
        return _PRIVATE.sub(_REDACTED, text)[:_LONGEST_SENTENCE].rstrip(" .")

    def redact(self, value: ValueT) -> ValueT:
        """Content of the upstream's, a text or JSON, without credentials that cannot be ordinary words."""
        return cast(ValueT, self._redacted(value)) if self._distinctive else value

    def _redacted(self, value: Any) -> Any:
        match value:
            case str():
                for credential in self._distinctive:
                    value = value.replace(credential, _REDACTED)
                return value
            case list():
                return [self._redacted(each) for each in value]
            case dict():
                return {name: self._redacted(each) for name, each in value.items()}
        return value

    @cached_property
    def _credentials(self) -> list[str]:
        """The longest first, for one may be part of another."""
        return sorted({each for each in _credentials(self._headers) if each}, key=len, reverse=True)

    @cached_property
    def _distinctive(self) -> list[str]:
        return [each for each in self._credentials if len(each) >= _DISTINCTIVE]

    @cached_property
    def _credential(self) -> re.Pattern[str]:
        """Short credentials match as whole words only."""
        words = (rf"(?<!\w){re.escape(each)}(?!\w)" for each in self._credentials if len(each) < _DISTINCTIVE)
        return re.compile("|".join([*map(re.escape, self._distinctive), *words]) or r"(?!)")


def _credentials(headers: Mapping[str, str]) -> Iterator[str]:
    for value in (headers.get(name, "") for name in _CREDENTIAL_HEADERS):
        yield from (value, value.partition(" ")[2])  # with and without a scheme such as Bearer
    cookies = headers.get("cookie", "")
    yield cookies
    for cookie in cookies.split(";"):
        value = cookie.partition("=")[2].strip().strip('"')
        yield from (each for each in (value, unquote(value)) if len(each) >= _SHORTEST_COOKIE)
