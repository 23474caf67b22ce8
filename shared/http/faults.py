"""What a call that broke means: which of httpx's errors leave room for doubt, and which do not."""

from __future__ import annotations

import httpx

from shared.errors import Unavailable, Uncertain

MAYBE_TAKEN = "It may have taken the work, which was not started again."

# OSError: asyncio's own, TimeoutError among them. The rest of httpx's errors stand outside of its HTTPError.
BROKEN = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict, OSError)

# h11 checks a whole request before it writes the first byte of it: hence LocalProtocolError.
_UNSPEAKABLE = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL)
_UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"The upstream {_what(error)}.")


def unless_unsent(error: Exception) -> Unavailable | Uncertain:
    """What a broken send means: unless nothing has left the house, the work may be under way."""
    if isinstance(error, _UNSPEAKABLE + _UNREACHED):
        return unavailable(error)
    return Uncertain(f"The upstream {_what(error)}. {MAYBE_TAKEN}")


def _what(error: Exception) -> str:
    # None of the error's own words: they may hold an address.
    if isinstance(error, _UNSPEAKABLE):
        return "cannot be asked this: the request is malformed"
    if isinstance(error, _UNREACHED):
        return "could not be reached"
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "did not answer in time"
    if isinstance(error, httpx.DecodingError):
        return "sent an answer that is too large, or in an encoding that it was not asked for"
    return "broke the connection off, or does not speak HTTP"
