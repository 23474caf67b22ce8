"""Map the size that a client requests to one that the model supports."""

from __future__ import annotations

import math
import re

from shared.errors import BadRequest
from shared.models import Model, Size

WIDEST = 3.0

_SIDES = {"512": 512, "1k": 1024, "2k": 2048, "4k": 4096}
_ALIKE, _AS_MANY = 0.03, 0.1
"""Tolerances of the logarithms of aspect ratios and of areas within which two sizes count as the same."""

_RATIO = re.compile(r"([1-9]\d{0,4}):([1-9]\d{0,4})", re.ASCII)


def parse_size(text: str) -> Size | None:
    """Parse `WxH` in pixels. Returns None for `auto`."""
    if text.strip().lower() in ("auto", ""):
        return None
    try:
        return Size.parse(text)
    except ValueError:
        raise BadRequest("'size' has to be width x height in pixels, like 1024x1024, or auto.", param="size") from None


def side_of(resolution: str | None) -> int | None:
    """Return the side of a square with the resolution's pixel count, such as `2K`; None if it is not a resolution."""
    return _SIDES.get((resolution or "").strip().lower())


def size_of_ratio(text: str | None, model: Model, side: int | None = None) -> Size:
    """Return a size with the ratio and the area `side`**2; None for either takes it from the default size."""
    ratio = _ratio(text) if text is not None else model.default_size.width / model.default_size.height
    area = side**2 if side else math.prod(model.default_size)
    return Size(_rounded(math.sqrt(area * ratio)), _rounded(math.sqrt(area / ratio)))


def within(size: Size, model: Model) -> Size:
    """Scale the size down to the model's limit, keeping about the same ratio."""
    factor = model.max_side / max(size)
    return size if factor >= 1 else Size(*(min(model.max_side, 8 * math.ceil(side * factor / 8)) for side in size))


def same_shape(one: Size, other: Size) -> bool:
    return abs(_shape(one) - _shape(other)) <= _ALIKE


def same_extent(one: Size, other: Size) -> bool:
    return abs(_extent(one) - _extent(other)) <= _AS_MANY


def is_ratio(text: str) -> bool:
    """Return whether the text is an aspect ratio such as `16:9`, which some clients send as the size."""
    return _RATIO.fullmatch(text.strip()) is not None


def _ratio(text: str) -> float:
    match = _RATIO.fullmatch(text.strip())
    if match is None:
        raise BadRequest("'aspect_ratio' has to be like 16:9.", param="aspect_ratio")
    ratio = int(match[1]) / int(match[2])
    if not 1 / WIDEST <= ratio <= WIDEST:
        raise BadRequest("'aspect_ratio' may go from 1:3 to 3:1.", param="aspect_ratio")
    return ratio


def fit(wanted: Size, model: Model) -> Size:
    """Return the model's size that is nearest by ratio, then by area. Raises BadRequest beyond its limits."""
    if max(wanted) > model.max_side:
        raise BadRequest(f"'{model.id}' makes pictures of up to {model.max_side} pixels a side.", param="size")
    if max(wanted) > _widest(model) * min(wanted):
        raise BadRequest("'size' may be up to three times as wide as high, or as high as wide.", param="size")
    if model.sizes:
        return min(
            model.sizes, key=lambda size: (abs(_shape(size) - _shape(wanted)), abs(_extent(size) - _extent(wanted)))
        )
    size = _grown(Size(*(max(side, model.min_side) for side in wanted)), model.min_pixels)
    return _shrunk(size, model.max_pixels) if model.max_pixels else size


def _widest(model: Model) -> float:
    """Return the largest ratio of a size's sides, of which the model's own sizes may have larger ones."""
    return max([WIDEST, *(max(size) / min(size) for size in model.sizes)])


def _grown(size: Size, min_pixels: int) -> Size:
    """Scale the size up to at least `min_pixels`, keeping the ratio."""
    factor = math.sqrt(min_pixels / math.prod(size))
    return size if factor <= 1 else Size(*(8 * math.ceil(side * factor / 8) for side in size))


def _shrunk(size: Size, max_pixels: int) -> Size:
    """Scale the size down to at most `max_pixels`, keeping the ratio."""
    factor = math.sqrt(max_pixels / math.prod(size))
    return size if factor >= 1 else Size(*(8 * math.floor(side * factor / 8) for side in size))


def _rounded(side: float) -> int:
    return max(8, round(side / 8) * 8)


def _shape(size: Size) -> float:
    return round(math.log(size.width / size.height), 2)


def _extent(size: Size) -> float:
    return math.log(math.prod(size))
