"""GET / is the playground, GET /docs the API reference, and GET /openapi.json the API description behind both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from shared.api import Access, Context, Endpoint, Operation, create_app, pages
from shared.api.json_response import Json
from shared.hosts.bundle import whole_app
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import Home, OpenApi


async def home(context: Context) -> HTMLResponse | Json[Home]:
    """Return the playground page to browsers, and the API's URLs to other clients."""
    if pages.is_wanted(context):
        return pages.page_response(context, "playground.html")
    return Json(pages.home_object(context.base_url), {"vary": "accept"})


async def docs(context: Context) -> HTMLResponse:
    """Return the API reference as a web page."""
    return pages.page_response(context, "docs.html")


async def document(context: Context) -> Json[OpenApi]:
    """Return the API description as OpenAPI 3.1."""
    from shared.api.openapi import document as openapi  # no other endpoint requires this part of pydantic

    return Json(openapi.document(whole_app().routes, context.base_url))


app = create_app(
    [
        Endpoint("/", Access.ANYONE, GET=Operation(home)),
        Endpoint("/docs", Access.ANYONE, GET=Operation(docs)),
        Endpoint("/openapi.json", Access.ANYONE, GET=Operation(document)),
    ]
)
handler = lambda_handler(app)
