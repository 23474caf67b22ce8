"""Find result links in items, and check their origins."""

from __future__ import annotations

import re
from typing import Any

from shared.providers._json import list_at, text_at
from shared.providers._links import is_usable
from shared.results import Output

_STORAGE = re.compile(r"https://([a-z0-9-]+\.)+(byteimg|jimeng|snssdk|vlabvod)\.com")
_MEDIA_TYPES = {"png": "image/png", "webp": "image/webp", "jpg": "image/jpeg", "jpeg": "image/jpeg"}

_ORIGINAL = ("transcoded_video", "origin", "video_url")
_VIDEO_PATHS: tuple[tuple[str, ...], ...] = (
    ("video", *_ORIGINAL),
    ("common_attr", *_ORIGINAL),
    ("video", "play_url"),
    ("video", "download_url"),
    ("video", "url"),
)


class Origins(frozenset[str]):
    """The given origins plus the site's storage, whose numbered hosts change; also used for uploads."""

    def __contains__(self, origin: object) -> bool:
        return super().__contains__(origin) or (isinstance(origin, str) and bool(_STORAGE.fullmatch(origin)))


def images_of(items: list[Any]) -> list[Output]:
    """Return a job's images, each in its largest version."""
    links = [
        text_at(item, "image", "large_images", 0, "image_url") or text_at(item, "common_attr", "cover_url")
        for item in items
    ]
    types = [_MEDIA_TYPES.get(text_at(item, "image", "format"), "image/png") for item in items]
    return [Output(link, media_type) for link, media_type in zip(links, types, strict=True) if is_usable(link)]


def video_of(items: list[Any]) -> list[Output]:
    """Return the first item's video, in its original quality if available."""
    item = items[0] if items else None
    link = next((link for path in _VIDEO_PATHS if is_usable(link := text_at(item, *path))), "")
    return [Output(link, "video/mp4")] if link else []


def item_ids(items: list[Any]) -> list[str]:
    return [name for item in items if (name := text_at(item, "common_attr", "id"))]


def items_of(data: dict[str, Any]) -> list[Any]:
    """Return the items of a response, which has one of two names for them."""
    return list_at(data, "item_list") or list_at(data, "local_item_list")
