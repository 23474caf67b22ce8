"""Jimeng's image models, and the video models that need no browser signature.

Limits are from the site's pages and its clients' requests in spring 2026; `JIMENG_MODELS` adds and corrects models.
"""

from __future__ import annotations

import math

from shared.models import Model, Size

IMAGES_PER_JOB = 4
LARGEST_SEED = 4294967295

_MAX_INPUTS = 10
_RATIO_CODES = {"21:9": 0, "16:9": 1, "3:2": 2, "4:3": 3, "3:4": 4, "2:3": 5, "9:16": 6, "1:1": 8}
_BASIC_BENEFIT = "basic_video_operation_vgfm_v_three"
_VIDEO = "dreamina_ic_generate_video_model_vgfm_"


def _sizes(text: str) -> tuple[Size, ...]:
    return tuple(map(Size.parse, text.split()))


_1K = _sizes("1328x1328 1472x1104 1104x1472 1664x936 936x1664 1584x1056 1056x1584 2016x846")
_2K = _sizes("2048x2048 2304x1728 1728x2304 2560x1440 1440x2560 2496x1664 1664x2496 3024x1296")
_4K = _sizes("4096x4096 4693x3520 3520x4693 5404x3040 3040x5404 4992x3328 3328x4992 6197x2656")


def _image(name: str, upstream: str, sizes: tuple[Size, ...] = (*_2K, *_4K)) -> Model:
    return Model(
        name,
        upstream=upstream,
        default_size=sizes[0],
        sizes=sizes,
        max_side=max(max(size) for size in sizes),
        batch=IMAGES_PER_JOB,
        max_inputs=_MAX_INPUTS,
        typical_seconds=15.0,
        knobs=frozenset({"seed", "negative_prompt"}),
    )


def _video(name: str, upstream: str, seconds: tuple[int, ...], resolutions: tuple[str, ...] = ("720p",)) -> Model:
    return Model(
        name,
        "video",
        upstream,
        typical_seconds=120.0,
        knobs=frozenset({"seed"}),
        seconds=seconds,
        resolutions=resolutions,
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9"),
        frames=2,
    )


MODELS = (
    _image("jimeng-5.0", "high_aes_general_v50"),
    _image("jimeng-4.7", "high_aes_general_v43"),
    _image("jimeng-4.6", "high_aes_general_v42"),
    _image("jimeng-4.5", "high_aes_general_v40l"),
    _image("jimeng-4.1", "high_aes_general_v41"),
    _image("jimeng-4.0", "high_aes_general_v40"),
    _image("jimeng-3.1", "high_aes_general_v30l_art_fangzhou:general_v3.0_18b", _1K),
    _image("jimeng-3.0", "high_aes_general_v30l:general_v3.0_18b", _1K),
    _image("jimeng-2.0-pro", "high_aes_general_v20_L:general_v2.0_L", _1K),
    _video("video-3.5-pro", f"{_VIDEO}3.5_pro", (5, 10, 12)),
    _video("video-3.0-pro", f"{_VIDEO}3.0_pro", (5, 10)),
    _video("video-3.0-fast", f"{_VIDEO}3.0_fast", (5, 10), ("720p", "1080p")),
    _video("video-3.0", f"{_VIDEO}3.0", (5, 10), ("720p", "1080p")),
)

_ONLY_IN_A_BROWSER = (
    "Unknown model '{}': Jimeng requires a browser's signature for it. Set ARK_API_KEY to use it through Ark."
)
DECLINED = {
    name: _ONLY_IN_A_BROWSER.format(name)
    for name in (
        "seedance-2.0",
        "seedance-2.0-fast",
        "doubao-seedance-1-0-lite-i2v-250428",
        "doubao-seedance-1-0-lite-i2v-first-last-frame-250428",
        "doubao-seedance-1-0-lite-i2v-reference-250428",
    )
}
"""Names used by Jimeng's clients, each with the reason it is unavailable."""


def benefit(upstream: str, resolution: str) -> str:
    """Return the code under which a video is charged."""
    if upstream.endswith("3.5_pro"):
        return "dreamina_video_seedance_15_pro"
    if upstream.endswith("3.0_pro"):
        return f"{_BASIC_BENEFIT}_pro"
    return f"{_BASIC_BENEFIT}_1080" if upstream.endswith("3.0_fast") and resolution == "1080p" else _BASIC_BENEFIT


def resolution_type(size: Size) -> str:
    """Return which of the site's three resolutions a size belongs to."""
    side = math.sqrt(math.prod(size))
    return "1k" if side < 1700 else "2k" if side < 3000 else "4k"


def ratio_code(size: Size) -> int:
    """Return the site's code of the nearest ratio."""
    return _RATIO_CODES[min(_RATIO_CODES, key=lambda ratio: _distance(size, Size(*map(int, ratio.split(":")))))]


def like_input(model: Model, size: Size) -> Size:
    """Return the model's size, at its default resolution, whose ratio is nearest to `size`."""
    usual = [own for own in model.sizes if resolution_type(own) == resolution_type(model.default_size)]
    return min(usual or [model.default_size], key=lambda own: _distance(own, size))


def _distance(size: Size, other: Size) -> float:
    return abs(math.log(size.width / size.height) - math.log(other.width / other.height))
