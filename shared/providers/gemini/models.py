"""Gemini's models, and the mapping from pixel sizes to the image models' aspect ratios and size names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Set
from typing import Any

from shared.models import Model, Size

# Output sizes at 1K by ratio, from Google's table of November 2026; 2K and 4K are two and four times as long per side.
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
_LONG_AT_1K = {
    "1:4": Size(512, 2048),
    "4:1": Size(2048, 512),
    "1:8": Size(384, 3072),
    "8:1": Size(3072, 384),
}
_SCALES = {"1K": 1.0, "2K": 2.0, "4K": 4.0}
_SMALL = {"512": 0.5}
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
_UNSCALED = "gemini-2.5-flash-image"
"""The one model with a single size; it rejects `imageSize`."""

_IMAGE_MODEL = re.compile(r"gemini-[\w.-]*(?:image|nano-banana)[\w.-]*", re.ASCII)
_FLASH_IMAGE = re.compile(r"gemini-(?:3\.1-flash-image|nano-banana-2)[\w.-]*", re.ASCII)
"""The models with long ratios and with 512: Nano Banana 2 and its successors."""

_OMNI_MODEL = re.compile(r"gemini-omni-[\w.-]+", re.ASCII)
_VEO_MODEL = re.compile(r"veo-[\w.-]+", re.ASCII)

_FIRST_OMNI = "gemini-omni-flash-preview"
_SHORT_OMNI = ("gemini-omni-1.1-flash", _FIRST_OMNI)
"""The models with videos of up to 10 seconds; later ones make up to 15."""

_IMAGEN = ("imagen-4.0-generate-001", "imagen-4.0-fast-generate-001", "imagen-4.0-ultra-generate-001")
_VEO = ("veo-3.1-generate-preview", "veo-3.1-fast-generate-preview", "veo-3.1-lite-generate-preview")
DECLINED = {
    **dict.fromkeys(_IMAGEN, "Google has shut down Imagen 4; use gemini-nano-banana-2.1 instead."),
    **dict.fromkeys(_VEO, "Google has shut down Veo 3.1 for this key; use gemini-omni-1.2-flash instead."),
}
"""Retired models that callers still request, with the error text for when Google no longer lists them."""


def _ratios(upstream: str) -> Mapping[str, Size]:
    """Return the model's sizes at 1K by ratio."""
    if upstream == _UNSCALED:
        return _OF_2_5
    return _AT_1K | _LONG_AT_1K if _FLASH_IMAGE.fullmatch(upstream) else _AT_1K


def _scales(upstream: str) -> Mapping[str, float]:
    """Return the model's scales by size name, relative to 1K."""
    if upstream == _UNSCALED:
        return {"1K": 1.0}
    return _SCALES | _SMALL if _FLASH_IMAGE.fullmatch(upstream) else _SCALES


def image_model(name: str) -> Model:
    """Return the image model with this name."""
    sizes = tuple(
        Size(int(width * scale), int(height * scale))
        for scale in _scales(name).values()
        for width, height in _ratios(name).values()
    )
    return Model(
        name,
        upstream=name,
        sizes=sizes,
        max_side=max(max(size) for size in sizes),
        max_inputs=3 if name == _UNSCALED else 14,
        asynchronous=False,
        typical_seconds=20.0,
    )


def omni_model(name: str) -> Model:
    """Return the Interactions API video model with this name. Its audio cannot be turned off."""
    return Model(
        name,
        "video",
        upstream=name,
        typical_seconds=60.0,
        seconds=(10, *range(3, 10), *range(11, 11 if name in _SHORT_OMNI else 16)),
        resolutions=("720p",) if name == _FIRST_OMNI else ("720p", "360p", "1080p", "4k"),
        ratios=("16:9", "9:16"),
        frames=2,
        max_inputs=10,
    )


def veo_model(name: str) -> Model:
    """Return the Veo model with this name, for keys that still have one: Google shut down its Veo models in 2026."""
    return Model(
        name,
        "video",
        upstream=name,
        typical_seconds=90.0,
        seconds=(8, 4, 6),
        resolutions=("720p", "1080p") if "-lite" in name else ("720p", "1080p", "4k"),
        ratios=("16:9", "9:16"),
        frames=2,
        max_inputs=3,
    )


def is_veo(upstream: str) -> bool:
    """Return whether a model generates videos through operations rather than the Interactions API."""
    return _VEO_MODEL.fullmatch(upstream) is not None


_IMAGES = tuple(
    image_model(name)
    for name in (
        "gemini-nano-banana-2.1",
        "gemini-3-pro-image",
        "gemini-3.1-flash-lite-image",
        "gemini-3.1-flash-image",
        _UNSCALED,
    )
)
_OMNI = tuple(map(omni_model, ("gemini-omni-1.2-flash", "gemini-omni-1.1-flash", _FIRST_OMNI)))
BUILT_IN = _IMAGES + _OMNI


def image_config(upstream: str, size: Size, *, with_ratio: bool = True) -> dict[str, Any]:
    """Return the nearest aspect ratio and size name; without the ratio, Gemini keeps the input images' ratio."""
    ratios, scales = _ratios(upstream), _scales(upstream)
    ratio = min(ratios, key=lambda name: abs(_shape(ratios[name]) - _shape(size)))
    scale = min(scales, key=lambda name: abs(math.log(math.prod(size) / math.prod(ratios[ratio]) / scales[name] ** 2)))
    scaled = {} if upstream == _UNSCALED else {"imageSize": scale}
    return ({"aspectRatio": ratio} if with_ratio else {}) | scaled


def listed_models(methods: Mapping[str, Set[str]]) -> tuple[Model, ...]:
    """Return the built-in models that are still listed, plus new ones. `methods` maps listed names to their methods.

    Omni models are recognised by name alone, because their method's name is not known.
    """
    images = {name for name, has in methods.items() if "generateContent" in has and _IMAGE_MODEL.fullmatch(name)}
    omni = {name for name in methods if _OMNI_MODEL.fullmatch(name)}
    veo = sorted(name for name, has in methods.items() if "predictLongRunning" in has and is_veo(name))
    return (
        *_listed(_IMAGES, images, image_model),
        *_listed(_OMNI, omni, omni_model),
        *map(veo_model, veo),
    )


def _listed(built_in: tuple[Model, ...], names: Set[str], model: Callable[[str], Model]) -> tuple[Model, ...]:
    """Return the built-in models in `names`, then the new ones; a list without any built-in model is ignored."""
    known = tuple(each for each in built_in if each.upstream in names)
    if not known:
        return built_in
    return known + tuple(map(model, sorted(names - {each.id for each in known})))


def _shape(size: Size) -> float:
    return math.log(size.width / size.height)
