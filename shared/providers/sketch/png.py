"""Pixel operations: columns and rows as single big integers, shapes that cover columns, and the PNG encoder."""

import struct
import zlib
from array import array
from collections.abc import Callable, Iterable
from itertools import chain, count, pairwise, repeat
from typing import NamedTuple, TypeAlias

Colour = tuple[float, float, float]
Outline = list[float]
Size = tuple[int, int]
Sky = Callable[[int], bytes]
Canvas: TypeAlias = "array[int]"
Edge = tuple[int, int, float, float]
Part = tuple[bytes, Edge, Edge | None, float]

# A pixel is four lanes (red, green, blue, unused) of 24 bits: eight of colour over sixteen of fraction. Adding two
# such integers adds all their pixels at once, and multiplying a profile by a packed colour tints all of them.
FULL = 1 << 16
PIXEL = 96
_LANE = 24
_PITCH = 12
_LEVEL = 6


class Shape(NamedTuple):
    """The area between two outlines, given at column edges; without `bottoms`, everything below `tops`.

    `fill` is eight columns as high as the image; with `weights`, one per column, the shape is translucent and flat.
    """

    left: int
    tops: Outline
    bottoms: Outline | None
    fill: list[bytes]
    weights: list[float] | None = None


def packed(colour: Colour) -> int:
    return sum(round(part) << _LANE * lane for lane, part in enumerate(colour))


def profile(weights: Iterable[float]) -> int:
    """Pack one weight per pixel, to be multiplied by a packed colour."""
    return int.from_bytes(b"".join(int(weight).to_bytes(_PITCH, "little") for weight in weights), "little")


def lanes(colours: Iterable[Colour], level: int) -> int:
    """Pack one colour per pixel; `level` is the value of one of 256 steps. Colour differences may be negative."""
    bias = 1 << _LANE - 1
    whole = bias | bias << _LANE | bias << 2 * _LANE
    parts = [
        (whole + int(r * level) + (int(g * level) << _LANE) + (int(b * level) << 2 * _LANE)).to_bytes(_PITCH, "little")
        for r, g, b in colours
    ]
    biased = whole.to_bytes(_PITCH, "little") * len(parts)
    return int.from_bytes(b"".join(parts), "little") - int.from_bytes(biased, "little")


def to_pixels(column: int, height: int) -> bytes:
    return column.to_bytes(_PITCH * height, "little")[2::3]


