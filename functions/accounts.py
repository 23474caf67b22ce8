"""POST /v1/cookies gives an account new cookies.

/v1/cleanup is called by clients of servers that keep files, and has nothing to do here.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Context, Endpoint, Operation, create_app, nested_detail
from shared.api.responses import admin
from shared.hosts.lambda_entry import lambda_handler


async def cookies(context: Context) -> Response:
    """Replace an account's cookies with a browser export."""
    return await admin.cookies_response(context)


async def cleanup(context: Context) -> Response:
    """Do nothing; Easel stores no files."""
    return JSONResponse({"deleted_count": 0, "deleted_files": [], "message": "Nothing is kept here."})


app = create_app(
    [
        Endpoint(
            "/v1/cookies",
            Access.ADMIN,
            POST=Operation(
                cookies,
                takes="openapi.parameters.Export",
                form="openapi.parameters.ExportForm",
                gives={200: "responses.types.CookiesTaken"},
            ),
            beside=nested_detail,
        ),
        Endpoint(
            "/v1/cleanup", POST=Operation(cleanup, gives={200: "responses.types.CleanedUp"}), beside=nested_detail
        ),
    ]
)
handler = lambda_handler(app)
