"""GET /ping and /health say that we are there; every path that no other function owns gets its 404 here."""

from __future__ import annotations

from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared.api import Access, Call, Endpoint, create_app, operators
from shared.hosts.lambda_entry import lambda_handler


async def ping(call: Call) -> Response:
    return PlainTextResponse("pong")


async def health(call: Call) -> Response:
    return JSONResponse(await operators.health_object(call))


app = create_app(
    [
        Endpoint("/ping", Access.ANYONE, GET=ping),
        Endpoint("/v1/health", Access.ANYONE, GET=health),
        Endpoint("/api/health", Access.ANYONE, GET=health),
    ]
)
handler = lambda_handler(app)
