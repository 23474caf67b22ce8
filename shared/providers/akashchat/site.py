"""How chat.akash.network is spoken to: its headers, its sessions, and its redirects, which are repeated by hand."""

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

_MOST_HOPS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SHARE_OF_LIFE = 0.8
_SHORTEST_LIFE = 600
"""Seconds that a session lives where its cookie does not say: what the site's code has as its default."""

# All Set-Cookie lines come as one text, and others than the site may have put theirs first.
_COOKIE = re.compile(r"\bsession_token=([\w.~-]{1,256})(?:;(?P<attributes>.*))?", re.DOTALL)
_MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})", re.IGNORECASE)
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


class Site:
    """`token` is a session that the operator brought; without one, or when it has ended, one is fetched."""

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
        """What anybody may read; older versions of the site ask for a session first."""
        answer = await self._read(path, "", timeout)
        if is_stale(answer):
            answer = await self._read(path, await self._session.get(), timeout)
        return answer

    @asynccontextmanager
    async def chat(self, body: dict[str, Any], timeout: float) -> AsyncGenerator[StreamingResponse, None]:
        """The answer to a conversation, of which only the good ones get here; a session is renewed once.

        `timeout` is for each wait.
        """
        token = None
        for _ in range(2):
            token = await self._session.get(instead_of=token)
            async with self._listen(f"{self._base}/api/chat/", token, body, timeout) as answer:
                if answer.status == 200 and answer.headers.get("content-type", "").startswith("text/plain"):
                    yield answer
                    return
                refusal = await answer.read()
            if not is_stale(refusal):
                raise failure(refusal)
            _log.info("akashchat: the session has ended, a new one is fetched")
        raise Unavailable("chat.akash.network refuses a session that it has just given.")

    async def _new_session(self) -> tuple[str, float]:
        """Asked for without a cookie: a request that has a good one gets none."""
        answer = await self._read("/api/auth/session/", "", 30.0)
        if answer.status != 200:
            raise failure(answer)
        cookie = _COOKIE.search(answer.headers.get("set-cookie", ""))
        if not cookie:
            raise Unavailable("chat.akash.network gave no session.")
        age = _MAX_AGE.search(cookie["attributes"] or "")
        return cookie[1], _SHARE_OF_LIFE * (int(age[1]) if age else _SHORTEST_LIFE)

    async def _read(self, path: str, token: str, timeout: float) -> Response:
        url = f"{self._base}{path}"
        for _ in range(_MOST_HOPS):
            answer = await self._http.read("GET", url, headers=self._headers | _cookie(token), timeout=timeout)
            if answer.status not in _REDIRECTS:
                return answer
            url = self._next(url, answer)
        raise _lost_on_the_way()

    @asynccontextmanager
    async def _listen(
        self, url: str, token: str, body: dict[str, Any], timeout: float
    ) -> AsyncGenerator[StreamingResponse, None]:
        headers = self._headers | _cookie(token)
        for _ in range(_MOST_HOPS):
            async with self._http.stream("POST", url, headers=headers, json=body, timeout=timeout) as answer:
                if answer.status not in _REDIRECTS:
                    yield answer
                    return
                url = self._next(url, await answer.read())
        raise _lost_on_the_way()

    def _next(self, url: str, answer: Response) -> str:
        """Where a redirect leads, if that is the same site: the session must not go to other sites."""
        target = urljoin(url, answer.headers.get("location", ""))
        if origin_of(target) != origin_of(self._base):
            raise Unavailable("chat.akash.network sends its callers elsewhere.")
        return target


def _cookie(token: str) -> dict[str, str]:
    # The cookie is for https alone, and redirects lose it: it is a header like any other here.
    return {"Cookie": f"session_token={token}"} if token else {}


def _lost_on_the_way() -> Unavailable:
    return Unavailable("chat.akash.network redirects its callers too often.")
