"""Ark's models: Seedream for images, Seedance for videos, by short name and by full id.

Ark requires the full, dated id and retires ids every few months; `ARK_MODELS` adds and corrects models. Limits are from
Volcengine's documentation of November 2026 unless a comment names another source.
"""

from __future__ import annotations

from shared.models import Model, Size

_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "adaptive")
_RESOLUTIONS = ("720p", "480p", "1080p")
_1K, _2K = 1280 * 720, 2560 * 1440
_VIDEO_KNOBS = frozenset({"seed", "watermark", "return_last_frame"})


def _seconds(shortest: int, longest: int) -> tuple[int, ...]:
    """Return all durations in seconds, the default 5 first."""
    return (5, *(second for second in range(shortest, longest + 1) if second != 5))


def _image(upstream: str, min_pixels: int, max_pixels: int = 0) -> Model:
    return Model(
        "",
        upstream=upstream,
        default_size=Size(2048, 2048),
        max_side=4096,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        max_inputs=10,
        asynchronous=False,
        typical_seconds=0.0,
    )


def _video(upstream: str, shortest: int, longest: int, *knobs: str, references: int = 0, videos: int = 0) -> Model:
    return Model(
        "",
        "video",
        upstream,
        typical_seconds=90.0,
        knobs=_VIDEO_KNOBS | set(knobs),
        seconds=_seconds(shortest, longest),
        resolutions=_RESOLUTIONS,
        ratios=_RATIOS,
        frames=2,
        max_inputs=references,
        max_videos=videos,
    )


# Seedream 4 and 5 reject `seed`, as reported by users of the API in November 2026; Volcengine documents it for 3.x.
_SEEDREAM_5 = _image("doubao-seedream-5-0-260128", _2K)
# Users of the API report that 1K is accepted and that sizes above 4.62 megapixels are rejected.
_SEEDREAM_5_PRO = _image("doubao-seedream-5-0-pro-260628", _1K, 4_620_000)
_SEEDREAM_45 = _image("doubao-seedream-4-5-251128", _2K)
_SEEDREAM_4 = _image("doubao-seedream-4-0-250828", _1K)

# The limits of Seedance 2.0's resolutions and of 2.5 are reported by users of the API in November 2026.
_SEEDANCE_2 = _video("doubao-seedance-2-0-260128", 4, 15, "generate_audio", references=9, videos=3)._replace(
    resolutions=(*_RESOLUTIONS, "4k")
)
_SEEDANCE_2_FAST = _SEEDANCE_2._replace(
    upstream="doubao-seedance-2-0-fast-260128", typical_seconds=60.0, resolutions=("720p", "480p")
)
_SEEDANCE_25 = _video("doubao-seedance-2-5-260628", 4, 30, "generate_audio", references=30, videos=10)
_SEEDANCE_15 = _video("doubao-seedance-1-5-pro-251215", 4, 12, "camera_fixed", "generate_audio")
_SEEDANCE_1 = _video("doubao-seedance-1-0-pro-250528", 2, 12, "camera_fixed")
_SEEDANCE_1_FAST = _SEEDANCE_1._replace(upstream="doubao-seedance-1-0-pro-fast-251015", frames=1, typical_seconds=45.0)

_NAMES: dict[str, Model] = {
    "seedream-5.0": _SEEDREAM_5,
    "seedream-5.0-pro": _SEEDREAM_5_PRO,
    "seedream-4.5": _SEEDREAM_45,
    "seedream-4.0": _SEEDREAM_4,
    "seedance-2.0": _SEEDANCE_2,
    "seedance-2.0-fast": _SEEDANCE_2_FAST,
    "seedance-2.5": _SEEDANCE_25,
    "seedance-1.5-pro": _SEEDANCE_15,
    "seedance-1.0-pro": _SEEDANCE_1,
    "seedance-1.0-pro-fast": _SEEDANCE_1_FAST,
    # Names that Jimeng's clients use for the same models.
    "video-3.5-pro": _SEEDANCE_15,
    "video-3.0-pro": _SEEDANCE_1,
    "video-3.0-fast": _SEEDANCE_1_FAST,
    "video-3.0": _SEEDANCE_1_FAST,
    # Retired upstream, but still requested: each keeps the input images it accepted.
    "doubao-seedance-1-0-lite-i2v-250428": _SEEDANCE_2._replace(frames=1, max_inputs=0, max_videos=0),
    "doubao-seedance-1-0-lite-i2v-first-last-frame-250428": _SEEDANCE_2._replace(max_inputs=0, max_videos=0),
    "doubao-seedance-1-0-lite-i2v-reference-250428": _SEEDANCE_2._replace(frames=0, max_inputs=4, max_videos=0),
}


def _table(models: dict[str, Model]) -> tuple[Model, ...]:
    """Return the models by short name and by full id."""
    full_ids = {model.upstream: model for model in reversed(models.values())}
    return tuple(model._replace(id=name) for name, model in {**models, **full_ids}.items())


def _byteplus_id(upstream: str) -> str:
    """Return BytePlus's id of a model, from its console and clients."""
    for ours, theirs in _BYTEPLUS_PREFIXES.items():
        if upstream.startswith(ours):
            return theirs + upstream.removeprefix(ours)
    return upstream.removeprefix("doubao-")


_BYTEPLUS_PREFIXES = {
    "doubao-seedance-2-": "dreamina-seedance-2-",
    "doubao-seedream-5-0-pro-": "dola-seedream-5-0-pro-",
}

MODELS = _table(_NAMES)
BYTEPLUS_MODELS = _table(
    {name: model._replace(upstream=_byteplus_id(model.upstream)) for name, model in _NAMES.items()}
)


def frames_keep_ratio(model: Model) -> bool:
    """Return whether a video that starts with an image must keep the image's ratio."""
    return "seedance-2-5-" in model.upstream
