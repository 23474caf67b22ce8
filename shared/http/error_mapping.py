"""Mapping of httpx's errors to Unavailable, or to Uncertain if the upstream may have accepted the request."""

from __future__ import annotations

import httpx

from shared.errors import Unavailable, Uncertain

MAYBE_ACCEPTED = "It may have taken the work, which was not started again."

# OSError covers asyncio's errors, TimeoutError included. httpx's other errors are not subclasses of its HTTPError.
BROKEN = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict, OSError)

# LocalProtocolError, because h11 validates the whole request before it writes the first byte.
_UNSPEAKABLE = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL)
_UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"The upstream {_what(error)}.")


def error_of_send(error: Exception) -> Unavailable | Uncertain:
    """Map the error of a failed send: Unavailable if nothing was sent, else Uncertain."""
    if isinstance(error, _UNSPEAKABLE + _UNREACHED):
        return unavailable(error)
    return Uncertain(f"The upstream {_what(error)}. {MAYBE_ACCEPTED}")


def _what(error: Exception) -> str:
    # The error's own text is not used: it may contain a URL.
    if isinstance(error, _UNSPEAKABLE):
        return "cannot be asked this: the request is malformed"
    if isinstance(error, _UNREACHED):
        return "could not be reached"
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "did not answer in time"
    if isinstance(error, httpx.DecodingError):
        return "sent an answer that is too large, or in an encoding that it was not asked for"
    return "broke the connection off, or does not speak HTTP"
