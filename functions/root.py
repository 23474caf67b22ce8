"""GET /ping and /health say that we are there; every path that no other function owns gets its 404 here."""

from __future__ import annotations

from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared.api import Access, Call, Endpoint, Operation, create_app, operators
from shared.hosts.lambda_entry import lambda_handler


async def ping(call: Call) -> Response:
    """Return `pong`."""
    return PlainTextResponse("pong")


async def health(call: Call) -> Response:
    """Report status and account counts; with an admin key, the state of every account."""
    return JSONResponse(await operators.health_object(call))


_health = Operation(health, gives={200: "answers.Health"})

app = create_app(
    [
        Endpoint("/ping", Access.ANYONE, GET=Operation(ping, gives={200: "text/plain"})),
        Endpoint("/v1/health", Access.ANYONE, GET=_health),
        Endpoint("/api/health", Access.ANYONE, GET=_health),
    ]
)
handler = lambda_handler(app)
