"""What a request body may hold. A body that holds more is refused while it is read, before it is parsed.

Parsing a JSON body takes at most four times its size in memory, or 24 MB if that is more: the body itself, one byte per
character of its ASCII strings, four per character of the others, and about a hundred per value.
"""

from __future__ import annotations

from typing import NamedTuple

_MEGABYTE = 1 << 20


class Bounds(NamedTuple):
    """`size` in bytes; `values` is the number of JSON strings, numbers, lists and objects, at any depth.

    The latter also bounds the entries of every list and the fields of every object.
    """

    size: int
    values: int = 2_000


IMAGE = Bounds(4 * _MEGABYTE)
EDIT = Bounds(50 * _MEGABYTE)
VIDEO = Bounds(50 * _MEGABYTE)
CHAT = Bounds(20 * _MEGABYTE, values=30_000)
PICLUMEN = Bounds(_MEGABYTE)
COOKIES = Bounds(_MEGABYTE, values=50_000)

DEPTH = 201
"""Levels of nested lists and objects: the parser's own limit."""

WIDE_STRINGS = 4 * _MEGABYTE
"""Bytes of strings with characters beyond ASCII, raw or as `\\u` escapes: Python needs up to four bytes for each.

Other escape sequences count as one byte each, because parsing them is slow.
"""

UNKNOWN_FIELDS = 100
"""Fields at the top level of a body that have no meaning here."""

IGNORED_HEADER = 1_000
"""Characters of `easel-ignored`, which names as many fields as fit."""

MODEL_NAME = 200
ADDRESS = 16_384
"""Characters of the URL of an image or video."""

FORM_FIELDS = 100
FORM_FILES = 20
