"""POST /v1/cookies gives an account new cookies.

/v1/cleanup is called by clients of servers that keep files, and has nothing to do here.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Call, Endpoint, Operation, create_app, nested_detail, operators
from shared.hosts.lambda_entry import lambda_handler


async def cookies(call: Call) -> Response:
    """Replace an account's cookies with a browser export."""
    return await operators.cookies_response(call)


async def cleanup(call: Call) -> Response:
    """Do nothing; Easel stores no files."""
    return JSONResponse({"deleted_count": 0, "deleted_files": [], "message": "Nothing is kept here."})


app = create_app(
    [
        Endpoint(
            "/v1/cookies",
            Access.ADMIN,
            POST=Operation(
                cookies, takes="parameters.Export", form="parameters.ExportForm", gives={200: "answers.CookiesTaken"}
            ),
            beside=nested_detail,
        ),
        Endpoint("/v1/cleanup", POST=Operation(cleanup, gives={200: "answers.CleanedUp"}), beside=nested_detail),
    ]
)
handler = lambda_handler(app)
