"""A fake gemini.google.com for a user with cookies, and its hosts for accounts, uploads and files."""

import json
import re
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tests.emulators.base import Refused
from tests.emulators.files import FileHost
from tests.emulators.gemini_web import frames
from tests.emulators.gemini_web.frames import Drawing
from tests.emulators.png import png

__all__ = ["GeminiWeb"]

_BUILD = "boq_assistant-bard-web-server_20261115.00_p0"
_SESSION = "-1234567890"
_PUSH_ID = "feeds/mcudyrk2a4khkz"
_UUID = r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"
_SLOTS = 81
_FIXED = {6: [1], 7: 1, 10: 1, 11: 0, 17: [[0]], 18: 0, 27: 1, 30: [4], 41: [1], 53: 0, 61: [], 68: 1, 79: 1, 80: 1}
_ODD_CHUNK = 37
_USER_STATUS, _PREFERENCES, _FULL_SIZE = "otAQ7b", "ESY5D", "c8o8Fe"
_EMPTY = ("MaZiqc", "hNvQHb", "jSf9Qc", "qpEbW", "aPya6c", "GPRiHf")
"""Chats, usage and quotas, which clients read at start: there are none here."""

_AVAILABLE, _UNAUTHENTICATED = 1000, 1016
_INVALID_TOKEN = ')]}\'\n\n[["er",null,null,null,null,400,null,null,null,3]]'
SHAPES = {"16:9": (1792, 1024), "9:16": (1024, 1792), "3:2": (1536, 1024), "2:3": (1024, 1536)}


@dataclass(frozen=True)
class Ask:
    """What was asked for, once it was taken."""

    prompt: str
    files: tuple[str, ...]
    pictures: tuple[Drawing, ...]


