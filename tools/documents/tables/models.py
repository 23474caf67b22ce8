"""The built-in models and what each can do. Models of one provider with the same abilities share a row."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Iterator

from shared.account import Account, ProviderInfo
from shared.http import Http
from shared.models import Model
from shared.providers import PROVIDERS, provider_class
from tools.documents.page import Row
from tools.documents.texts import listed

_NO_UPSTREAM = "http://127.0.0.1:9"
"""Refuses connections, so that no provider can add the models its upstream lists."""

_KINDS = {"image": "images", "video": "videos", "chat": "text"}
_FRAMES = {1: "a first frame", 2: "a first and a last frame"}


def table() -> list[Row]:
    rows: dict[Row, list[str]] = {}
    for provider, models in built_in().items():
        for model in models:
            abilities = (provider, _KINDS[model.kind], _inputs(model), _shape(model))
            rows.setdefault(abilities, []).append(f"`{model.id}`")
    header = ("provider", "models", "output", "input", "sizes; or durations and resolutions, the default first")
    return [header, *((f"`{provider}`", listed(names), *rest) for (provider, *rest), names in rows.items())]


@functools.cache
def built_in() -> dict[str, tuple[Model, ...]]:
    """The built-in models by provider, without the upstream's own ids for models that have a name of ours."""
    logging.disable(logging.WARNING)  # every provider warns that its upstream is unreachable
    try:
        every = asyncio.run(_listings())
    finally:
        logging.disable(logging.NOTSET)
    return {name: models for name, listing in every.items() if (models := tuple(_named_here(listing)))}


async def _listings() -> dict[str, tuple[Model, ...]]:
    async def of(provider: ProviderInfo) -> tuple[Model, ...]:
        account = Account("", provider.name, _NO_UPSTREAM, key="key", options=provider.options)
        return await provider_class(provider.name)(Http(), account).models()

    return dict(zip((p.name for p in PROVIDERS), await asyncio.gather(*map(of, PROVIDERS)), strict=True))


def _named_here(models: tuple[Model, ...]) -> Iterator[Model]:
    ours = {model.upstream for model in models if model.id != model.upstream}
    return (model for model in models if model.id not in ours)


def _inputs(model: Model) -> str:
    parts = ["text"]
    parts += [_FRAMES[model.frames]] if model.frames else []
    parts += [f"up to {model.max_inputs} images"] if model.max_inputs else []
    parts += [f"up to {model.max_videos} videos"] if model.max_videos else []
    return listed(parts)


def _shape(model: Model) -> str:
    if model.kind == "chat":
        return ""
    if model.kind == "video":
        return listed((f"{_span(sorted(model.seconds))} s", *model.resolutions))
    by_area = sorted(model.sizes, key=lambda size: size.width * size.height)
    if len(by_area) > 1:
        return f"{len(by_area)} sizes, {by_area[0]} to {by_area[-1]}"
    if by_area:
        return str(by_area[0])
    least = [f"at least {model.min_pixels / 1_000_000:.1f} megapixels"] if model.min_pixels else []
    most = [f"at most {model.max_pixels / 1_000_000:.1f} megapixels"] if model.max_pixels else []
    return listed((f"{model.min_side} to {model.max_side} pixels a side", *least, *most))


def _span(seconds: list[int]) -> str:
    """`4-15` if the list has every number in between."""
    first, last = seconds[0], seconds[-1]
    return f"{first}-{last}" if len(seconds) == last - first + 1 else "/".join(map(str, seconds))
