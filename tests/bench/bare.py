"""The yardstick: thirty lines of Starlette and httpx that pass requests on to another server.

`python -m tests.bench.bare <port> <that server's URL>`
"""

from __future__ import annotations

import sys

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

_KEPT = ("content-type", "content-length")


def relay_to(upstream: str) -> Starlette:
    client = httpx.AsyncClient(base_url=upstream, timeout=60)

    async def relay(request: Request) -> Response:
        headers = {"content-type": request.headers.get("content-type", "application/json")}
        content = await request.body()
        sent = client.build_request(request.method, request.url.path, headers=headers, content=content)
        answer = await client.send(sent, stream=True)
        kept = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
        return StreamingResponse(answer.aiter_raw(), answer.status_code, kept, background=BackgroundTask(answer.aclose))

    return Starlette(routes=[Route("/{path:path}", relay, methods=["GET", "POST"])])


if __name__ == "__main__":
    uvicorn.run(relay_to(sys.argv[2]), port=int(sys.argv[1]), log_level="warning")
