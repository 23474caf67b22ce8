"""GET / says what this is."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Call, Endpoint, create_app
from shared.hosts.lambda_entry import lambda_handler


async def home(call: Call) -> Response:
    base = f"{call.base_url}/v1"
    return JSONResponse(
        {"name": "Easel", "message": "API service is running", "base_url": base, "models": f"{base}/models"}
    )


app = create_app([Endpoint("/", Access.ANYONE, GET=home)])
handler = lambda_handler(app)
