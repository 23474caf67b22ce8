"""`python -m tools.documents.sketches` draws docs/images/sketches.png, the contact sheet in docs/providers.md."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from shared.providers.sketch import digest_of
from shared.providers.sketch.image import draw
from tools.documents.page import ROOT

SHEET = ROOT / "docs" / "images" / "sketches.png"
PROMPTS = (
    "a lighthouse at dusk",
    "a fjord in the morning",
    "wild geese",
    "a boat on the sea at sunset",
    "first snow in the mountains",
    "an oak in autumn",
    "quiet waters",
    "a caravan in the desert",
    "the long night",
    "a red balloon over the canyon",
    "mist in the valley",
    "a letter home",
)
SIDE = 320
COLUMNS = 4
GAP = 8

Rows = list[bytes]


def pixels(png: bytes) -> Rows:
    """The rows of an RGB picture whose lines are stored unfiltered, as sketch writes them."""
    width = int.from_bytes(png[16:20])
    raw = zlib.decompress(b"".join(data for kind, data in _chunks(png) if kind == b"IDAT"))
    step = 3 * width + 1
    return [raw[start + 1 : start + step] for start in range(0, len(raw), step)]


def sheet() -> Rows:
    """All pictures, in rows of four on white."""
    pictures = [pixels(draw(digest_of(prompt), SIDE, SIDE)) for prompt in PROMPTS]
    gap = b"\xff" * 3 * GAP
    rows: Rows = []
    for first in range(0, len(pictures), COLUMNS):
        group = pictures[first : first + COLUMNS]
        lines = [gap.join(picture[y] for picture in group) for y in range(SIDE)]
        rows += lines + [b"\xff" * len(lines[0])] * GAP
    return rows[:-GAP]


def write(rows: Rows) -> bytes:
    """The rows as a PNG."""
    header = struct.pack(">2I5B", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    while position < len(png):
        size = int.from_bytes(png[position : position + 4])
        yield png[position + 4 : position + 8], png[position + 8 : position + 8 + size]
        position += 12 + size


if __name__ == "__main__":
    SHEET.write_bytes(write(sheet()))
