"""Draw the image of a digest: a poster landscape whose composition, palette and light come from its bytes."""

import re
from array import array
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from math import sqrt
from random import Random

from shared.providers.sketch import png
from shared.providers.sketch.landscapes import COMPOSITIONS
from shared.providers.sketch.png import FULL, PIXEL, Colour, Shape
from shared.providers.sketch.scene import PALETTES, Palette, Scene, lens, mix, palette_of, pixel
from shared.providers.sketch.words import COMPOSITION_WORDS, PALETTE_WORDS


def draw(digest: bytes, width: int, height: int) -> bytes:
    """Return a PNG of 1 to 2048 pixels per side; the same digest and size give the same image on every machine."""
    scene = _scene(digest, width, height)
    size = width, height
    canvas = png.landscape(_sky(scene), scene.sky, scene.land, size, int(scene.horizon) if scene.water else height)
    if scene.water:
        _moisten(scene, canvas)
    png.stand_before(canvas, scene.front, size)
    return png.encode(canvas, size)


drawn = lru_cache(maxsize=4)(draw)
"""`draw` with a cache of the last few images."""


def steered(digest: bytes, text: str) -> bytes:
    """Return the digest with its first two bytes set to the composition and palette that the text names, if any."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    first = _named(list(COMPOSITIONS), COMPOSITION_WORDS, words, digest[0])
    second = _named(list(PALETTES), PALETTE_WORDS, words, digest[1])
    return bytes([first, second]) + digest[2:]


def _named(names: list[str], meanings: Mapping[str, str], words: set[str], otherwise: int) -> int:
    fitting = (names.index(name) for name, its in meanings.items() if not words.isdisjoint(its.split()))
    return next(fitting, otherwise)


def _chosen(table: Collection[str], byte: int) -> str:
    return list(table)[byte % len(table)]


def _scene(digest: bytes, width: int, height: int) -> Scene:
    composition = COMPOSITIONS[_chosen(COMPOSITIONS, digest[0])]
    palette = palette_of(PALETTES[_chosen(PALETTES, digest[1])])
    rng = Random(int.from_bytes(digest, "big"))
    line = int(height * (composition.horizon + 0.06 * rng.random()))
    scene = Scene(rng, palette, width, height, min(width, height), line, composition.water)
    scene.noise, scene.whole = png.column_noise(height), png.profile([FULL] * height)
    _lights(scene)
    composition.draw(scene)
    hidden = any(shape.tops[int(scene.light[0])] < scene.light[1] for shape in scene.land)
    if scene.water and not scene.aurora and not hidden:
        _glints(scene)
    return scene


def _lights(scene: Scene) -> None:
    palette, line = scene.palette, scene.horizon
    low, high, size = ((0.2, 0.4, 0.05), (0.5, 0.7, 0.09), (0.74, 0.92, 0.13))[int(scene.rng.random() * 3)]
    x, y = scene.width * scene.between(0.22, 0.78), line * scene.between(low, high)
    scene.light, scene.radius = (x, y), scene.unit * (0.045 if palette.night else size * scene.between(0.85, 1.2))
    if not palette.night:
        scene.sky.append(scene.disc(x, y, scene.radius, palette.light))
        _clouds(scene)
        if scene.rng.random() < 0.5:
            _birds(scene)
        return
    _stars(scene)
    scene.aurora = scene.rng.random() < 0.4
    if not scene.aurora:
        moon = scene.disc(x, y, scene.radius, palette.light)
        scene.sky.extend(_crescent(moon, scene) if scene.rng.random() < 0.5 else [moon])


def _crescent(moon: Shape, scene: Scene) -> list[Shape]:
    """Return the moon minus a disc of shadow, as an upper and a lower shape."""
    # The shapes meet on a whole row, so that they share no pixel and no seam is visible.
    x, y, radius = scene.light[0] + scene.radius * 0.45, round(scene.light[1] - scene.radius * 0.2), scene.radius * 0.88
    upper, lower = [], []
    for place, (top, low) in enumerate(zip(moon.tops, moon.bottoms or (), strict=True), moon.left):
        half = sqrt(max(0.0, radius * radius - (place - x) * (place - x)))
        upper.append(min(low, max(top, y - half)))
        lower.append(max(top, min(low, y + half)))
    return [moon._replace(bottoms=upper), moon._replace(tops=lower)]


def _stars(scene: Scene) -> None:
    tones = [mix(scene.palette.middle, scene.palette.light, part) for part in (0.5, 0.75, 1.0)]
    for _ in range(int(260 * scene.spread)):
        x, y = scene.rng.random() * scene.width, scene.rng.random() * scene.rng.random() * scene.horizon
        radius = scene.unit / 1024 * scene.between(0.6, 1.3)
        scene.sky.append(scene.disc(x, y, radius, tones[int(scene.rng.random() * 3)]))


def _clouds(scene: Scene) -> None:
    palette, unit = scene.palette, scene.unit
    for _ in range(int(scene.between(0, 6))):
        x, y = scene.width * scene.between(-0.1, 1.0), scene.horizon * scene.between(0.15, 0.9)
        length, thick = unit * scene.between(0.2, 0.6), unit * scene.between(0.008, 0.022)
        colour = mix(mix(palette.horizon, palette.light, 0.5), palette.middle, scene.between(0, 0.3))
        strip = scene.figure((x, y), length, [(0, 0, 0), (1, 0, 0)], colour)
        bumps = scene.ridge(0, 1.6, length * 0.2, 2)
        edges = [(strip.left + index - x) / length * 2 - 1 for index in range(len(strip.tops))]
        halves = [max(0.0, 1 - edge * edge) for edge in edges]
        tops = [y + thick * half * bumps[strip.left + index] for index, half in enumerate(halves)]
        lows = [y + thick * half * 0.4 for half in halves]
        scene.sky.append(strip._replace(tops=tops, bottoms=lows, weights=[0.7 * half for half in halves[1:]]))


def _birds(scene: Scene) -> None:
    x, y = scene.width * scene.between(0.2, 0.8), scene.horizon * scene.between(0.3, 0.7)
    colour = mix(scene.palette.near, scene.palette.middle, 0.25)
    wings = [(-1.0, -0.1, -0.1), (-0.45, -0.4, -0.25), (0.0, 0.0, 0.14), (0.45, -0.4, -0.25), (1.0, -0.1, -0.1)]
    for _ in range(int(scene.between(3, 8))):
        place = x + scene.unit * scene.between(-0.18, 0.18), y + scene.unit * scene.between(-0.08, 0.08)
        scene.sky.append(scene.figure(place, scene.unit * scene.between(0.009, 0.016), wings, colour))


def _glints(scene: Scene) -> None:
    """Add the light's broken reflection on the water."""
    x, y = scene.light[0], scene.horizon + 1.0
    while y < scene.height:
        depth = (y - scene.horizon) / (scene.height - scene.horizon)
        spread = scene.radius * 0.7 + scene.unit * 0.06 * depth
        for _ in range(3):
            aside = (scene.rng.random() + scene.rng.random() - 1) * spread
            half = spread * scene.between(0.2, 0.8) * (1 - abs(aside) / spread * 0.6)
            thick = max(0.7, scene.unit * (0.0012 + 0.0045 * depth))
            lens(scene, x + aside, y, half, thick, scene.palette.light, 0.75 * (1 - 0.75 * depth))
        y += 1 + scene.unit * 0.0095 * (0.15 + depth) * scene.between(0.5, 1.5)


