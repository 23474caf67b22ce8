"""GET /ping and /health say that we are there; every path that no other function owns gets its 404 here."""

from __future__ import annotations

from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared.api import Access, Context, Endpoint, Operation, create_app
from shared.api.responses import admin
from shared.hosts.lambda_entry import lambda_handler


async def ping(context: Context) -> Response:
    """Return `pong`."""
    return PlainTextResponse("pong")


async def health(context: Context) -> Response:
    """Report status and account counts; with an admin key, the state of every account."""
    return JSONResponse(await admin.health_object(context))


_health = Operation(health, gives={200: "responses.types.Health"})

app = create_app(
    [
        Endpoint("/ping", Access.ANYONE, GET=Operation(ping, gives={200: "text/plain"})),
        Endpoint("/v1/health", Access.ANYONE, GET=_health),
        Endpoint("/api/health", Access.ANYONE, GET=_health),
    ]
)
handler = lambda_handler(app)
