"""Where a URL leads, in one spelling, so that it can be held against the places that are expected."""

from __future__ import annotations

import re

import httpx

from shared.errors import Unavailable

_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII)


def origin_of(url: str | httpx.URL) -> str:
    """`scheme://host[:port]`, in lower case and without the scheme's own port. Unavailable where that makes no sense.

    The parser is the one that the connection will be made with: a second opinion on who the host is would be a hole.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Unavailable("The upstream named an address that makes no sense.") from error
    origin = f"{parsed.scheme}://{parsed.netloc.decode('ascii').lower()}"
    if parsed.userinfo or not _ORIGIN.fullmatch(origin):
        raise Unavailable("The upstream named an address that is not a plain http or https one.")
    return origin
