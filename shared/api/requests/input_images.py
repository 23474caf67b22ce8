"""Input images of requests: files, data URLs, or http(s) URLs."""

from __future__ import annotations

import asyncio
import binascii
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from shared.api.bounds import ADDRESS
from shared.errors import BadRequest, TooLarge
from shared.http import LARGEST_IMAGE, ImageDownloader, Spool, detect_media_type
from shared.requests import InputImage

_DATA_URL = re.compile(r"data:[^,]{0,200};base64\s*,", re.ASCII | re.IGNORECASE)
_STANDARD_DIGITS = (("-", "+"), ("_", "/"), (" ", ""), ("\n", ""), ("\r", ""), ("\t", ""))
_DIGITS = 1 << 20
"""Characters of base64 to decode before yielding to the event loop; a multiple of four."""


async def input_of(reference: Any, fetcher: ImageDownloader, param: str = "image") -> InputImage:
    """Return the image that a client refers to: by a file, a URL as a string, or a URL in an object.

    The objects are `{"image_url": ...}` and `{"url": ...}`, which may be nested, as in edits and chats.
    A URL is fetched only when the image is read. Raises BadRequest with `param` for anything else.
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
    """An image at a URL. It is fetched on first read and cached, because several submits may need it."""

    def __init__(self, url: str, fetcher: ImageDownloader) -> None:
        self._url = url
        self._fetcher = fetcher
        self._spool: Spool | None = None

    async def read(self) -> AsyncIterator[bytes]:
        self._spool = self._spool or await self._fetcher.fetch(self._url)
        async for piece in self._spool.read():
            yield piece


async def _linked(url: str, fetcher: ImageDownloader, param: str) -> InputImage:
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
    return InputImage(_Link(url, fetcher).read, url=url)


def _kept(spool: Spool, param: str) -> InputImage:
    if not spool.size:
        raise BadRequest(f"'{param}': this file is empty.", code="empty_file", param=param)
    media_type = detect_media_type(spool.head) or ""
    if not media_type.startswith("image/"):
        message = f"'{param}': this is not a PNG, JPEG, WebP or GIF, whatever it is called."
        raise BadRequest(message, code="invalid_image_format", param=param)
    return InputImage(spool.read, media_type, spool.size)


async def _decoded(url: str, param: str) -> Spool:
    if len(url) > LARGEST_IMAGE:
        raise TooLarge(f"'{param}': a data URL has {LARGEST_IMAGE} characters at most, and this one {len(url)}.")
    head = _DATA_URL.match(url)
    for digits, start in ((url, head.end()), (_standard(url[head.end() :]), 0)) if head else ():
        try:
            return await _decoded_digits(digits, start)
        except ValueError:
            continue
    message = f"'{param}': a data URL looks like data:image/png;base64,iVBORw0KGgo..."
    raise BadRequest(message, code="invalid_base64_image", param=param)


async def _decoded_digits(digits: str, start: int) -> Spool:
    spool = Spool()
    for offset in range(start, len(digits), _DIGITS):
        spool.write(binascii.a2b_base64(digits[offset : offset + _DIGITS], strict_mode=True))
        await asyncio.sleep(0)
    return spool


def _standard(digits: str) -> str:
    """Return base64 with white space, the URL-safe alphabet or no padding in its standard form."""
    for found, standard in _STANDARD_DIGITS:
        digits = digits.replace(found, standard)
    digits = digits.rstrip("=")
    return digits + "=" * (-len(digits) % 4)
