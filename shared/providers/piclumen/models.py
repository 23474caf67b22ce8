"""PicLumen's built-in models with their settings, and those its list adds or corrects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from shared.models import Model, Size
from shared.providers._json import as_dict, as_id

_SHAPES = ((1024, 1024), (1152, 896), (1216, 832), (1216, 768), (1280, 960), (1344, 768), (1536, 1024), (1536, 640))
_SIZES = tuple(Size(*sides) for shape in _SHAPES for sides in dict.fromkeys((shape, shape[::-1])))
"""The page's sizes, and larger ones that other clients request."""

_SETTINGS = {"denoise": 1, "hires_fix_denoise": 0.5, "hires_scale": 2}
ALWAYS_FOUR = "tmjv7-a1b2c3d4-e5f6-4789-0abc-def123456789"


def _model(name: str, upstream: str, batch: int = 4, **settings: Any) -> Model:
    return Model(
        name,
        upstream=upstream,
        sizes=_SIZES,
        batch=batch,
        typical_seconds=15.0,
        knobs=frozenset({"seed", "negative_prompt"}),
        settings=_SETTINGS | settings,
    )


MODELS = (
    _model(
        "piclumen-fast",
        "23887bba-507e-4249-a0e3-6951e4027f2b",
        batch=2,
        steps=6,
        cfg=1,
        sampler_name="euler",
        scheduler="normal",
    ),
    _model(
        "piclumen-realistic-v2",
        "34ec1b5a-8962-4a93-b047-68cec9691dc2",
        steps=25,
        cfg=4.5,
        sampler_name="dpmpp_2m_sde_gpu",
        scheduler="karras",
        negative_prompt="NSFW, watermark",
    ),
    _model("piclumen-midjourney", ALWAYS_FOUR, steps=0, cfg=0, sampler_name=None, scheduler=None, denoise=0),
)

_CONFIGURED = {
    "steps": "steps",
    "cfg": "cfg",
    "samplerName": "sampler_name",
    "scheduler": "scheduler",
    "denoise": "denoise",
    "negativePrompt": "negative_prompt",
    "hiresFixDenoise": "hires_fix_denoise",
    "hiresScale": "hires_scale",
    "modelAbility": "model_ability",
}
"""The fields of a listed model's defaultConfig, and their names in a request."""


def with_listed(entries: Iterable[Any]) -> tuple[Model, ...]:
    """Return the built-in models as corrected by the site's list, and those it adds."""
    table = {model.id: model for model in MODELS}
    for model in _read(entries):
        table.setdefault(model.id, model)
        if table[model.id].upstream == model.upstream:
            table[model.id] = model
    return tuple(table.values())


def _read(entries: Iterable[Any]) -> Iterator[Model]:
    known = {model.upstream: model for model in MODELS}
    for entry in map(as_dict, entries):
        upstream, name = as_id(entry.get("modelId")), _slug(entry.get("modelDisplay"))
        if upstream and (name or upstream in known):
            config = as_dict(entry.get("defaultConfig"))
            model = known.get(upstream) or _model(f"piclumen-{name}", upstream)
            settings = {ours: config[theirs] for theirs, ours in _CONFIGURED.items() if theirs in config}
            yield model._replace(
                default_size=_size(config) or model.default_size, settings={**model.settings, **settings}
            )


def _slug(name: object) -> str:
    words = re.findall(r"[a-z0-9.]+", name.lower()) if isinstance(name, str) else []
    return "-".join(words[1:] if words[:1] == ["piclumen"] else words)[:50]


def _size(config: dict[str, Any]) -> Size | None:
    try:
        return Size.parse(f"{config['width']}x{config['height']}")
    except (KeyError, ValueError):
        return None
