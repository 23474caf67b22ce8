"""The landscapes an image can show, each added to a scene from back to front."""

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple

from shared.providers.sketch.png import Colour, Outline, Shape
from shared.providers.sketch.scene import Point, Scene, crown, lens, lower, mix, shaded, wooded


def _lake(scene: Scene) -> None:
    line, unit = scene.horizon, scene.unit
    for step in range(3):
        rise = unit * (0.34 - 0.08 * step)
        tops = scene.ridge(line - unit * 0.04, rise, unit * (0.4 - 0.06 * step), 7, sharp=True)
        scene.land.append(scene.ground(tops, 0.08 + 0.22 * step, 0.7))
    for step in range(2):
        shore = scene.ridge(line - unit * (0.03 - 0.02 * step), unit * (0.1 - 0.05 * step), unit * 0.5, 3)
        scene.land.append(scene.ground(wooded(scene, shore, unit * (0.05 + 0.03 * step), 0.8), 0.72 + 0.25 * step))


def _fjord(scene: Scene) -> None:
    line, unit = scene.horizon, scene.unit
    scene.land.append(scene.ground(scene.ridge(line, unit * 0.2, unit * 0.2, 6, sharp=True), 0.02, 0.8))
    for step in range(6):
        reach = scene.width * (0.66 - 0.07 * step) * scene.between(0.85, 1.1)
        rise = min(line * 0.8, unit * scene.between(0.42, 0.6)) * (0.7 + 0.09 * step)
        rough = scene.ridge(0, 1, unit * 0.25, 7, sharp=True)
        tops = []
        for x, bump in enumerate(rough):
            near = max(0.0, 1 - (scene.width - x if step % 2 else x) / reach)
            tops.append(min(line + 2.0, line + unit * 0.01 - rise * (0.55 * near - bump * min(near * 1.6, 0.7))))
        scene.land.append(scene.ground(tops, 0.12 + 0.15 * step, 0.75))


def _sea(scene: Scene) -> None:
    line, unit = scene.horizon, scene.unit
    for step in range(2):
        rise = unit * (0.44 - 0.1 * step)
        rough = scene.ridge(0, 1, unit * 0.45, 5)
        tops = [min(line + 2.0, line - rise * (-level - 0.55)) for level in rough]
        scene.land.append(scene.ground(tops, 0.1 + 0.3 * step, 0.5))
    _waves(scene)
    if scene.rng.random() < 0.7:
        size = unit * scene.between(0.05, 0.1)
        _boat(scene, scene.width * scene.between(0.15, 0.85), line + size * scene.between(0.4, 0.9), size)


def _boat(scene: Scene, x: float, y: float, size: float) -> None:
    sail = mix(scene.palette.light, scene.palette.far, 0.25)
    parts: tuple[tuple[list[tuple[float, float, float]], Colour], ...] = (
        ([(-0.5, -0.22, -0.22), (-0.05, -1.2, -0.2)], mix(sail, scene.palette.far, 0.35)),
        ([(0.0, -1.35, -0.2), (0.62, -0.2, -0.2)], sail),
        ([(-0.6, -0.14, -0.14), (-0.4, -0.14, 0.0), (0.5, -0.14, 0.0), (0.7, -0.14, -0.14)], scene.palette.near),
    )
    scene.front.extend(scene.figure((x, y), size, points, colour) for points, colour in parts)


def _lighthouse(scene: Scene) -> None:
    unit, line, width = scene.unit, scene.horizon, scene.width
    _waves(scene)
    rough = scene.ridge(0, unit * 0.1, unit * 0.12, 6, sharp=True)
    left = scene.light[0] > width / 2
    for step in range(2):
        rise = scene.height - line + unit * (0.06 - 0.1 * step)
        tops = []
        for x, bump in enumerate(rough):
            near = 1 - (x if left else width - x) / (width * (0.62 - 0.16 * step))
            tops.append(scene.height * (1 + 0.03 * step) - rise * min(1.0, 1.8 * near) + bump * max(0.0, 1.2 - near))
        if not step:
            x = int(width * (0.2 if left else 0.8))
            _tower(scene, (x, tops[x] + unit * 0.02), unit * 0.3)
        scene.front.append(scene.ground(tops, 0.75 + 0.25 * step, 0.2))


