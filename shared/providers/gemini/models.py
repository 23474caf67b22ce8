"""Gemini's image models, and how the pixels that we speak of become the ratios and sizes that they know."""

from __future__ import annotations

import math
import re
from typing import Any

from shared.values import Model, Size

# What comes out at 1K, by ratio; 2K and 4K are twice and four times as much a side.
_AT_1K = {
    "1:1": Size(1024, 1024),
    "2:3": Size(848, 1264),
    "3:2": Size(1264, 848),
    "3:4": Size(896, 1200),
    "4:3": Size(1200, 896),
    "4:5": Size(928, 1152),
    "5:4": Size(1152, 928),
    "9:16": Size(768, 1376),
    "16:9": Size(1376, 768),
    "21:9": Size(1584, 672),
}
_SCALES = {"1K": 1, "2K": 2, "4K": 4}
_OF_2_5 = {
    "1:1": Size(1024, 1024),
    "2:3": Size(832, 1248),
    "3:2": Size(1248, 832),
    "3:4": Size(864, 1184),
    "4:3": Size(1184, 864),
    "4:5": Size(896, 1152),
    "5:4": Size(1152, 896),
    "9:16": Size(768, 1344),
    "16:9": Size(1344, 768),
    "21:9": Size(1536, 672),
}
_SCALED = tuple(Size(width * scale, height * scale) for scale in _SCALES.values() for width, height in _AT_1K.values())
_UNSCALED = "gemini-2.5-flash-image"
"""The one model with a single size, which refuses to be told so."""

_IMAGE_MODEL = re.compile(r"gemini-[\w.-]*(?:image|nano-banana)[\w.-]*", re.ASCII)


def image_model(name: str) -> Model:
    """What an image model of this name can do."""
    sizes = tuple(_OF_2_5.values()) if name == _UNSCALED else _SCALED
    return Model(
        name,
        upstream=name,
        sizes=sizes,
        max_side=max(max(size) for size in sizes),
        max_inputs=3 if name == _UNSCALED else 14,
        asynchronous=False,
        typical_seconds=20.0,
    )


BUILT_IN = tuple(
    image_model(name)
    for name in (
        "gemini-nano-banana-2.1",
        "gemini-3-pro-image",
        "gemini-3.1-flash-lite-image",
        "gemini-3.1-flash-image",
        _UNSCALED,
    )
)


def image_config(upstream: str, size: Size, *, with_ratio: bool = True) -> dict[str, Any]:
    """The ratio that is nearest to these pixels, and the size; without the former the inputs' own is kept."""
    ratios = _OF_2_5 if upstream == _UNSCALED else _AT_1K
    ratio = min(ratios, key=lambda name: abs(_shape(ratios[name]) - _shape(size)))
    scale = min(
        _SCALES, key=lambda name: abs(math.log(math.prod(size) / math.prod(ratios[ratio]) / _SCALES[name] ** 2))
    )
    scaled = {} if upstream == _UNSCALED else {"imageSize": scale}
    return ({"aspectRatio": ratio} if with_ratio else {}) | scaled


def listed_models(names: frozenset[str]) -> tuple[Model, ...]:
    """The built-in models that are still there, and new ones that are called like image models.

    A list that has none of ours is not believed.
    """
    known = tuple(model for model in BUILT_IN if model.upstream in names)
    if not known:
        return BUILT_IN
    new = sorted(name for name in names - {model.id for model in known} if _IMAGE_MODEL.fullmatch(name))
    return known + tuple(map(image_model, new))


def _shape(size: Size) -> float:
    return math.log(size.width / size.height)
