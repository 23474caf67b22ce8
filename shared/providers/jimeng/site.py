"""Client for Jimeng's API as a signed-in browser calls it: cookies, headers, and a digest of each call."""

from __future__ import annotations

import hashlib
import time
from typing import Any, Literal
from urllib.parse import quote_plus

from shared.http import Http, Response
from shared.providers.jimeng.errors import signed_out

PAGE = "https://jimeng.jianying.com"

_APP_VERSION = "8.4.0"
_SESSION_SECONDS = 5_184_000
_HEADERS = {
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "App-Sdk-Version": "48.0.0",
    "Appid": "513695",
    "Appvr": _APP_VERSION,
    "Lan": "zh-Hans",
    "Loc": "cn",
    "Origin": PAGE,
    "Pf": "7",
    "Sec-Ch-Ua": '"Google Chrome";v="142", "Chromium";v="142", "Not_A Brand";v="99"',
    "Sec-Ch-Ua-Mobile": "?0",
    "Sec-Ch-Ua-Platform": '"Windows"',
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "Sign-Ver": "1",
    "Tdid": "",
    "User-Agent": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36"
    ),
}
_QUERY = (
    "aid=513695&device_platform=web&region=cn&webId={}&da_version=3.3.9&os=windows&web_component_open_flag=1"
    "&web_version=7.5.0&aigc_features=app_lip_sync"
)


class Site:
    """`key` is a browser's Cookie header with `sessionid` in it, or the bare session id."""

    def __init__(self, http: Http, base: str, key: str) -> None:
        self._http = http
        self._base = base
        self._key = key
        self._is_bare = "=" not in key
        self._is_signed_in = bool(key) and (self._is_bare or "; sessionid=" in f"; {key}")
        # A browser's id is constant, so derive it from the session.
        self._web_id = str(10**18 + int(_digest(f"web {key}"), 16) % (9 * 10**18))

    async def read(self, path: str, body: dict[str, Any]) -> Response:
        """Send a call that submits nothing; it may be retried."""
        url, headers = self._url(path), self._call_headers(path, "image")
        return await self._http.read("POST", url, headers=headers, json=body)

    async def submit(self, body: dict[str, Any], kind: Literal["image", "video"]) -> Response:
        """Submit once, without a retry."""
        path = "/mweb/v1/aigc_draft/generate"
        url, headers = self._url(path), self._call_headers(path, kind)
        return await self._http.send("POST", url, headers=headers, json=body)

    def _url(self, path: str) -> str:
        return f"{self._base}{path}?{_QUERY.format(self._web_id)}"

    def _call_headers(self, path: str, kind: str) -> dict[str, str]:
        if not self._is_signed_in:
            raise signed_out()
        now = int(time.time())
        own = {
            "Cookie": self._derived_cookies(now) if self._is_bare else self._key,
            "Device-Time": str(now),
            "Referer": f"{PAGE}/ai-tool/generate?type={kind}",
            "Sign": sign(path, now),
        }
        return _HEADERS | own

    def _derived_cookies(self, now: int) -> str:
        """Return the cookies a browser with this session would send."""
        key, user = self._key, _digest(f"user {self._key}")
        ends = time.strftime("%a, %d-%b-%Y %H:%M:%S GMT", time.gmtime(now + _SESSION_SECONDS))
        guard = quote_plus(f"{key}|{now}|{_SESSION_SECONDS}|{ends}")
        return (
            f"_tea_web_id={self._web_id}; is_staff_user=false; sid_guard={guard}; uid_tt={user}; uid_tt_ss={user}; "
            f"sid_tt={key}; sessionid={key}; sessionid_ss={key}"
        )


def sign(path: str, timestamp: int) -> str:
    """Return the header `Sign` of a call at a Unix time in seconds; it covers only the end of the path."""
    return _digest(f"9e2c|{path[-7:]}|7|{_APP_VERSION}|{timestamp}||11ac")


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
