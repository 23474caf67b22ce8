"""Redirects to a result, followed one at a time across expected origins only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple, TypeAlias

import httpx

from shared.errors import Unavailable
from shared.http.origin import origin_of, parsed
from shared.http.ssrf import is_public_name


class OpenResponse(NamedTuple):
    """A response whose body is unread."""

    status: int
    headers: Mapping[str, str]
    stream: httpx.AsyncByteStream


Opener: TypeAlias = Callable[[httpx.URL, Mapping[str, str]], Awaitable[OpenResponse]]

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_ADDRESS = 8192


class RedirectChain:
    """Follows redirects. `headers` go only to the origins `headers_for`, by default that of `url`.

    With `text_hops` a text response contains the next URL, as Google's image hosts send it.
    """

    def __init__(
        self,
        opener: Opener,
        url: str,
        origins: Collection[str],
        headers: Mapping[str, str],
        headers_for: Collection[str],
        *,
        text_hops: bool = False,
    ) -> None:
        self._opener = opener
        self._url = url
        self._origins = origins
        self._headers = headers
        self._headers_for = headers_for or {origin_of(url)}
        self._text_hops = text_hops

    async def open(self, extra: Mapping[str, str]) -> OpenResponse:
        """Return the first response that is not a redirect; its body is unread for a file (200, 206), else closed."""
        url = parsed(self._url)
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._hop(url, extra)
            if self._text_hops and _is_text(response):
                url = _joined(url, await _text(response))
                continue
            if response.status not in (200, 206):
                await response.stream.aclose()
            if response.status not in REDIRECTS:
                return response
            url = _joined(url, response.headers.get("location", ""))
        raise Unavailable("The result is redirected too often.")

    async def _hop(self, url: httpx.URL, extra: Mapping[str, str]) -> OpenResponse:
        origin = origin_of(url)
        if origin not in self._origins:
            raise _foreign(origin, url.host)
        own = self._headers if origin in self._headers_for else {}
        return await self._opener(url, {**own, "accept-encoding": "identity", **extra})


def _foreign(origin: str, host: str) -> Unavailable:
    """Return the error for an unexpected origin; addresses and names of private networks are not shown to callers."""
    named = f": {origin}" if is_public_name(host) else ""
    return Unavailable(
        f"The result is on an origin that was not expected{named}. If it is the upstream's, add it to "
        "the setting RESULT_ORIGINS of this provider."
    )


def _joined(url: httpx.URL, link: str) -> httpx.URL:
    try:
        return url.join(link)
    except (httpx.InvalidURL, ValueError) as error:
        raise Unavailable("The result is redirected to an invalid URL.") from error


def _is_text(response: OpenResponse) -> bool:
    return response.status == 200 and response.headers.get("content-type", "").startswith("text/plain")


async def _text(response: OpenResponse) -> str:
    """Return the URL that a text response consists of."""
    text = b""
    try:
        async for part in response.stream:
            text += part
            if len(text) > _LONGEST_ADDRESS:
                break
    finally:
        await response.stream.aclose()
    if len(text) > _LONGEST_ADDRESS:
        raise Unavailable("The upstream answered with a text instead of the result.")
    return text.decode(errors="replace").strip()
