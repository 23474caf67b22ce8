"""Parse exported cookie files: a browser extension's JSON, or a Netscape cookies.txt."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import NamedTuple

from shared.errors import Misconfigured


class Cookie(NamedTuple):
    """A cookie; `expires` is in Unix seconds, 0 for a session cookie."""

    domain: str
    name: str
    value: str
    expires: float = 0.0


def parse_cookies(text: str, source: str) -> list[Cookie]:
    """Return the unexpired cookies of a file; Misconfigured, naming the source, if it has neither format."""
    stripped = text.lstrip("\ufeff \t\r\n")
    try:
        cookies = list(_from_json(stripped) if stripped[:1] in ("[", "{") else _from_netscape(stripped))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Misconfigured(f"{source} is neither a JSON export nor a Netscape cookies.txt.") from None
    now = time.time()
    return [cookie for cookie in cookies if not cookie.expires or cookie.expires > now]


def cookie_header(cookies: list[Cookie], domain: str) -> str:
    """Return the Cookie header that a browser with these cookies sends to `domain`; empty if none match.

    If several cookies share a name, the one that expires last is used.
    """
    own = [cookie for cookie in cookies if f".{domain}".endswith("." + cookie.domain.lstrip("."))]
    longest = {cookie.name: cookie.value for cookie in sorted(own, key=lambda cookie: cookie.expires)}
    return "; ".join(f"{name}={longest[name]}" for name in dict.fromkeys(cookie.name for cookie in own))


def _from_json(text: str) -> Iterator[Cookie]:
    entries = json.loads(text)
    for entry in entries["cookies"] if isinstance(entries, dict) else entries:
        expires = float(entry.get("expirationDate") or entry.get("expires") or 0)
        yield Cookie(str(entry["domain"]), str(entry["name"]), str(entry["value"]), max(expires, 0.0))


def _from_netscape(text: str) -> Iterator[Cookie]:
    for line in text.splitlines():
        line = line.removeprefix("#HttpOnly_")
        if line.strip() and not line.startswith("#"):
            domain, _, _, _, expires, name, value = line.split("\t")
            yield Cookie(domain, name, value, float(expires))
