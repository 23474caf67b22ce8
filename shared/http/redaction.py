"""The credentials that a request carried, redacted from what is quoted of its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar, cast
from urllib.parse import unquote

from shared.http.json_text import parse_json

ValueT = TypeVar("ValueT")

_CREDENTIAL_HEADERS = ("authorization", "x-goog-api-key", "x-amz-security-token")
_REDACTED = "…"

# URLs, and words that look like keys, tokens or signatures of somebody else.
_PRIVATE = re.compile(
    r"[a-z][a-z0-9+.-]*://\S+|(?=[\w.~+/=-]*\d)[\w.~+/=-]{24,}|\bsk-[\w.-]+", re.IGNORECASE | re.ASCII
)
_LONGEST_SENTENCE = 500

# Lengths in characters.
_DISTINCTIVE = 12
"""A shorter credential may be a word of a conversation: many services are content with `ollama` or `lm-studio`."""

_PART_OF_WORDS = 6
"""A shorter credential is redacted from sentences only where it is a word of its own."""

_SHORTEST_COOKIE = 4
"""Shorter values of cookies are flags and languages."""


class Redaction:
    """`headers` are those of the request, by their names in lower case."""

    def __init__(self, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self._headers = headers

    def quote(self, said: str) -> str:
        """A sentence of the upstream's on one line, without credentials and URLs, and of bounded length."""
        text = " ".join(self._credential.sub(_REDACTED, said).split())
        return _PRIVATE.sub(_REDACTED, text)[:_LONGEST_SENTENCE].rstrip(" .")

    def parse_json(self, data: bytes) -> Any:
        """`parse_json` of content of the upstream's, redacted."""
        value = parse_json(data)
        # Escape sequences could hide a credential here, and not in the value.
        seen = b"\\" in data or any(credential.encode() in data for credential in self._distinctive)
        return self.redact(value) if seen else value

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
        """Matches each of them in a sentence."""
        return re.compile("|".join(map(_pattern, self._credentials)) or r"(?!)")


def _pattern(credential: str) -> str:
    pattern = re.escape(credential)
    return pattern if len(credential) >= _PART_OF_WORDS else rf"(?<!\w){pattern}(?!\w)"


def _credentials(headers: Mapping[str, str]) -> Iterator[str]:
    for value in (headers.get(name, "") for name in _CREDENTIAL_HEADERS):
        yield from (value, value.partition(" ")[2])  # with and without a scheme such as Bearer
    cookies = headers.get("cookie", "")
    yield cookies
    for cookie in cookies.split(";"):
        value = cookie.partition("=")[2].strip().strip('"')
        yield from (each for each in (value, unquote(value)) if len(each) >= _SHORTEST_COOKIE)