def column_noise(height: int) -> list[int]:
    """Return eight adjacent columns of ordered dither noise below one level, so that gradients show no banding."""
    grey = packed((1, 1, 1))
    columns = []
    for x in range(8):
        cell = b"".join((((_threshold(x, y) << 10) + 512) * grey).to_bytes(_PITCH, "little") for y in range(8))
        columns.append(int.from_bytes((cell * (height // 8 + 1))[: _PITCH * height], "little"))
    return columns


def line_noise(length: int) -> list[bytes]:
    """Return the same noise as rows, for `mixed`."""
    cells = [b"".join(struct.pack("<4H", *[_threshold(x, y) * 4] * 3, 0) for x in range(8)) for y in range(8)]
    return [cell * (length // 8 + 1) for cell in cells]


def _threshold(x: int, y: int) -> int:
    """Return an entry of the 8x8 ordered dithering matrix, 0 to 63."""
    crossed = x ^ y
    return sum(((crossed >> bit & 1) << 1 | y >> bit & 1) << 2 * (2 - bit) for bit in range(3))


def mixed(run: bytes | bytearray, colour: bytes, weight: float, noise: bytes) -> bytes:
    """Return a run of pixels blended with one colour."""
    wide = bytearray(2 * len(run))
    wide[::2] = run
    share = int(weight * 256)
    tint = bytearray(8)
    tint[::2] = colour
    total = int.from_bytes(wide, "little") * (256 - share)
    total += int.from_bytes(tint * (len(run) // 4), "little") * share + int.from_bytes(noise[: len(wide)], "little")
    return total.to_bytes(len(wide), "little")[1::2]


def _paint(column: bytearray, parts: list[Part], noise: bytes) -> None:
    """Paint one column's part of the shapes; slanted edges are blended over the pixels that they cross."""
    for fill, (start, solid, middle, span), under, weight in parts:
        if under:
            _paint_between(column, (fill, (start, solid, middle, span), under, weight), noise)
            continue
        column[4 * solid :] = fill[4 * solid :]
        for y in range(start, solid):
            _blend(column, fill, y, (y + 0.5 - middle) / span + 0.5)


def _paint_between(column: bytearray, part: Part, noise: bytes) -> None:
    fill, (start, solid, middle, span), under, weight = part
    solid_end, end, low, low_span = under or (len(fill), len(fill), 0.0, 1.0)
    if solid < solid_end:
        run = slice(4 * solid, 4 * solid_end)
        column[run] = mixed(column[run], fill[:4], weight, noise) if weight < 1 else fill[run]
    for y in chain(range(start, min(solid, end)), range(max(solid, solid_end), end)):
        above = min(1.0, (y + 0.5 - middle) / span + 0.5)
        _blend(column, fill, y, weight * (above - max(0.0, (y + 0.5 - low) / low_span + 0.5)))


def _blend(column: bytearray, fill: bytes, y: int, weight: float) -> None:
    share = int(weight * 256)
    if share > 0:
        red, green, blue = 4 * y, 4 * y + 1, 4 * y + 2
        column[red] += (fill[red] - column[red]) * share >> 8
        column[green] += (fill[green] - column[green]) * share >> 8
        column[blue] += (fill[blue] - column[blue]) * share >> 8


def _edges(outline: Outline, height: int) -> list[Edge]:
    """Return per column the first row that the outline touches, the first row wholly below it, its middle and span."""
    edges = []
    for here, there in pairwise(outline):
        middle, half = (here + there) / 2, abs(here - there) / 2
        if half < 0.5:
            half = 0.5
        start, solid = int(middle - half + 0.5), int(middle + half + 0.5)
        if start < 0 or solid > height:
            start, solid = min(height, max(0, start)), min(height, max(0, solid))
        edges.append((start, solid, middle, 2 * half))
    return edges


def _by_column(shapes: list[Shape], size: Size) -> list[list[Part]]:
    """Return each column's parts of the shapes, back to front, without those fully hidden by nearer shapes."""
    width, height = size
    columns: list[list[Part]] = [[] for _ in range(width)]
    roofs = [height] * width
    for left, tops, bottoms, fill, weights in reversed(shapes):
        edges = _edges(tops, height)
        unders: Iterable[Edge | None] = _edges(bottoms, height) if bottoms else repeat(None)
        for x, edge, under, weight in zip(count(left), edges, unders, weights or repeat(1.0), strict=False):
            if edge[0] < (under[1] if under and under[1] < roofs[x] else roofs[x]):
                columns[x].append((fill[x & 7], edge, under, weight))
                if not under:
                    roofs[x] = min(roofs[x], edge[1])
    for parts in columns:
        parts.reverse()
    return columns


def landscape(sky: Sky, lights: list[Shape], land: list[Shape], size: Size, waterline: int) -> Canvas:
    """Paint sky, lights and land; below the waterline paint their mirror image without the lights."""
    width, height = size
    canvas = array("I", bytes(4 * width * height))
    noise = line_noise(height)
    shining, standing = _by_column(lights, size), _by_column(land, size)
    for x in range(width):
        column = bytearray(sky(x).ljust(4 * height, b"\0"))
        plain = bytearray(column) if shining[x] and waterline < height else column
        _paint(column, shining[x] + standing[x], noise[x & 7])
        if plain is not column:
            _paint(plain, standing[x], noise[x & 7])
        if waterline < height:
            mirrored = array("I", bytes(plain[: 4 * waterline]))[::-1][: height - waterline].tobytes()
            column[4 * waterline :] = mirrored.ljust(4 * (height - waterline), b"\0")
        canvas[x::width] = array("I", bytes(column))
    return canvas


def stand_before(canvas: Canvas, shapes: list[Shape], size: Size) -> None:
    """Paint shapes over the canvas."""
    width, height = size
    noise = line_noise(height)
    for x, standing in enumerate(_by_column(shapes, size)):
        if standing:
            column = bytearray(canvas[x::width].tobytes())
            _paint(column, standing, noise[x & 7])
            canvas[x::width] = array("I", bytes(column))


def encode(canvas: Canvas, size: Size) -> bytes:
    width, height = size
    lines = bytearray()
    for y in range(height):
        line = bytearray(canvas[y * width : (y + 1) * width].tobytes())
        del line[3::4]
        lines += b"\0"
        lines += line
    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, _LEVEL)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
