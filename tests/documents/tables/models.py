"""The models that are built in, and what each can do: those of a provider that can do the same share a row."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Iterator
from typing import NamedTuple

from shared.account import Account, ProviderInfo
from shared.http import Http
from shared.models import Kind, Model
from shared.providers import PROVIDERS, provider_class
from tests.documents.page import Row
from tests.documents.texts import Language, listed

_NOBODY = "http://127.0.0.1:9"
"""Where no list of models is to be had, so that what remains is built in."""


class _Words(NamedTuple):
    header: Row
    kinds: dict[Kind, str]
    words: str
    pictures: str
    videos: str
    frames: dict[int, str]
    any_size: str
    least: str
    sizes: str
    seconds: str


_WORDS = {
    "en": _Words(
        header=("provider", "models", "make", "from", "sizes; lengths, resolutions with the usual one first"),
        kinds={"image": "pictures", "video": "videos", "chat": "text"},
        words="words",
        pictures="up to {} pictures",
        videos="up to {} videos",
        frames={1: "a first frame", 2: "a first and a last frame"},
        any_size="sides of {} to {}",
        least="{:.1f} megapixels or more",
        sizes="{} sizes, {} to {}",
        seconds="{} s",
    ),
    "zh": _Words(
        header=("提供方", "模型", "生成", "输入", "尺寸；时长，清晰度以常用的在前"),
        kinds={"image": "图片", "video": "视频", "chat": "文字"},
        words="文字",
        pictures="至多 {} 张图片",
        videos="至多 {} 段视频",
        frames={1: "首帧", 2: "首帧和尾帧"},
        any_size="边长 {} 到 {}",
        least="至少 {:.1f} 百万像素",
        sizes="{} 种尺寸，{} 到 {}",
        seconds="{} 秒",
    ),
}


def table(language: Language) -> list[Row]:
    words = _WORDS[language]
    rows: dict[Row, list[str]] = {}
    for provider, models in built_in().items():
        for model in models:
            able = (provider, words.kinds[model.kind], _takes(model, language), _shape(model, language))
            rows.setdefault(able, []).append(f"`{model.id}`")
    return [
        words.header,
        *((f"`{provider}`", listed(names, language), *rest) for (provider, *rest), names in rows.items()),
    ]


@functools.cache
def built_in() -> dict[str, tuple[Model, ...]]:
    """Those of each provider that offers some before its upstream is asked, without the upstream's own ids for them."""
    logging.disable(logging.WARNING)  # nobody answers, we know
    try:
        every = asyncio.run(_listings())
    finally:
        logging.disable(logging.NOTSET)
    return {name: models for name, listing in every.items() if (models := tuple(_named_here(listing)))}


async def _listings() -> dict[str, tuple[Model, ...]]:
    async def of(provider: ProviderInfo) -> tuple[Model, ...]:
        account = Account("", provider.name, _NOBODY, key="key", options=provider.options)
        return await provider_class(provider.name)(Http(), account).models()

    return dict(zip((p.name for p in PROVIDERS), await asyncio.gather(*map(of, PROVIDERS)), strict=True))


def _named_here(models: tuple[Model, ...]) -> Iterator[Model]:
    ours = {model.upstream for model in models if model.id != model.upstream}
    return (model for model in models if model.id not in ours)


def _takes(model: Model, language: Language) -> str:
    words = _WORDS[language]
    parts = [words.words]
    parts += [words.frames[model.frames]] if model.frames else []
    parts += [words.pictures.format(model.max_inputs)] if model.max_inputs else []
    parts += [words.videos.format(model.max_videos)] if model.max_videos else []
    return listed(parts, language)


def _shape(model: Model, language: Language) -> str:
    words = _WORDS[language]
    if model.kind == "chat":
        return ""
    if model.kind == "video":
        return listed((words.seconds.format(_span(sorted(model.seconds))), *model.resolutions), language)
    by_area = sorted(model.sizes, key=lambda size: size.width * size.height)
    if len(by_area) > 1:
        return words.sizes.format(len(by_area), by_area[0], by_area[-1])
    if by_area:
        return str(by_area[0])
    least = [words.least.format(model.min_pixels / 1_000_000)] if model.min_pixels else []
    return listed((words.any_size.format(model.min_side, model.max_side), *least), language)


def _span(seconds: list[int]) -> str:
    """`4-15` where none is left out."""
    first, last = seconds[0], seconds[-1]
    return f"{first}-{last}" if len(seconds) == last - first + 1 else "/".join(map(str, seconds))
