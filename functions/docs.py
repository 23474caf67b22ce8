"""GET / is a page to try everything on, /docs one to read about it, and /openapi.json what both and programs go by."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Context, Endpoint, Operation, create_app, pages
from shared.hosts.bundle import whole_app
from shared.hosts.lambda_entry import lambda_handler


async def home(context: Context) -> Response:
    """Return the playground page to browsers, and the API's URLs to other clients."""
    if pages.is_wanted(context):
        return pages.page_response(context, "playground.html")
    base = f"{context.base_url}/v1"
    return JSONResponse(
        {
            "name": "Easel",
            "message": "API service is running",
            "base_url": base,
            "models": f"{base}/models",
            "health": f"{base}/health",
            "docs": f"{context.base_url}/docs",
        },
        headers={"vary": "accept"},
    )


async def docs(context: Context) -> Response:
    """Return the API reference as a web page."""
    return pages.page_response(context, "docs.html")


async def document(context: Context) -> Response:
    """Return the API description as OpenAPI 3.1."""
    from shared.api.openapi import document as openapi  # only this needs that part of pydantic

    return JSONResponse(openapi.document(whole_app().routes, context.base_url))


app = create_app(
    [
        Endpoint("/", Access.ANYONE, GET=Operation(home, gives={200: ("responses.types.Home", "text/html")})),
        Endpoint("/docs", Access.ANYONE, GET=Operation(docs, gives={200: "text/html"})),
        Endpoint("/openapi.json", Access.ANYONE, GET=Operation(document, gives={200: "responses.types.OpenApi"})),
    ]
)
handler = lambda_handler(app)
