"""Client for chat.akash.network: headers, sessions, and redirects, which resend the session cookie."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

from shared.errors import Unavailable
from shared.http import Http, Response, StreamingResponse, origin_of
from shared.providers._cached import Cached
from shared.providers.akashchat.errors import failure, is_stale

_log = logging.getLogger(__name__)

_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TTL_SHARE = 0.8
_DEFAULT_TTL = 600
"""Seconds a session is valid if its cookie does not say; the default of the site's code."""

# All Set-Cookie headers are joined, and a proxy's cookies may precede the site's.
_COOKIE = re.compile(r"\bsession_token=([\w.~-]{1,256})(?:;(?P<attributes>.*))?", re.DOTALL)
_MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})", re.IGNORECASE)
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


class Site:
    """`token` is a configured session; without one, or once it has expired, a session is fetched."""

    def __init__(self, http: Http, base: str, token: str) -> None:
        self._http = http
        self._base = base
        self._session = Cached(self._new_session, token or None)
        self._headers = {
            "Accept": "*/*",
            "Origin": origin_of(base),
            "Referer": f"{base}/",
            "User-Agent": _USER_AGENT,
        }

    async def read(self, path: str, timeout: float = 30.0) -> Response:
        """Read a public path; older versions of the site require a session."""
        response = await self._read(path, "", timeout)
        if is_stale(response):
            response = await self._read(path, await self._session.get(), timeout)
        return response

    @asynccontextmanager
    async def chat(
        self, body: dict[str, Any], timeout: float, *, of_image: bool = False
    ) -> AsyncGenerator[StreamingResponse, None]:
        """Submit a chat and stream its successful response; renew an expired session once.

        `timeout` limits each read, in seconds; `of_image` marks an image submit.
        """
        token = None
        for _ in range(2):
            token = await self._session.get(instead_of=token)
            async with self._send(f"{self._base}/api/chat/", token, body, timeout) as response:
                if response.status == 200 and response.headers.get("content-type", "").startswith("text/plain"):
                    yield response
                    return
                rejected = await response.read()
            if not is_stale(rejected):
                raise failure(rejected, of_image=of_image)
            _log.info("akashchat: the session has expired, fetching a new one")
        raise Unavailable("chat.akash.network rejected a session that it had just issued; try again later.")

    async def _new_session(self) -> tuple[str, float]:
        """Fetch a session and its TTL in seconds; no cookie is sent, as a valid one would suppress the new one."""
        response = await self._read("/api/auth/session/", "", 30.0)
        if response.status != 200:
            raise failure(response)
        cookie = _COOKIE.search(response.headers.get("set-cookie", ""))
        if not cookie:
            raise Unavailable(
                "chat.akash.network did not issue a session; set AKASHCHAT_SESSION_TOKEN or try again later."
            )
        age = _MAX_AGE.search(cookie["attributes"] or "")
        return cookie[1], _TTL_SHARE * (int(age[1]) if age else _DEFAULT_TTL)

    async def _read(self, path: str, token: str, timeout: float) -> Response:
        url = f"{self._base}{path}"
        for _ in range(_MAX_REDIRECTS):
            response = await self._http.read("GET", url, headers=self._headers | _cookie(token), timeout=timeout)
            if response.status not in _REDIRECTS:
                return response
            url = self._next(url, response)
        raise _too_many_redirects()

    @asynccontextmanager
    async def _send(
        self, url: str, token: str, body: dict[str, Any], timeout: float
    ) -> AsyncGenerator[StreamingResponse, None]:
        headers = self._headers | _cookie(token)
        for _ in range(_MAX_REDIRECTS):
            async with self._http.stream("POST", url, headers=headers, json=body, timeout=timeout) as response:
                if response.status not in _REDIRECTS:
                    yield response
                    return
                url = self._next(url, await response.read())
        raise _too_many_redirects()

    def _next(self, url: str, response: Response) -> str:
        """Return a redirect's target; raise Unavailable for another origin, which must not receive the session."""
        target = urljoin(url, response.headers.get("location", ""))
        if origin_of(target) != origin_of(self._base):
            raise Unavailable("chat.akash.network redirects to another origin; check AKASHCHAT_BASE_URL.")
        return target


def _cookie(token: str) -> dict[str, str]:
    # Set as a header, because a cookie jar would drop a Secure cookie on http and on redirects.
    return {"Cookie": f"session_token={token}"} if token else {}


def _too_many_redirects() -> Unavailable:
    return Unavailable("chat.akash.network redirected the request too often; check AKASHCHAT_BASE_URL.")
