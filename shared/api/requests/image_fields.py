"""The names of image fields: synonyms in other APIs, and images under names that a route does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.errors import BadRequest
from shared.http import Spool

_NUMBER = re.compile(r"(?:[_-]?\d+|\[\d*\])+$", re.ASCII)

_EDIT = {
    **dict.fromkeys(("image", "images", "imageurl", "imageurls", "inputimage", "inputimages"), "image"),
    **dict.fromkeys(("initimage", "initimages", "sourceimage", "startimage", "baseimage"), "image"),
    **dict.fromkeys(("mask", "maskimage", "maskurl", "maskimageurl"), "mask"),
}
_VIDEO = {
    **dict.fromkeys(("firstframe", "firstframeurl", "firstframeimage", "firstframeimageurl"), "first_frame_image"),
    **dict.fromkeys(("startframe", "startimage", "startimageurl", "initimage"), "first_frame_image"),
    **dict.fromkeys(("lastframe", "lastframeurl", "lastframeimage", "lastframeimageurl"), "last_frame_image"),
    **dict.fromkeys(("endframe", "endimage", "endimageurl", "tailimage", "tailimageurl"), "last_frame_image"),
}

_KNOWN_ELSEWHERE = frozenset(
    (
        *_EDIT,
        *_VIDEO,
        *("inputreference", "inputreferences", "referenceimage", "referenceimages", "frameimages"),
    )
)
_SUGGESTS_IMAGE = re.compile(r"image|frame|mask|ref|init|source|style|control|video", re.IGNORECASE)
_DATA_URL = re.compile(r"\s*data:", re.IGNORECASE)
_WEB_URL = re.compile(r"\s*https?://", re.IGNORECASE)


def edit_field(name: str) -> str | None:
    """Return the field of an edit, `image` or `mask`, that this name stands for; None if it is not an image."""
    return _EDIT.get(_plain(name))


def video_field(name: str) -> str | None:
    """Return the frame of a video, `first_frame_image` or `last_frame_image`, that this name stands for."""
    return _VIDEO.get(_plain(name))


def refuse_images(fields: Mapping[str, Any], hint: str) -> None:
    """Raise BadRequest for an image in unknown fields: without it the request would make something else.

    `hint` is the end of the message, which says where images belong.
    """
    for name, value in fields.items():
        if value and (_plain(name) in _KNOWN_ELSEWHERE or _holds_image(name, value)):
            raise BadRequest(f"'{name}': {hint}", param=name)


def _plain(name: str) -> str:
    """Return the name without its number, case and separators: `Image_2`, `images[]` and `imageUrl` differ in those."""
    return _NUMBER.sub("", name).replace("_", "").replace("-", "").lower()


def _holds_image(name: str, value: Any) -> bool:
    match value:
        case Spool():
            return value.size > 0
        case str():
            return bool(_DATA_URL.match(value) or (_SUGGESTS_IMAGE.search(name) and _WEB_URL.match(value)))
        case list():
            return any(_holds_image(name, item) for item in value)
        case dict():
            return any(_holds_image(f"{name}.{inner}", item) for inner, item in value.items())
    return False
