"""Map the requested length, resolution and ratio of a video to those that the model supports."""

from __future__ import annotations

import math
import re

from shared.errors import BadRequest
from shared.models import Model, Size

_RATIO = re.compile(r"([1-9]\d{0,4}):([1-9]\d{0,4})", re.ASCII)
_RESOLUTION = re.compile(r"([1-9]\d{2,3})p?|([248])k", re.ASCII | re.IGNORECASE)
_PICTURES_OWN = ("adaptive", "keep_ratio", "auto")
_USUAL_SECONDS, _USUAL_RESOLUTION, _USUAL_RATIO = 5, "720p", "16:9"


def fit_seconds(wanted: float | None, model: Model, param: str) -> int:
    """Return the model's nearest length in seconds. Raises BadRequest beyond its longest, which is too different."""
    if wanted is None:
        return model.seconds[0] if model.seconds else _USUAL_SECONDS
    if model.seconds and wanted > max(model.seconds):
        raise BadRequest(f"'{model.id}' makes videos of up to {max(model.seconds)} seconds.", param=param)
    return min(model.seconds, key=lambda seconds: abs(seconds - wanted)) if model.seconds else round(wanted)


def fit_resolution(wanted: str | Size | None, model: Model) -> str:
    """Return the model's resolution that is nearest to one like `720p`, or to a size in pixels."""
    if wanted is None:
        return model.resolutions[0] if model.resolutions else _USUAL_RESOLUTION
    lines = _lines(wanted)
    if not model.resolutions:
        return f"{lines}p"
    return min(model.resolutions, key=lambda resolution: abs(math.log(_lines(resolution) / lines)))


def is_pictures_own(ratio: str | Size | None) -> bool:
    """Return whether the video takes the ratio of its input image."""
    return ratio in _PICTURES_OWN


def fit_ratio(wanted: str | Size | None, model: Model, param: str, *, with_pictures: bool) -> str:
    """Return the model's ratio that is nearest to one like `16:9`, or to a size in pixels.

    `adaptive` is that of the input image. An empty string leaves it to the upstream: if none was requested, or if the
    ratio should be that of an image and there is none, or the model does not support `adaptive`.
    """
    if is_pictures_own(wanted):
        return "adaptive" if with_pictures and "adaptive" in model.ratios else ""
    if wanted is None:
        return ""
    shape = _shape(wanted, param)
    ratios = [ratio for ratio in model.ratios if _RATIO.fullmatch(ratio)]
    if not ratios:
        return _in_lowest_terms(wanted) if isinstance(wanted, Size) else wanted
    return min(ratios, key=lambda ratio: abs(math.log(_shape(ratio) / shape)))


def nominal_size(resolution: str, ratio: str, model: Model, *, with_pictures: bool) -> Size | None:
    """Return the nominal size of a video; None if it depends on an image. The actual pixels may differ slightly."""
    if not ratio and not with_pictures:
        ratio = model.ratios[0] if model.ratios else _USUAL_RATIO
    if not _RATIO.fullmatch(ratio):
        return None
    lines, shape = _lines(resolution), _shape(ratio)
    return Size(_even(lines * shape), lines) if shape >= 1 else Size(lines, _even(lines / shape))


def _lines(resolution: str | Size) -> int:
    """Return the shorter side in pixels."""
    if isinstance(resolution, Size):
        return min(resolution)
    match = _RESOLUTION.fullmatch(resolution.strip())
    if match is None:
        raise BadRequest("'resolution' has to be like 720p.", param="resolution")
    return int(match[1]) if match[1] else 540 * int(match[2])


def _shape(ratio: str | Size, param: str = "ratio") -> float:
    if isinstance(ratio, Size):
        return ratio.width / ratio.height
    match = _RATIO.fullmatch(ratio.strip())
    if match is None:
        raise BadRequest(f"'{param}' has to be like 16:9, or adaptive.", param=param)
    return int(match[1]) / int(match[2])


def _in_lowest_terms(size: Size) -> str:
    divisor = math.gcd(*size)
    return f"{size.width // divisor}:{size.height // divisor}"


def _even(side: float) -> int:
    return 2 * round(side / 2)
