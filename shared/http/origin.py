"""Where a URL leads, in one spelling, so that it can be held against the places that are expected."""

from __future__ import annotations

import functools
import re

import httpx

from shared.errors import Unavailable

_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII)


@functools.lru_cache(maxsize=512)
def parsed(url: str | httpx.URL) -> httpx.URL:
    """An adapter asks the same few addresses again and again, and to take one apart costs more than to connect."""
    return httpx.URL(url)


def origin_of(url: str | httpx.URL) -> str:
    """`scheme://host[:port]`, in lower case and without the scheme's own port. Unavailable where that makes no sense.

    The parser is the one that the connection will be made with: a second opinion on who the host is would be a hole.
    """
    try:
        address = parsed(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Unavailable("The upstream named an address that makes no sense.") from error
    origin = f"{address.scheme}://{address.netloc.decode('ascii').lower()}"
    if address.userinfo or not _ORIGIN.fullmatch(origin):
        raise Unavailable("The upstream named an address that is not a plain http or https one.")
    return origin
