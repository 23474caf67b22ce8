"""GET / is a page to try everything on, for browsers, and says to all others what this is."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Call, Endpoint, create_app, playground
from shared.hosts.lambda_entry import lambda_handler


async def home(call: Call) -> Response:
    if playground.is_wanted(call):
        return playground.page_response(call)
    base = f"{call.base_url}/v1"
    return JSONResponse(
        {"name": "Easel", "message": "API service is running", "base_url": base, "models": f"{base}/models"},
        headers={"vary": "accept"},
    )


app = create_app([Endpoint("/", Access.ANYONE, GET=home)])
handler = lambda_handler(app)
