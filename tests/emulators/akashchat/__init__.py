"""A fake chat.akash.network, in the three versions of it that there have been: L, M and N, the newest."""

import asyncio
import base64
import math
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tests.emulators.akashchat.jobs import FAILURE, Fate, Job, marked_fate
from tests.emulators.akashchat.wire import (
    INVALID_MODEL,
    MODELS,
    Conversation,
    Json,
    ending,
    line,
    listed,
    not_available,
    over_quota,
    parse,
    refused,
    tag,
    unauthorized,
)
from tests.emulators.course import Course, queue_position
from tests.emulators.files import FileHost, Gate
from tests.emulators.png import png
from tests.emulators.webp import webp

__all__ = ["WORDS", "AkashChat", "Fate"]

WORDS = ("Hello", ", wörld 中文 😀", '\nquote " back\\slash', "\ttab 'apos' <b>", " \\n literal")
"""What every text model here says unless it is told otherwise."""

_ORDER_WORDS = ("generate", "draw", "create", "make", "paint")
_FETCH_SITES = (None, "same-origin", "same-site", "none")
_FETCH_MODES = (None, "navigate", "cors", "no-cors")

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(kw_only=True, eq=False)
class AkashChat(FileHost):
    """Its settings are named for what they do to an answer.

    `session_seconds` is how long a session lives; `other_cookie` puts a stranger's Set-Cookie first, and without
    `sets_cookie` there is none. `protected` says that the list of models wants a session. A model `says` these words,
    or else gives back what it was told. `error` is said after them; an answer that does not end has neither `e` nor
    `d`. `cut` is the size of the pieces that an answer leaves in, 0 for one per line, each of which waits for the
    `gate`. `form` is that of a finished job's result, the version's own unless it is set. Without `sizes` nobody is
    told how long a file is, as on the real site.
    """

    dialect: Literal["L", "M", "N"] = "N"
    session_seconds: float = 3600
    other_cookie: bool = False
    sets_cookie: bool = True
    protected: bool | None = None
    quota_reset: int | None = None
    says: Sequence[str] | None = WORDS
    error: str | None = None
    ends: bool = True
    finish_reason: str = "stop"
    usage: tuple[int, int] | None = (11, 5)
    cut: int = 0
    steps: int = 2
    seconds: float | None = None
    state_words: Iterable[str] = ()
    form: Literal["data", "base64", "absolute", "relative"] | None = None
    drawing: Literal["webp", "png"] = "webp"
    ranges: bool = False
    sizes: bool = False

    talks: list[Conversation] = field(init=False, repr=False, default_factory=list)
    jobs: dict[str, Job] = field(init=False, repr=False, default_factory=dict)
    sessions: dict[str, float] = field(init=False, repr=False, default_factory=dict)
    _fates: list[Fate] = field(init=False, repr=False, default_factory=list)
    _refreshed: list[float] = field(init=False, repr=False, default_factory=list)

    def environment(self) -> dict[str, str]:
        return {"PROVIDERS": "akashchat", "AKASHCHAT_BASE_URL": self.url}

    @classmethod
    def lifelike(cls) -> Self:
        return cls(seconds=6.0, says=None)

    def next_fate(self, *fates: Fate) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def end_sessions(self) -> None:
        self.sessions.clear()

    def new_session(self) -> str:
        token = secrets.token_hex(32)
        self.sessions[token] = time.monotonic() + self.session_seconds
        return token

    def routes(self) -> Sequence[BaseRoute]:
        return [
            *self._both("/api/auth/session", self._session),
            *self._both("/api/auth/session/refresh", self._refresh, "POST"),
            *self._both("/api/auth/status", self._status),
            *self._both("/api/models", self._models),
            *self._both("/api/chat", self._chat, "POST"),
            *self._both("/api/image-status", self._image_status),
            Route("/api/image/{file}", self._image),
        ]

    def _both(self, path: str, handler: Handler, method: str = "GET") -> list[Route]:
        """A path with its slash, and without, where the older versions redirect."""

        async def bare(request: Request) -> Response:
            if self.dialect == "N":
                return await handler(request)
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{path}/{query}", 308)

        return [Route(f"{path}/", handler, methods=[method]), Route(path, bare, methods=[method])]

    async def _session(self, request: Request) -> Response:
        _check_headers(request)
        if self.dialect == "N" and self._is_known(request):
            return JSONResponse({"success": True})
        return self._with_session(JSONResponse({"success": True}))

    async def _refresh(self, request: Request) -> Response:
        _check_headers(request)
        token = request.cookies.get("session_token")
        if token is None:
            raise refused(401, {"error": "No session token found"})
        now, window = time.monotonic(), math.floor(self.session_seconds * 0.05)
        self._refreshed = [at for at in self._refreshed if at > now - window] + [now]
        if len(self._refreshed) > 3:
            raise refused(429, {"error": "Too many refresh attempts. Please try again later."})
        left = self.sessions.get(token, now) - now
        response = JSONResponse({"success": True})
        return response if left > 0.2 * self.session_seconds else self._with_session(response)

    async def _status(self, request: Request) -> Response:
        new = {"authEnabled": True} if self.dialect == "N" else {}
        message = "No access token required for this application"
        return JSONResponse({"requiresAccessToken": False, **new, "message": message})

    async def _models(self, request: Request) -> Response:
        if (self.dialect == "L" if self.protected is None else self.protected) and not self._is_known(request):
            raise unauthorized()
        return JSONResponse([listed(model, modern=self.dialect == "N") for model in MODELS])

    async def _chat(self, request: Request) -> Response:
        if not self._is_known(request):
            raise unauthorized()
        talk = await parse(request)
        if self.dialect == "N" and self.quota_reset is not None:
            raise over_quota(self.quota_reset)
        self.talks.append(talk)
        modern = self.dialect == "N"
        if talk.model not in MODELS:
            if modern:
                raise not_available(talk.model)
            return self._stream([line("3", INVALID_MODEL % talk.model)])
        if complaint := self._complaint(talk):
            if modern and talk.model == "AkashGen":
                raise refused(500, {"error": "Error generating image", "message": complaint})
            return self._stream([line("3", complaint)])
        return self._stream(self._order(talk) if talk.model == "AkashGen" else self._said(talk))

    def _complaint(self, talk: Conversation) -> str | None:
        """What the site says of numbers that are texts, or are missing or zero, which N replaces by texts."""
        for name, value in (("temperature", talk.temperature), ("topP", talk.top_p)):
            if (not value and self.dialect == "N") or (isinstance(value, str) and self.dialect != "N"):
                return f"Invalid argument for parameter {name}: {name} must be a number"
        return None

    def _said(self, talk: Conversation) -> list[str]:
        says = ("You said: ", *re.split(r"(?<=\s)", talk.messages[-1].content)) if self.says is None else self.says
        lines = [line("f", {"messageId": "msg-GE2Hq6ULf1EgcNDsQV11lEGX"}), *(line("0", text) for text in says)]
        if self.error is not None:
            return [*(lines if says else []), line("3", self.error)]
        return [*lines, *(ending(self.finish_reason, self.usage) if self.ends else [])]

    def _order(self, talk: Conversation) -> list[str]:
        prompt = talk.messages[-1].content
        fate = self._fates.pop(0) if self._fates else marked_fate(prompt)
        if not prompt.lower().startswith(_ORDER_WORDS):
            fate = Fate.TEXT
        if fate is Fate.NO_WORKERS and self.dialect == "N":
            message = "Error executing tool generateImage: no workers available"
            raise refused(500, {"error": "Error generating image", "message": message})
        if fate is Fate.NO_WORKERS or (fate is Fate.TEXT and self.dialect == "N"):
            return [line("3", INVALID_MODEL % "AkashGen")]
        if fate is Fate.TEXT:
            return self._said(talk)
        revised = f"A detailed {prompt.partition(': ')[2] or prompt}"
        name = "undefined"
        if fate is not Fate.NO_JOB:
            course = Course(self.steps, self.seconds, ends=fate is not Fate.NEVER_ENDS)
            job = Job(revised, fate, course, iter(self.state_words))
            self.jobs[job.uuid], name = job, job.uuid
        written = tag(name, revised, escaped=self.dialect != "L")
        return [written, *(ending("stop", (20, 50)) if self.ends else [])]

    def _stream(self, lines: Sequence[str]) -> Response:
        headers = {"content-type": "text/plain; charset=utf-8", "x-vercel-ai-data-stream": "v1"}
        return StreamingResponse(self._pieces(lines), headers=headers)

    async def _pieces(self, lines: Sequence[str]) -> AsyncIterator[bytes]:
        whole = "".join(lines).encode()
        if self.cut:
            for start in range(0, len(whole), self.cut):
                yield whole[start : start + self.cut]
                await asyncio.sleep(0)
            return
        gate = self.gate or Gate(math.inf)
        for text in lines:
            await gate.wait()
            yield text.encode()

    async def _image_status(self, request: Request) -> Response:
        names = [name for name in request.query_params.get("ids", "").split(",") if name]
        if not names:
            raise refused(400, {"error": "No job IDs provided"})
        jobs = [self.jobs.get(name) for name in names]
        if None in jobs:
            if self.dialect == "L":
                return JSONResponse(f"Job not found: {names[jobs.index(None)]}")
            raise refused(404, {"error": "Middleware error: 404"})
        answer = JSONResponse([self._shown(job) for job in jobs if job])
        if self.dialect != "L":
            answer.headers["content-type"] = "text/plain;charset=UTF-8"
        return answer

    def _shown(self, job: Job) -> Json:
        word, share = job.look(legacy=self.dialect == "L")
        return {
            "job_id": job.uuid,
            "worker_name": "w1",
            "worker_city": "Austin",
            "worker_country": "US",
            "status": word,
            "result": self._result(job, word),
            "worker_gpu": "RTX4090",
            "elapsed_time": 1.5,
            "queue_position": queue_position(share),
        }

    def _result(self, job: Job, word: str) -> str:
        if word == "failed":
            return FAILURE
        if word not in ("completed", "succeeded") or job.fate is Fate.NO_RESULT:
            return ""
        if job.fate is Fate.FAILS_IN_DISGUISE:
            return FAILURE
        match self.form or ("data" if self.dialect == "L" else "relative"):
            case "relative" if self.files_origin is None:
                return f"/api/image/{job.file}"
            case "absolute" | "relative":
                return self.file_url(f"/api/image/{job.file}")
            case form:
                content = self.payload if isinstance(self.payload, bytes) else self._drawn(job)
                head = f"data:image/{self.drawing};base64," if form == "data" else ""
                return head + base64.b64encode(content).decode()

    async def _image(self, request: Request) -> Response:
        job = next((job for job in self.jobs.values() if job.file == request.path_params["file"]), None)
        if self.dialect == "L" or not job or not job.finished:
            raise refused(404, {"error": "Image not found"})
        response = self.file_response(request, self._drawn(job), f"image/{self.drawing}")
        if not self.sizes:
            del response.headers["content-length"]
        response.headers["cache-control"] = "public, max-age=31536000"
        if self.dialect == "N":
            response.headers["cross-origin-resource-policy"] = "same-origin"
        return response

    def _drawn(self, job: Job) -> bytes:
        return (webp if self.drawing == "webp" else png)(1024, 1024, job.colour)

    def _is_known(self, request: Request) -> bool:
        return self.sessions.get(request.cookies.get("session_token", ""), 0.0) > time.monotonic()

    def _with_session(self, response: Response) -> Response:
        if self.other_cookie:
            response.headers.append("set-cookie", "__cf_bm=abc.def; Path=/; Max-Age=1800; HttpOnly; Secure")
        if self.sets_cookie:
            rest = f"Max-Age={math.floor(self.session_seconds)}; Secure; HttpOnly; SameSite=strict; Partitioned"
            cookie = f"session_token={self.new_session()}; Path=/; Expires=Fri, 20 Nov 2026 16:19:29 GMT; {rest}"
            response.headers.append("set-cookie", cookie)
        return response


def _check_headers(request: Request) -> None:
    if not request.headers.get("user-agent"):
        raise refused(403, {"error": "Invalid request - no user agent"})
    if request.headers.get("sec-fetch-site") not in _FETCH_SITES:
        raise refused(403, {"error": "Invalid request - invalid fetch site"})
    if request.headers.get("sec-fetch-mode") not in _FETCH_MODES:
        raise refused(403, {"error": "Invalid request - invalid fetch mode"})
