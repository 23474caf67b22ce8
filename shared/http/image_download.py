"""SSRF-safe download of images at callers' URLs, from the public internet only."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection
from typing import TypeAlias

import httpx

from shared.errors import BadRequest, TooLarge, Unavailable
from shared.http.byte_ranges import is_plain
from shared.http.client import Http
from shared.http.error_mapping import BROKEN
from shared.http.media_types import detect_media_type
from shared.http.origin import origin_of, parsed
from shared.http.redirects import MAX_REDIRECTS, REDIRECTS, OpenResponse
from shared.http.spool import Spool
from shared.http.ssrf import is_public, names_alone, resolve_public_addresses

LARGEST_IMAGE = 20 << 20
"""Maximum bytes of one image inside JSON or at a URL."""

_SECONDS = 30.0
_PORTS = (None, 80, 443)
# Connections to hosts that callers choose are not reused.
_HEADERS = {"accept": "image/*", "accept-encoding": "identity", "connection": "close"}

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

_RESOLVE: Resolve = names_alone if sys.platform == "emscripten" else resolve_public_addresses


class ImageDownloader:
    """Downloads images. `origins` are allowed on any address and port, public or not.

    A name is resolved once, all its addresses must be public, and the connection goes to one of them: DNS rebinding
    has no effect. The same holds for each redirect. No proxy is used, because a proxy would resolve names itself. On
    Workers, which has no DNS and no private network to reach, only names are requested.
    """

    def __init__(
        self, http: Http, origins: Collection[str] = (), resolve: Resolve = _RESOLVE, seconds: float = _SECONDS
    ) -> None:
        self._http = http
        self._origins = origins
        self._resolve = resolve
        self._seconds = seconds

    async def fetch(self, url: str) -> Spool:
        """Return the image at this URL. Raises BadRequest if it cannot be fetched, TooLarge above LARGEST_IMAGE."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._fetched(parsed(url))
        except (Unavailable, httpx.InvalidURL, ValueError) as error:
            raise _unfetchable("its address is not a plain http or https one") from error
        except BROKEN as error:
            raise _unfetchable("it did not answer, or not in time") from error

    async def _fetched(self, url: httpx.URL) -> Spool:
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._visit(url)
            try:
                if response.status not in REDIRECTS:
                    return await _kept(response)
            finally:
                await response.stream.aclose()
            url = url.join(response.headers.get("location", ""))
        raise _unfetchable("it is redirected too often")

    async def _visit(self, url: httpx.URL) -> OpenResponse:
        [*others, last] = await self._addresses(url)
        for address in others:
            try:
                return await self._http.visit(url, address, headers=_HEADERS, timeout=self._seconds)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._http.visit(url, last, headers=_HEADERS, timeout=self._seconds)

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """Return the addresses to connect to. Raises BadRequest if one of them is not allowed."""
        known = origin_of(url) in self._origins
        if not known and url.port not in _PORTS:
            raise _unfetchable("only the ports 80 and 443 are asked")
        host = url.raw_host.decode("ascii")
        addresses = await self._resolve(host, url.port or 0) or ([host] if known else [])
        if not addresses or not (known or all(map(is_public, addresses))):
            raise _unfetchable("it is not on the public internet")
        return addresses


async def _kept(response: OpenResponse) -> Spool:
    if response.status != 200 or not is_plain(response.headers):
        raise _unfetchable(f"it answered with status {response.status}")
    spool = Spool()
    async for part in response.stream:
        spool.write(part)
        if spool.size > LARGEST_IMAGE:
            raise TooLarge(f"The picture at 'image_url' has more than {LARGEST_IMAGE} bytes, which is the limit.")
    if not (detect_media_type(spool.head) or "").startswith("image/"):
        raise _unfetchable("what it answered is not a PNG, JPEG, WebP or GIF")
    return spool


def _unfetchable(why: str) -> BadRequest:
    return BadRequest(
        f"The picture at 'image_url' could not be fetched: {why}.", code="failed_to_download_image", param="image"
    )
