"""How long a picture takes to draw, beside the time in which zlib alone compresses its pixels."""

from __future__ import annotations

import hashlib
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from shared.providers.sketch.image import draw
from tests.bench.figures import Figure, at_most

_PICTURES = 9
_SIDE = 1024


def measure() -> Iterator[Figure]:
    rounds = [_round(hashlib.sha256(bytes([number])).digest()[:16]) for number in range(_PICTURES)]
    drawing, packing = (median(column) for column in zip(*rounds, strict=True))
    yield Figure(
        "sketch",
        f"drawing {_SIDE}x{_SIDE}, beside zlib alone",
        [drawn / packed for drawn, packed in rounds],
        f"{drawing * 1000:.0f} / {packing * 1000:.0f} ms of CPU",
        at_most(4),
    )


def _round(digest: bytes) -> tuple[float, float]:
    drawing, png = _timed(lambda: draw(digest, _SIDE, _SIDE))
    content = _content(png)
    pixels = zlib.decompress(content)
    level = _level(pixels, content)
    packing, _ = _timed(lambda: zlib.compress(pixels, level))
    return drawing, packing


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def _content(png: bytes) -> bytes:
    """What the IDAT chunks hold."""
    content, offset = b"", 8
    while offset < len(png):
        length, kind = struct.unpack(">I4s", png[offset : offset + 8])
        if kind == b"IDAT":
            content += png[offset + 8 : offset + 8 + length]
        offset += 12 + length
    return content


def _level(pixels: bytes, content: bytes) -> int:
    """The level that the picture was compressed at: the one that gives the same bytes."""
    return next(level for level in range(1, 10) if zlib.compress(pixels, level) == content)
