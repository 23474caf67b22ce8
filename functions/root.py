"""GET /ping and /v1/health report that the server runs; a path that no other function serves gets its 404 here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from shared.api import Access, Context, Endpoint, Operation, create_app
from shared.api.json_response import Json
from shared.api.responses import admin
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import Health


async def ping(context: Context) -> PlainTextResponse:
    """Return `pong`."""
    return PlainTextResponse("pong")


async def health(context: Context) -> Json[Health]:
    """Report status and account counts; with an admin key, the state of every account."""
    return Json(await admin.health_object(context))


_health = Operation(health)

app = create_app(
    [
        Endpoint("/ping", Access.ANYONE, GET=Operation(ping)),
        Endpoint("/v1/health", Access.ANYONE, GET=_health),
        Endpoint("/api/health", Access.ANYONE, GET=_health),
    ]
)
handler = lambda_handler(app)
