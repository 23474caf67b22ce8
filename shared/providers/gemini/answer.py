"""The pictures in an answer of generateContent, lifted out of it before it is read: they are most of its bytes."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from shared.errors import ContentRefused, EaselError, GenerationFailed
from shared.http import HEAD_BYTES, Answer, clean, sniff
from shared.values import Made

_LONG = re.compile(rb'"([A-Za-z0-9+/]{1000,}={0,2})"')
_PLACE = "easel picture "
_BLOCKED = frozenset(
    {
        "SAFETY",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "RECITATION",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)


def pictures_of(answer: Answer) -> tuple[Made, ...]:
    """All of them but drafts. Raises what an answer without any means."""
    lifted: list[tuple[int, int]] = []

    def lift(match: re.Match[bytes]) -> bytes:
        lifted.append(match.span(1))
        return f'"{_PLACE}{len(lifted) - 1}"'.encode()

    rest = answer._replace(body=_LONG.sub(lift, answer.body)).json()
    if not isinstance(rest, dict):
        raise answer.error("it is no object")
    data = [part["data"] for part in _inline_parts(rest)]
    made = tuple(_made(answer, memoryview(answer.body)[slice(*lifted[_index(text)])]) ...)
