"""Map the site's error codes and its refusals in text to our errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import (
    AccountLimited,
    AccountRejected,
    ContentRefused,
    EaselError,
    Unavailable,
    Uncertain,
)
from shared.http import Response
from shared.providers.gemini_web.frames import Reply

_USAGE_SECONDS = 3600.0
_BLOCKED_SECONDS = 600.0
_LIMIT_WORDS = ("getting a lot of requests right now", "please try again later")
_BLOCK_WORDS = ("can't seem to create any", "isn't available in your location", "i can search for images, but can't")
_SIGNED_OUT_WORDS = ("sign in", "servicelogin")


def without_image(response: Response, reply: Reply) -> EaselError:
    """Return the error for a reply without images."""
    details: Mapping[str, Any] = {"upstream": response.quote(reply.text)} if reply.text else {"code": reply.error}
    match reply.error:
        case 1037:
            message = "The account has reached its usage limit at gemini.google.com."
            return AccountLimited(message, details=details, retry_after=_USAGE_SECONDS)
        case 1060:
            message = "gemini.google.com has temporarily blocked this server's address."
            return AccountLimited(message, code="upstream_blocked", details=details, retry_after=_BLOCKED_SECONDS)
        case int(code):
            return Unavailable(f"gemini.google.com responded with error {code}.", details=details)
    text = reply.text.lower()
    if any(word in text for word in _LIMIT_WORDS):
        return AccountLimited("gemini.google.com has rate-limited this account.", details=details)
    if any(word in text for word in _BLOCK_WORDS):
        message = "gemini.google.com generates no images for this account, or in the server's region."
        return AccountLimited(message, code="generation_blocked", details=details, retry_after=_BLOCKED_SECONDS)
    if any(word in text for word in _SIGNED_OUT_WORDS) and len(text) < 300:
        return AccountRejected("The cookies for gemini.google.com have expired; export new ones.", details=details)
    if text:
        message = f"gemini.google.com returned text instead of an image: {response.quote(reply.text)}."
        return ContentRefused(message, param="prompt", details=details)
    return Uncertain("The response of gemini.google.com was cut off; the account's chats may contain an image.")