@dataclass(kw_only=True, eq=False)
class GeminiWeb(FileHost):
    """`rotation` is the response to a rotation of the cookies; `hops` text responses lead to a full-size file, or
    redirects with `hop_kind`. Image links end in `link_suffix`.

    The next responses end in one of `outcomes`, one each: an error's number, text instead of an image, `cut` in
    mid-frame, or `silence` before any image. Without `full_size` there are only previews. Without `page_token` the
    page of a signed-in user has no `SNlM0e`, and the site requires an empty `at`.
    """

    psid: str = "g.a000-the-lasting-cookie"
    rotation: Literal["renews", "refuses", "dead", "too-often"] = "renews"
    hops: int = 2
    hop_kind: Literal["text", "redirect"] = "text"
    link_suffix: str = ""
    page_token: bool = True
    full_size: bool = True
    signed_out: Literal["", "page", "redirect"] = ""
    needs_cookies_for_files: bool = True
    pictures: int = 1

    outcomes: list[int | str] = field(init=False, repr=False, default_factory=list)
    asks: list[Ask] = field(init=False, repr=False, default_factory=list)
    rotations: int = field(init=False, repr=False, default_factory=int)
    uploads: dict[str, bytes] = field(init=False, repr=False, default_factory=dict)
    _sizes: dict[str, tuple[int, int]] = field(init=False, repr=False, default_factory=dict)
    _next_request: dict[str, int] = field(init=False, repr=False, default_factory=dict)

    @property
    def cookies(self) -> str:
        return f"__Secure-1PSID={self.psid}; __Secure-1PSIDTS={self._fresh()}"

    def environment(self) -> dict[str, str]:
        return {"GEMINI_WEB_BASE_URL": self.url, "GOOGLE_COOKIES": f"NID=511=tracking; {self.cookies}"}

    def routes(self) -> Sequence[BaseRoute]:
        frontend = "/_/BardChatUi/data"
        return [
            Route("/app", self._app_page),
            Route("/RotateCookies", self._rotate, methods=["POST"]),
            Route("/upload", self._upload, methods=["POST"]),
            Route(f"{frontend}/assistant.lamda.BardFrontendService/StreamGenerate", self._generate, methods=["POST"]),
            Route(f"{frontend}/batchexecute", self._call, methods=["POST"]),
            Route("/gg-dl/{name}", self._file),
        ]

    def _fresh(self) -> str:
        return f"sidts-{self.rotations:04}-short-lived"

    def _is_signed_in(self, request: Request) -> bool:
        """The cookie of the last rotation but one is still good: others may be using it."""
        given = dict(pair.split("=", 1) for pair in request.headers.get("cookie", "").split("; ") if "=" in pair)
        fresh = [f"sidts-{number:04}-short-lived" for number in (self.rotations, self.rotations - 1)]
        return given.get("__Secure-1PSID") == self.psid and given.get("__Secure-1PSIDTS") in fresh

    def _is_user(self, request: Request) -> bool:
        return self._is_signed_in(request) and not self.signed_out

    def _admit(self, request: Request) -> None:
        if not request.headers.get("user-agent", "").startswith("Mozilla/"):
            raise Refused(PlainTextResponse("unusual traffic", 429))
        if not self._is_signed_in(request) or self.signed_out == "redirect":
            raise Refused(RedirectResponse("https://accounts.google.com/ServiceLogin", 302))

    async def _app_page(self, request: Request) -> Response:
        if self.signed_out == "page" or not self._is_signed_in(request):
            return _page({"cfb2h": _BUILD, "FdrFJe": _SESSION, "TuX5cc": "en", "qKIAYe": _PUSH_ID})
        self._admit(request)
        token = {"SNlM0e": self._at()} if self.page_token else {}
        members = {**token, "cfb2h": _BUILD, "FdrFJe": _SESSION, "TuX5cc": "en", "qKIAYe": _PUSH_ID}
        return _page(members)

    def _at(self) -> str:
        return f"AFd{zlib.crc32(self.psid.encode()):08x}:1700000000"

    async def _rotate(self, request: Request) -> Response:
        names = [pair.partition("=")[0] for pair in request.headers.get("cookie", "").split("; ")]
        wrong = await request.body() != b'[000,"-0000000000000000000"]' or self.rotation == "dead"
        if wrong or sorted(names) != ["__Secure-1PSID", "__Secure-1PSIDTS"] or not self._is_signed_in(request):
            return PlainTextResponse("", 401)
        if self.rotation == "too-often":
            return PlainTextResponse("", 429)
        response = PlainTextResponse(')]}\'\n\n[["identity.hfcr",600],["di",12]]', media_type="application/json")
        response.headers.append("set-cookie", "SIDCC=other; Path=/")
        if self.rotation == "renews":
            self.rotations += 1
            response.headers.append("set-cookie", f"__Secure-1PSIDTS={self._fresh()}; Path=/; Secure; HttpOnly")
        return response

    async def _upload(self, request: Request) -> Response:
        self._admit(request)
        if (request.headers.get("x-tenant-id"), request.headers.get("push-id")) != ("bard-storage", _PUSH_ID):
            return PlainTextResponse("Bad Request", 400)
        async with request.form() as form:
            file = form.get("file")
            if len(form) != 1 or file is None or isinstance(file, str) or not file.filename:
                return PlainTextResponse("Bad Request", 400)
            content = await file.read()
        reference = f"/contrib_service/ttl_1d/1709764705{zlib.crc32(content):08x}"
        self.uploads[reference] = content
        return PlainTextResponse(reference)

    async def _generate(self, request: Request) -> Response:
        if self.signed_out == "page":
            await self._form(request)
            said = frames.turn(("", "", ""), "Sign in to create images.", (), final=True)
            return _streamed(frames.body(said, frames.CLOSING))
        self._admit(request)
        inner = await self._form(request)
        prompt, files = self._understood(inner)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        chat = (f"c_{len(self.asks):x}", f"r_{len(self.asks):x}", f"rc_{len(self.asks):x}")
        match outcome:
            case int(code):
                return _streamed(frames.body(frames.opening(chat), frames.failure(code), frames.CLOSING))
            case "silence":
                return _streamed(frames.body(frames.opening(chat)))
            case str(words) if words != "cut":
                said = frames.turn(chat, words, (), final=True)
                return _streamed(frames.body(frames.opening(chat), said, frames.CLOSING))
        drawings = self._draw(prompt, files)
        half = frames.turn(chat, "Here is 🐈", drawings[:1])
        text = "Here is your image 🐈 http://googleusercontent.com/image_generation_content/0\n"
        whole = frames.turn(chat, text, drawings, sparse=len(self.asks) % 2 == 0, final=True)
        answer = frames.body(frames.opening(chat), half, whole, frames.CLOSING)
        return _streamed(answer[: answer.index(b"Here is")] if outcome == "cut" else answer)

    def _draw(self, prompt: str, files: Sequence[str]) -> tuple[Drawing, ...]:
        shape = re.search(r"Aspect ratio: (\d+:\d+)$", prompt)
        size = SHAPES[shape[1]] if shape else (1024, 1024)
        first = sum(len(ask.pictures) for ask in self.asks)
        names = [f"AAA{number:04}" for number in range(first, first + self.pictures)]
        self._sizes |= dict.fromkeys(names, size)
        drawings = tuple(Drawing(self.file_url(f"/gg-dl/{name}{self.link_suffix}"), f"img-id-{name}") for name in names)
        self.asks.append(Ask(prompt, tuple(files), drawings))
        return drawings

    async def _form(self, request: Request) -> Any:
        """What stands in `f.req`, where all around it is as the page itself sends it."""
        media_type = request.headers.get("content-type", "")
        fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=True))
        query = request.query_params
        number = int(query.get("_reqid", "0"))
        fine = (
            media_type == "application/x-www-form-urlencoded;charset=utf-8"
            and (query.get("hl"), query.get("rt"), query.get("bl"), query.get("f.sid")) == ("en", "c", _BUILD, _SESSION)
            and number >= 10_000
            and request.headers.get("x-same-domain") == "1"
            and fields.keys() == {"at", "f.req"}
        )
        if not fine:
            raise Refused(PlainTextResponse("Bad Request", 400))
        if fields["at"] != (self._at() if self.page_token and self._is_user(request) else ""):
            raise Refused(PlainTextResponse(_INVALID_TOKEN, 400))
        return json.loads(fields["f.req"])

    def _understood(self, form: Any) -> tuple[str, list[str]]:
        slots = json.loads(form[1])
        turn = slots[59] if len(slots) == _SLOTS else None
        if form[0] is not None or not isinstance(turn, str) or not re.fullmatch(_UUID, turn):
            raise Refused(PlainTextResponse("Bad Request", 400))
        if any(slots[place] != value for place, value in _FIXED.items()) or slots[1] != ["en"]:
            raise Refused(PlainTextResponse("Bad Request", 400))
        prompt, zero, _, attached, *_ = slots[0]
        files = [entry[0][0] for entry in attached or ()]
        if zero != 0 or not prompt or any(file not in self.uploads for file in files):
            raise Refused(PlainTextResponse("Bad Request", 400))
        return prompt, files

    async def _call(self, request: Request) -> Response:
        """Execute a batch of calls."""
        if not request.headers.get("user-agent", "").startswith("Mozilla/"):
            raise Refused(PlainTextResponse("unusual traffic", 429))
        if self.signed_out == "redirect":
            raise Refused(RedirectResponse("https://accounts.google.com/ServiceLogin", 302))
        [calls] = await self._form(request)
        names = [name for name, *_ in calls]
        known = {_USER_STATUS: self._user_status, _PREFERENCES: self._preferences, _FULL_SIZE: self._full_size}
        known |= dict.fromkeys(_EMPTY, lambda request, payload: [])
        fine = ",".join(names) == request.query_params.get("rpcids") and known.keys() >= set(names)
        if not fine or any(kind != "generic" for *_, kind in calls):
            return PlainTextResponse("Bad Request", 400)
        results = [frames.result(name, known[name](request, json.loads(payload))) for name, payload, *_ in calls]
        return _streamed(frames.body(*results, frames.CLOSING))

    def _user_status(self, request: Request, payload: Any) -> Any:
        if payload != []:
            raise Refused(PlainTextResponse("Bad Request", 400))
        status = _AVAILABLE if self._is_user(request) else _UNAUTHENTICATED
        return [*[None] * 14, status, [], [], []]

    def _preferences(self, request: Request, payload: Any) -> Any:
        [[names]] = payload
        return [[[name, None] for name in names]]

    def _full_size(self, request: Request, payload: Any) -> Any:
        self._admit(request)
        [asked, (turn, candidate, conversation, *_), *_] = payload
        known = {drawing.id: drawing for ask in self.asks for drawing in ask.pictures}
        drawing = known.get(asked[1][0]) if len({turn[2:], candidate[3:], conversation[2:]}) == 1 else None
        return [drawing.url] if drawing and self.full_size else None

    async def _file(self, request: Request) -> Response:
        name, _, suffix = request.path_params["name"].partition("=")
        if self.needs_cookies_for_files and not self._is_signed_in(request):
            return PlainTextResponse("", 403)
        hops = {"s2048-rj": 0, "d-I": self.hops} | {f"hop{left}": left for left in range(self.hops)}
        if name not in self._sizes or suffix not in hops:
            return PlainTextResponse("", 404)
        if left := hops[suffix]:
            link = self.file_url(f"/gg-dl/{name}=hop{left - 1}")
            return PlainTextResponse(link) if self.hop_kind == "text" else RedirectResponse(link, 302)
        colour = zlib.crc32(name.encode()).to_bytes(4, "big")
        return self.file_response(request, png(*self._sizes[name], (colour[0], colour[1], colour[2])), "image/png")


def _page(members: dict[str, str]) -> Response:
    return HTMLResponse(f"<html><script>window.WIZ_global_data = {json.dumps(members)};</script></html>")


def _streamed(content: bytes) -> Response:
    """In chunks that end anywhere: within a frame, and within a character."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), _ODD_CHUNK):
            yield content[start : start + _ODD_CHUNK]

    return StreamingResponse(chunks(), media_type="application/json")
