"""Map the site's redirects, error codes and texts to our errors. Texts are in English or in the prompt's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from shared.errors import (
    AccountLimited,
    AccountRejected,
    ContentRefused,
    EaselError,
    GenerationFailed,
    Unavailable,
    Uncertain,
)
from shared.http import Response
from shared.providers._json import is_moderation
from shared.providers.gemini_web.frames import Reply

_USAGE_SECONDS = 3600.0
_BLOCKED_SECONDS = 600.0
_BUSY_WORDS = ("getting a lot of requests right now", "please try again later")
_UNSUPPORTED_WORDS = (
    "can't seem to create any",
    "isn't available in your location",
    "i can search for images, but can't",
)
_SIGNED_OUT_WORDS = ("sign in", "servicelogin")
_LIMIT = re.compile(r"\blimit\b|\bquota\b|l[íi]mite|cuota|限额|限額|配额|配額|额度|額度|上限|次数|次數")
_REACHED = re.compile(
    r"\breset|\breached\b|\bhit\b|\bexceeded\b|restable|reinici|renueve|alcanzad|superad"
    r"|重置|重設|重设|恢复|恢復|达到|達到|已达|已達|用完|超过|超過"
)
_APOLOGY = re.compile(
    r"\bsorry\b|\bapologi[sz]e|\bapologies\b|\bwent wrong\b|\b(?:encounter|experienc)\w*\b.*\b(?:error|issue|problem)"
    r"|\bhaving (?:trouble|issues|problems)\b|lo siento|disculp|perd[óo]n|抱歉|对不起|對不起|出错|出錯|出了点问题"
)
_MODERATION = re.compile(r"guideline|policies|pol[íi]tica|directrices|\bsafety\b|violat|政策|准则|準則|违反|違反|安全")


def refusal(response: Response) -> EaselError:
    """Return the error for a response of the site with a status other than 200."""
    if 300 <= response.status < 400:
        location = urlsplit(response.headers.get("location", ""))
        return _captcha() if location.path.startswith("/sorry") else signed_out()
    if response.status == 400:
        # The form is ours, so a prompt cannot cause this: the page's tokens are outdated.
        return Unavailable("gemini.google.com rejected the tokens of its page; retry the request.")
    return response.error()


def signed_out(details: Mapping[str, Any] = MappingProxyType({})) -> AccountRejected:
    message = "The cookies for gemini.google.com have expired; export new ones from a signed-in browser."
    return AccountRejected(message, details=details)


def without_image(response: Response, reply: Reply) -> EaselError:
    """Return the error for a reply without images."""
    details: Mapping[str, Any] = {"upstream": response.quote(reply.text)} if reply.text else {"code": reply.error}
    match reply.error:
        case 1037:
            return _limited(details)
        case 1060:
            message = "gemini.google.com has temporarily blocked this server's address; retry later, or set PROXY."
            return AccountLimited(message, code="upstream_blocked", details=details, retry_after=_BLOCKED_SECONDS)
        case int(code):
            return Unavailable(f"gemini.google.com responded with error {code}.", details=details)
    if reply.text:
        return _text_error(reply.text.lower(), response.quote(reply.text), details)
    return Uncertain("The response of gemini.google.com was cut off; the account's chats may contain an image.")


def _text_error(text: str, quoted: str, details: Mapping[str, Any]) -> EaselError:
    if any(words in text for words in _BUSY_WORDS):
        return AccountLimited("gemini.google.com has rate-limited this account.", details=details)
    if any(words in text for words in _UNSUPPORTED_WORDS):
        message = "gemini.google.com generates no images for this account, or in the server's region."
        return AccountLimited(message, code="generation_blocked", details=details, retry_after=_BLOCKED_SECONDS)
    if any(words in text for words in _SIGNED_OUT_WORDS) and len(text) < 300:
        return signed_out(details)
    if _LIMIT.search(text) and _REACHED.search(text):
        return _limited(details)
    message = f"gemini.google.com returned text instead of an image: {quoted}."
    if _APOLOGY.search(text) and not is_moderation(text) and not _MODERATION.search(text):
        return GenerationFailed(message, details=details)
    return ContentRefused(message, param="prompt", details=details)


def _limited(details: Mapping[str, Any]) -> AccountLimited:
    message = "The account has reached its usage limit at gemini.google.com."
    return AccountLimited(message, details=details, retry_after=_USAGE_SECONDS)


def _captcha() -> AccountLimited:
    message = "gemini.google.com asks for a captcha from this server's address; retry later, or set PROXY."
    return AccountLimited(message, code="upstream_blocked", retry_after=_BLOCKED_SECONDS)
