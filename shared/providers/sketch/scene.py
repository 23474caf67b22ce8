"""The parts of an image: palette, shapes, and skylines with trees and shadows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice, pairwise
from math import sqrt
from operator import sub
from random import Random
from typing import NamedTuple

from shared.providers.sketch import png
from shared.providers.sketch.png import FULL, Colour, Outline, Shape

Point = tuple[float, float]
Form = Callable[[float], float]

# Zenith, middle of the sky, horizon, light, farthest land, nearest land.
PALETTES = {
    "dawn": "4a6fa5 c9a9c9 ffd3b0 fff1d0 b395b9 2b3556",
    "noon": "2f7ec2 7db9e0 e4f3ee fffdf0 93bccd 17463f",
    "golden hour": "3e5c8a e9a86b ffe0a3 fff6d8 d99a6c 33202c",
    "sunset": "2a3f7a d9707c ffb27a fff0cf c4697c 201838",
    "ember": "2b1236 a5304a ff8a4a ffe3a6 93304f 170a1f",
    "dusk": "14163a 4b3b7c b06f9c ffe4c9 6b4880 0e0c20 night",
    "night": "050a1e 10254a 35618a f4f1da 264a6c 040813 night",
    "teal night": "04131c 0b3a4a 2f8085 eafbe8 1b545f 020b10 night",
    "autumn": "6c8fa8 e8c79a fbe7c2 fff8e6 d9a066 4a1c1a",
    "arctic": "6fa3c8 b9d9e8 f3f8fa ffffff a3c2d6 1f3a58",
    "desert": "3b7a9e e8c08a fce5be fffae8 dd9c6c 5e261f",
    "teal mist": "2c6e77 86b9b0 e6f0dc fdfbe6 86b8ae 0d3134",
    "rose": "7a6fa8 f0a6b4 ffe3d6 ffffff cf8aa6 3c2449",
    "citrus": "1e5b6e f2a65a fbe3a1 fff7db d96c4b 172a3a",
    "violet": "1b1f4b 6a4c93 f49fbc fff0f0 8a5aa0 15122e",
    "plum night": "080c24 2a1b4e 7a3b74 ffd9e0 4c2a5e 080616 night",
}

# The height of each octave of a skyline relative to the widest.
_SHARES = (1.0, 0.45, 0.2, 0.09, 0.041, 0.018, 0.008)


class Palette(NamedTuple):
    zenith: Colour
    middle: Colour
    horizon: Colour
    light: Colour
    far: Colour
    near: Colour
    night: bool


class Run(NamedTuple):
    """A tinted run of pixels in one row of water."""

    start: int
    end: int
    colour: bytes
    weight: float


def palette_of(text: str) -> Palette:
    zenith, middle, horizon, light, far, near = (_colour(code) for code in text.split()[:6])
    return Palette(zenith, middle, horizon, light, far, near, text.endswith("night"))


def _colour(code: str) -> Colour:
    red, green, blue = bytes.fromhex(code)
    return float(red), float(green), float(blue)


def mix(first: Colour, second: Colour, part: float) -> Colour:
    red, green, blue = (one + (other - one) * part for one, other in zip(first, second, strict=True))
    return red, green, blue


def pixel(colour: Colour) -> bytes:
    return bytes([*map(round, colour), 0])


@dataclass
class Scene:
    """The shapes to paint, back to front: `sky` is not mirrored in water, `front` is painted over it."""

    rng: Random
    palette: Palette
    width: int
    height: int
    unit: float
    horizon: float
    water: bool
    light: Point = (0.0, 0.0)
    radius: float = 0.0
    aurora: bool = False
    noise: list[int] = field(default_factory=list)
    whole: int = 0
    sky: list[Shape] = field(default_factory=list)
    land: list[Shape] = field(default_factory=list)
    front: list[Shape] = field(default_factory=list)
    runs: dict[int, list[Run]] = field(default_factory=dict)

    @property
    def spread(self) -> float:
        """The ratio of the longer side to `unit`, at most 4, which limits the detail in narrow strips."""
        return min(4.0, max(self.width, self.height) / self.unit)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.rng.random()

    def flat(self, colour: Colour) -> list[bytes]:
        return [pixel(colour) * self.height] * 8

    def fill(self, top: Colour, bottom: Colour, start: float, end: float) -> list[bytes]:
        """Return eight columns of one vertical gradient, each with different dithering."""
        first, last = int(start), max(int(start) + 1, int(end))
        visible = range(min(self.height, max(0, first)), min(self.height, max(0, last)))
        weights = [0.0] * visible.start + [FULL * (y - first) / (last - first) for y in visible]
        weights += [float(FULL)] * (self.height - len(weights))
        ramp = png.profile(weights) * (png.packed(bottom) - png.packed(top))
        column = self.whole * png.packed(top) + ramp
        return [png.to_pixels(column + noise, self.height) for noise in self.noise]

    def ground(self, tops: Outline, depth: float, haze: float = 0.5) -> Shape:
        """Return land as wide as the image; `depth` is 0 for far and 1 for near, `haze` is applied at its foot."""
        top = mix(self.palette.far, self.palette.near, depth)
        return self.tinted(tops, top, mix(top, self.palette.horizon, haze * (1 - depth)))

    def tinted(self, tops: Outline, top: Colour, bottom: Colour) -> Shape:
        start = min(tops)
        return Shape(0, tops, None, self.fill(top, bottom, start, max(max(tops), start + self.unit * 0.2)))

    def figure(self, origin: Point, size: float, points: list[tuple[float, float, float]], colour: Colour) -> Shape:
        """Return a small shape from points (x, top, bottom), in units of `size` from `origin`, y pointing down."""
        x, y = origin
        left = min(self.width, max(0, int(x + size * points[0][0])))
        edges = range(left, max(left, min(self.width, int(x + size * points[-1][0]) + 1)) + 1)
        tops = [y + size * _along([(place, top) for place, top, _ in points], (edge - x) / size) for edge in edges]
        lows = [y + size * _along([(place, low) for place, _, low in points], (edge - x) / size) for edge in edges]
        return Shape(left, tops, lows, self.flat(colour))

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> Shape:
        left = min(self.width, max(0, int(x - radius)))
        edges = range(left, max(left, min(self.width, int(x + radius) + 1)) + 1)
        halves = [sqrt(max(0.0, radius * radius - (edge - x) * (edge - x))) for edge in edges]
        return Shape(left, [y - half for half in halves], [y + half for half in halves], self.flat(colour))

    def ridge(self, base: float, rise: float, length: float, octaves: int, sharp: bool = False) -> Outline:
        """Return a skyline from `base` up to `rise` higher, widest waves `length` long, smooth or in straight lines."""
        tops = [base] * (self.width + 1)
        share = rise / sum(_SHARES[:octaves])
        for octave in range(octaves):
            step = max(2, int(length / 2**octave))
            parts = [x / step for x in range(step)]
            if not sharp:
                parts = [part * part * (3 - 2 * part) for part in parts]
            heights = [self._height(index, sharp and not octave) for index in range(self.width // step + 4)]
            lattice = [height * share * _SHARES[octave] for height in heights]
            line = [here + (there - here) * part for here, there in pairwise(lattice) for part in parts]
            tops = list(map(sub, tops, islice(line, int(self.rng.random() * step), None)))
        return tops

    def _height(self, index: int, alternate: bool) -> float:
        chance = self.rng.random()
        if not alternate:
            return chance
        return 0.55 + 0.45 * chance if index % 2 else 0.4 * chance


def _along(points: list[Point], x: float) -> float:
    """Return the height of a polyline at x."""
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if x <= x1:
            return y0 + (y1 - y0) * max(0.0, x - x0) / ((x1 - x0) or 1.0)
    return points[-1][1]


def lower(first: Outline, second: Outline) -> Outline:
    return list(map(max, first, second))


def _pine(part: float) -> float:
    tier = part * 5 - int(part * 5)
    return 1 - part + 0.12 * (tier - 0.5) * (part > 0.1)


def crown(part: float) -> float:
    return sqrt(max(0.0, 1 - part * part)) * 0.9


def wooded(scene: Scene, tops: Outline, size: float, density: float, form: Form = _pine) -> Outline:
    """Return the outline with groups of trees on it."""
    grown = list(tops)
    x, slim = 0.0, 0.16 if form is _pine else 0.6
    while x < scene.width:
        tall = size * scene.between(0.45, 1.0)
        half = max(1.0, tall * slim * scene.between(0.8, 1.15))
        foot = tops[int(x)]
        for edge in range(max(0, int(x - half)), min(scene.width, int(x + half)) + 1):
            grown[edge] = min(grown[edge], foot - tall * form(min(1.0, abs(edge - x) / half)))
        x += half * scene.between(0.5, 2.2) + (size * scene.between(1, 4) if scene.rng.random() > density else 0)
    return grown


def shaded(scene: Scene, tops: Outline, steepness: Outline) -> Outline:
    """Return where shadow starts: at the crest on slopes facing away, ever lower on slopes facing the light."""
    before = tops[:-1] if scene.light[0] < scene.width / 2 else tops[1:]
    after = tops[1:] if scene.light[0] < scene.width / 2 else tops[:-1]
    shade = [top if behind > front else 1e9 for top, front, behind in zip(tops, before, after, strict=False)] + [1e9]
    for x in range(1, len(shade)):
        shade[x] = min(shade[x], shade[x - 1] + steepness[x])
    for x in range(len(shade) - 2, -1, -1):
        shade[x] = min(shade[x], shade[x + 1] + steepness[x])
    return lower(tops, shade)


def lens(scene: Scene, x: float, y: float, half: float, thick: float, colour: Colour, weight: float) -> None:
    tint = pixel(colour)
    for row in range(int(y - thick), min(scene.height, int(y + thick) + 2)):
        away = (row + 0.5 - y) / (thick + 0.5)
        part = 1 - away * away
        if part <= 0 or row < scene.horizon:
            continue
        reach = half * part
        start, end = max(0, int(x - reach)), min(scene.width, int(x + reach) + 1)
        if start < end:
            scene.runs.setdefault(row, []).append(Run(start, end, tint, weight * min(1.0, part * 1.5)))
