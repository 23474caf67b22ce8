"""A front of moto's server that counts what is asked, and breaks connections as it is told to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.emulators.server import Server, line_of


class Front:
    """`calls` counts by operation. While it is `down`, no call arrives; `lose` of the next answers break off.

    `meanwhile` runs after each answer that broke off, before the client can retry. `refusal` is the error code with
    which it answers instead of moto, in AWS's words.
    """

    def __init__(self, behind: str) -> None:
        self._behind = behind
        self._server = Server(self._app)
        self.url = self._server.url
        self.reset()

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.down = False
        self.lose = 0
        self.meanwhile: Callable[[], object] = lambda: None
        self.refusal = ""

    def stop(self) -> None:
        self._server.stop()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        operation = request.headers.get("x-amz-target", request.method).rpartition(".")[2]
        self.calls[operation] += 1
        if self.down:
            line_of(scope).abort()
            return
        answer = await self._passed_on(request)
        if self.lose:
            self.lose -= 1
            self.meanwhile()
            line_of(scope).abort()
            return
        await answer(scope, receive, send)

    async def _passed_on(self, request: Request) -> Response:
        if self.refusal:
            if "x-amz-target" not in request.headers:
                return Response(f"<Error><Code>{self.refusal}</Code></Error>", 403, media_type="application/xml")
            said = {"__type": self.refusal, "message": "User: arn:aws:sts::123456789012:role is not authorized"}
            return JSONResponse(said, 400)
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        async with httpx.AsyncClient(base_url=self._behind, verify=False, trust_env=False) as client:
            answer = await client.request(
                request.method, request.url.path, headers=headers, content=await request.body()
            )
        kept = {name: text for name, text in answer.headers.items() if name.startswith(("content-", "x-amz-", "etag"))}
        return Response(answer.content, answer.status_code, kept)