def _tower(scene: Scene, foot: Point, tall: float) -> None:
    palette = scene.palette
    wall, stripe, dark = mix(palette.light, palette.far, 0.15), mix(palette.far, palette.near, 0.35), palette.near
    for step in range(5):
        half, low, high = 0.13 - 0.012 * step, 0.06 - 0.212 * step, 0.06 - 0.212 * (step + 1)
        bent = [(-half, high, low), (half, high, low)]
        scene.front.append(scene.figure(foot, tall, bent, wall if step % 2 else stripe))
    for points, colour in (
        ([(-0.11, -1.03, -1.0), (0.11, -1.03, -1.0)], dark),
        ([(-0.055, -1.13, -1.03), (0.055, -1.13, -1.03)], palette.light),
        ([(-0.08, -1.13, -1.13), (0.0, -1.22, -1.13), (0.08, -1.13, -1.13)], dark),
    ):
        scene.front.append(scene.figure(foot, tall, points, colour))
    if palette.night:
        reach = scene.unit * 0.9
        _beam(scene, (foot[0], foot[1] - tall * 1.08), reach, [(-1.0, -0.12, 0.06), (0.0, 0.0, 0.0)])
        _beam(scene, (foot[0], foot[1] - tall * 1.08), reach, [(0.0, 0.0, 0.0), (1.0, -0.12, 0.06)])


def _beam(scene: Scene, lamp: Point, reach: float, points: list[tuple[float, float, float]]) -> None:
    beam = scene.figure(lamp, reach, points, scene.palette.light)
    places = range(beam.left, beam.left + len(beam.tops) - 1)
    scene.sky.append(beam._replace(weights=[0.45 * max(0.0, 1 - abs(x - lamp[0]) / reach) for x in places]))


def _peaks(scene: Scene) -> None:
    unit, base, palette = scene.unit, scene.horizon, scene.palette
    scene.land.append(scene.ground(scene.ridge(base - unit * 0.1, unit * 0.25, unit * 0.3, 6, sharp=True), 0.0, 0.8))
    crest = scene.ridge(base, min(unit * 0.66, base * 0.8), unit * 0.42, 4, sharp=True)
    rough = scene.ridge(unit * 0.02, unit * 0.03, unit * 0.03, 4, sharp=True)
    tops = [high + bump for high, bump in zip(crest, rough, strict=True)]
    shade = shaded(scene, crest, [3.2 + bump for bump in scene.ridge(0, 2.6, unit * 0.04, 2)])
    shade = lower(tops, [low + bump for low, bump in zip(shade, rough, strict=True)])
    snow = mix(mix(palette.light, palette.horizon, 0.2), palette.zenith, 0.45 * palette.night)
    rock = mix(palette.far, palette.horizon, 0.3)
    scene.land.append(scene.tinted(tops, snow, mix(snow, rock, 0.75)))
    scene.land.append(scene.tinted(shade, mix(snow, palette.far, 0.8), mix(rock, palette.far, 0.5)))
    for step in range(3):
        tops = scene.ridge(base + unit * (0.02 + 0.1 * step), unit * 0.12, unit * 0.6, 3)
        scene.land.append(scene.ground(wooded(scene, tops, unit * (0.03 + 0.035 * step), 0.85), 0.55 + 0.22 * step))


def _hills(scene: Scene) -> None:
    unit, height = scene.unit, scene.height
    for step in range(8):
        base = scene.horizon + (height - scene.horizon) * 0.13 * step
        tops = scene.ridge(base, unit * (0.2 - 0.006 * step), unit * scene.between(0.4, 0.7), 5)
        planted = wooded(scene, tops, unit * 0.011 * (step - 2), 0.9) if step > 3 else tops
        scene.land.append(scene.ground(planted, step / 7, 1.0))


def _meadow(scene: Scene) -> None:
    unit, width = scene.unit, scene.width
    tops: Outline = []
    for step in range(5):
        base = scene.horizon + (scene.height - scene.horizon) * 0.2 * step
        tops = scene.ridge(base, unit * 0.13, unit * scene.between(0.6, 0.9), 2)
        planted = wooded(scene, tops, unit * (0.02 + 0.012 * step), 0.75, crown) if 0 < step < 4 else tops
        scene.land.append(scene.ground(planted, (0.05, 0.2, 0.38, 0.6, 0.9)[step], 0.5))
    x = width * (0.28 if scene.light[0] > width / 2 else 0.72)
    _tree(scene, (x, tops[int(x)] + unit * 0.02), unit * scene.between(0.3, 0.4))


def _tree(scene: Scene, foot: Point, tall: float) -> None:
    """Add a single tree: a trunk, and leaves in three tones, the lightest facing the light."""
    x, y = foot
    palette, side = scene.palette, 0.06 if scene.light[0] > foot[0] else -0.06
    trunk = [(-0.06, -0.02, 0.0), (-0.025, -0.1, 0.0), (-0.02, -0.6, 0.0), (0.02, -0.6, 0.0), (0.025, -0.1, 0.0)]
    trunk.append((0.06, -0.02, 0.0))
    scene.front.append(scene.figure(foot, tall, trunk, palette.near))
    for tone in range(3):
        leaves = mix(palette.near, mix(palette.far, palette.light, 0.15 * tone), 0.1 + 0.16 * tone)
        for _ in range(24 - 6 * tone):
            around, up = scene.between(-1, 1), scene.between(-1, 1)
            spread = sqrt(1 - up * up * 0.9) * (0.33 - 0.06 * tone)
            aside, above = around * spread + side * tone, 0.66 + 0.05 * tone + up * (0.22 - 0.04 * tone)
            size = tall * scene.between(0.07, 0.12) * (1 - 0.15 * tone)
            scene.front.append(scene.disc(x + tall * aside, y - tall * above, size, leaves))


