"""GET /ping and /health say that we are there; every path that no other function owns gets its 404 here."""

from __future__ import annotations

import time

from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared.api import Access, Call, Endpoint, create_app
from shared.hosts.lambda_entry import lambda_handler


async def ping(call: Call) -> Response:
    return PlainTextResponse("pong")


async def health(call: Call) -> Response:
    counts = await call.service.pool.counts()
    accounts = {f"accounts_{name}": count for name, count in counts.items()}
    return JSONResponse({"status": "healthy", "service": "easel", "timestamp": int(time.time()), **accounts})


app = create_app([Endpoint("/ping", Access.ANYONE, GET=ping), Endpoint("/v1/health", Access.ANYONE, GET=health)])
handler = lambda_handler(app)
