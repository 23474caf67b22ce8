"""The pictures that requests bring along: as files, as data URLs, or as addresses where they lie."""

from __future__ import annotations

import asyncio
import binascii
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from shared.api.bounds import ADDRESS
from shared.errors import BadRequest, TooLarge
from shared.http import LARGEST_PICTURE, Fetcher, Spool, sniff
from shared.values import Input

_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.ASCII | re.IGNORECASE)
_DIGITS = 1 << 20
"""Characters of base64 that are decoded at once, before the event loop runs again: a multiple of four."""


async def input_of(reference: Any, fetcher: Fetcher, param: str = "image") -> Input:
    """The picture behind what a client sends: a file, a URL as text, or a URL inside of objects.

    The objects are `{"image_url": ...}` and `{"url": ...}`, one inside of the other too, as edits and chats have them.
    An address is not visited before somebody reads. BadRequest for all else, with `param`.
    """
    match reference:
        case Spool():
            return _kept(reference, param)
        case str():
            return await _linked(reference.strip(), fetcher, param)
        case {"image_url": inner} | {"url": inner}:
            return await input_of(inner, fetcher, param)
        case Mapping() if "file_id" in reference:
            raise BadRequest(f"'{param}': files are not kept here; send a data URL or an address.", param=param)
    raise BadRequest(f"'{param}': a picture is a file, a data URL or an address.", param=param)


class _Link:
    """Fetched when it is first read, and then kept: several submits may need it."""

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        self._url = url
        self._fetcher = fetcher
        self._spool: Spool | None = None

    async def read(self) -> AsyncIterator[bytes]:
        self._spool = self._spool or await self._fetcher.fetch(self._url)
        async for piece in self._spool.read():
            yield piece


async def _linked(url: str, fetcher: Fetcher, param: str) -> Input:
    if url[:5].lower() == "data:":
        return _kept(await _decoded(url, param), param)
    if not url.lower().startswith(("https://", "http://")):
        raise BadRequest(
            f"'{param}': this is neither a data URL nor an http or https address.",
            code="invalid_image_url",
            param=param,
        )
    if len(url) > ADDRESS:
        message = f"'{param}': the URL has {len(url)} characters; the limit is {ADDRESS}. Send a shorter one."
        raise BadRequest(message, code="invalid_image_url", param=param)
    return Input(_Link(url, fetcher).read, url=url)


def _kept(spool: Spool, param: str) -> Input:
    if not spool.size:
        raise BadRequest(f"'{param}': this file is empty.", code="empty_file", param=param)
    media_type = sniff(spool.head) or ""
    if not media_type.startswith("image/"):
        message = f"'{param}': this is not a PNG, JPEG, WebP or GIF, whatever it is called."
        raise BadRequest(message, code="invalid_image_format", param=param)
    return Input(spool.read, media_type, spool.size)


async def _decoded(url: str, param: str) -> Spool:
    if len(url) > LARGEST_PICTURE:
        raise TooLarge(f"'{param}': a data URL has {LARGEST_PICTURE} characters at most, and this one {len(url)}.")
    head = _DATA_URL.match(url)
    spool = Spool()
    try:
        if head is None:
            raise ValueError
        for start in range(head.end(), len(url), _DIGITS):
            spool.write(binascii.a2b_base64(url[start : start + _DIGITS], strict_mode=True))
            await asyncio.sleep(0)
    except ValueError:
        message = f"'{param}': a data URL looks like data:image/png;base64,iVBORw0KGgo..."
        raise BadRequest(message, code="invalid_base64_image", param=param) from None
    return spool