def _dunes(scene: Scene) -> None:
    unit, palette = scene.unit, scene.palette
    for step in range(5):
        base = scene.horizon + (scene.height - scene.horizon) * (0.1 + 0.22 * step)
        tops = scene.ridge(base, unit * (0.09 + 0.05 * step), unit * (0.4 + 0.1 * step), 2)
        sand = mix(palette.far, palette.near, 0.12 * step)
        scene.land.append(scene.tinted(tops, mix(sand, palette.light, 0.4 - 0.05 * step), sand))
        shade = mix(sand, palette.near, 0.45)
        steepness = [0.15 - bump for bump in scene.ridge(0, 0.9, unit * 0.12, 2)]
        scene.land.append(scene.tinted(shaded(scene, tops, steepness), shade, mix(sand, palette.near, 0.2)))


def _mesas(scene: Scene) -> None:
    unit, height, palette = scene.unit, scene.height, scene.palette
    for step in range(4):
        base = scene.horizon + (height - scene.horizon) * 0.16 * step
        rise = unit * (0.12 + 0.05 * step)
        tops = scene.ridge(base, unit * 0.02, unit * 0.4, 4)
        for _ in range((4, 3, 2, 1)[step]):
            middle, half = scene.width * scene.between(-0.05, 1.05), rise * scene.between(0.12, 0.75)
            _butte(scene, tops, base, middle, half, rise * scene.between(0.75, 1.15))
        scene.land.append(scene.ground(tops, 0.05 + 0.2 * step, 0.7))
        tone = mix(palette.far, palette.near, 0.15 + 0.2 * step)
        line = scene.ridge(base, unit * 0.012, unit * 0.06, 3)
        for band, thick in ((0.9, 0.06), (0.72, 0.09)):
            over, under = ([low - rise * part for low in line] for part in (band, band - thick))
            scene.land.append(Shape(0, lower(tops, over), lower(tops, under), scene.flat(tone)))
    scene.land.append(scene.ground(scene.ridge(height * 0.97, unit * 0.08, unit * 0.7, 4), 1.0))


def _butte(scene: Scene, tops: Outline, base: float, middle: float, half: float, rise: float) -> None:
    """Add a butte to `tops`: a flat top, a wall, and a slope of rubble at its foot."""
    rough = scene.ridge(0, rise * 0.2, rise * 0.15, 3, sharp=True)
    reach = half + rise
    for x in range(max(0, int(middle - reach)), min(scene.width, int(middle + reach)) + 1):
        out = max(0.0, abs(x - middle) - half + rough[x] * 0.5) / rise
        level = 1 - 20 * out * out if out < 0.16 else 0.5 - 0.6 * (out - 0.16)
        tops[x] = min(tops[x], base - rise * level + rough[x] * 0.1)


class Composition(NamedTuple):
    """A landscape; `horizon` is its distance from the top as a fraction of the height."""

    draw: Callable[[Scene], None]
    horizon: float
    water: bool


COMPOSITIONS: dict[str, Composition] = {
    "lake": Composition(_lake, 0.64, True),
    "fjord": Composition(_fjord, 0.66, True),
    "sea": Composition(_sea, 0.58, True),
    "lighthouse": Composition(_lighthouse, 0.62, True),
    "peaks": Composition(_peaks, 0.7, False),
    "hills": Composition(_hills, 0.5, False),
    "meadow": Composition(_meadow, 0.62, False),
    "dunes": Composition(_dunes, 0.6, False),
    "mesas": Composition(_mesas, 0.66, False),
}


def _waves(scene: Scene) -> None:
    """Add wave crests and troughs that grow towards the viewer."""
    y = scene.horizon + 1.0
    tones = mix(scene.palette.zenith, scene.palette.near, 0.5), mix(scene.palette.horizon, scene.palette.light, 0.3)
    while y < scene.height:
        depth = (y - scene.horizon) / (scene.height - scene.horizon)
        for _ in range(int(2 + 4 * scene.spread * (1 - depth))):
            half = scene.unit * (0.02 + 0.12 * depth) * scene.between(0.4, 1.4)
            tone = tones[scene.rng.random() < 0.4]
            lens(scene, scene.width * scene.between(-0.05, 1.05), y, half, half * 0.035, tone, 0.32)
        y += 1 + scene.unit * 0.014 * (0.2 + depth) * scene.between(0.5, 1.5)