def _sky(scene: Scene) -> Callable[[int], bytes]:
    """Return a function from x to that column of sky pixels: a gradient with glows or an aurora."""
    depth = _skyline(scene)
    base = [_air(scene.palette, y / (scene.horizon or 1.0)) for y in range(depth)]
    ground = png.lanes(base, FULL)
    noise = [column & (1 << PIXEL * depth) - 1 for column in scene.noise]
    rings = () if scene.aurora else ((0.36, 0.7), (0.36, 0.22))
    glows = [_glow(scene, base, strength, reach) for strength, reach in rings]
    curtains = [_curtain(scene, depth) for _ in range(2)] if scene.aurora else []

    def column(x: int) -> bytes:
        total = ground + noise[x & 7]
        for tint, weights in glows:
            if weights[x]:
                total += tint * weights[x]
        for tint, weights, hem in curtains:
            total += (tint << PIXEL * hem[x]) * weights[x]
        return png.to_pixels(total, depth)

    return column


def _skyline(scene: Scene) -> int:
    """Return the first row that contains no sky."""
    outlines = [shape.tops for shape in scene.land if shape.bottoms is None]
    lowest = max(map(min, zip(*outlines, strict=True))) if outlines else scene.horizon
    return max(1, min(scene.height, int(min(lowest, scene.horizon) if scene.water else lowest) + 2))


