"""A picture of 64 MiB on its way through a host: all its bytes are looked at, and none are kept."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import chain

from tests.emulators.png import BigFile

SIZE = 64 << 20
_BEFORE = b'"b64_json":"'


def assert_right(first: bytes, rest: Iterator[bytes]) -> None:
    """The pieces are the big file, whole and in order."""
    expected, passed = BigFile(SIZE), 0
    for piece in chain([first], rest):
        assert piece == expected[passed : passed + len(piece)]
        passed += len(piece)
    assert passed == SIZE


def decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of the only picture in an answer that holds it as base64."""
    text, begun = b"", False
    for piece in pieces:
        text += piece
        if not begun and _BEFORE in text:
            begun, text = True, text.partition(_BEFORE)[2]
        if begun:
            encoded, end, _ = text.partition(b'"')
            usable = len(encoded) if end else len(encoded) // 4 * 4
            yield base64.b64decode(encoded[:usable], validate=True)
            if end:
                return
            text = text[usable:]
