"""URL parsing, and normalized origins that can be compared with the expected ones."""

from __future__ import annotations

import functools
import re

import httpx

from shared.errors import Unavailable

_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII)


@functools.lru_cache(maxsize=512)
def parsed(url: str | httpx.URL) -> httpx.URL:
    """Parse a URL. Cached: providers request the same few URLs, and parsing one costs more than connecting."""
    return httpx.URL(url)


def origin_of(url: str | httpx.URL) -> str:
    """Return `scheme://host[:port]`, in lower case, without the default port. Raises Unavailable for an invalid URL.

    Uses the same parser as the connection: a parser that disagrees about the host would be a security hole.
    """
    try:
        address = parsed(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Unavailable("The upstream named an address that makes no sense.") from error
    origin = f"{address.scheme}://{address.netloc.decode('ascii').lower()}"
    if address.userinfo or not _ORIGIN.fullmatch(origin):
        raise Unavailable("The upstream named an address that is not a plain http or https one.")
    return origin