def _air(palette: Palette, part: float) -> Colour:
    if part < 0.55:
        return mix(palette.zenith, palette.middle, part / 0.55)
    return mix(palette.middle, palette.horizon, min(1.0, (part - 0.55) / 0.45))


def _bell(distance: float) -> float:
    """Approximate exp(-d * d) with multiplications only, which give the same result on every machine."""
    value = max(0.0, 1 - distance * distance / 16)
    for _ in range(4):
        value *= value
    return value


def _glow(scene: Scene, base: list[Colour], strength: float, reach: float) -> tuple[int, list[int]]:
    """Return row shifts towards the light's colour and column weights (the product of two bells is round)."""
    (x0, y0), size = scene.light, max(1.0, reach * scene.unit)
    (red, green, blue), strength = scene.palette.light, strength * (0.6 if scene.palette.night else 1.0)
    parts = [strength * _bell((y - y0) / size) for y in range(len(base))]
    rows = zip(parts, base, strict=True)
    pull = (((red - r) * part, (green - g) * part, (blue - b) * part) for part, (r, g, b) in rows)
    return png.lanes(pull, 16), [int(4095 * _bell((x - x0) / size)) for x in range(scene.width)]


def _curtain(scene: Scene, depth: int) -> tuple[int, list[int], list[int]]:
    """Return an aurora fading upwards from a sharp, wavy lower hem: its tint, column weights and hem rows."""
    tall = int(min(scene.unit * 0.36, depth * 0.5))
    parts = [(y + 1) / (tall + 1) for y in range(tall)]
    green, violet = (18.0, 105.0, 70.0), (60.0, 20.0, 90.0)
    rows = [mix((0, 0, 0), mix(violet, green, part), part * part * min(1.0, 8 - 8 * part)) for part in parts]
    hem = scene.ridge(depth * scene.between(0.25, 0.42), depth * 0.25, scene.unit * 0.5, 3)
    bands = zip(scene.ridge(0, 1, scene.unit * 0.35, 2), scene.ridge(0, 1, scene.unit * 0.05, 3), strict=True)
    weights = [int(4095 * min(1.0, 2.2 * band * band) * (0.55 - 0.45 * ray)) for band, ray in bands]
    return png.lanes(rows, 16), weights, [max(0, min(depth - tall, int(low))) for low in hem]


def _moisten(scene: Scene, canvas: png.Canvas) -> None:
    """Turn the mirror image into water: darker, distorted, with waves and glints on it."""
    width, line = scene.width, int(scene.horizon)
    water = pixel(mix(scene.palette.near, scene.palette.zenith, 0.5))
    noise = png.line_noise(width)
    for y in range(line, scene.height):
        depth = (y - line) / (scene.height - line)
        row = canvas[y * width : (y + 1) * width].tobytes()
        row = _shifted(row, int(scene.unit * (0.002 + 0.01 * depth) * scene.between(-1, 1)))
        painted = bytearray(png.mixed(row, water, 0.12 + 0.35 * depth, noise[y & 7]))
        for run in scene.runs.get(y, ()):
            part = slice(4 * run.start, 4 * run.end)
            painted[part] = png.mixed(painted[part], run.colour, run.weight, noise[y & 7])
        canvas[y * width : (y + 1) * width] = array("I", bytes(painted))


def _shifted(row: bytes, places: int) -> bytes:
    """Return the row shifted right (left if negative), with its edge pixel repeated."""
    if places > 0:
        return (row[:4] * places + row)[: len(row)]
    return (row + row[-4:] * -places)[-len(row) :]
