"""POST /v1/cookies replaces an account's cookies; POST /v1/cleanup does nothing, for clients that expect it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api import Access, Context, Endpoint, Operation, create_app, nested_detail
from shared.api.json_response import Json
from shared.api.requests.cookies import read_export
from shared.api.responses import admin
from shared.api.routing import reads
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.requests.cookies import Export, ExportForm
    from shared.api.responses.types import CleanedUp, CookiesTaken


@reads(read_export)
async def cookies(context: Context, body: Export | ExportForm) -> Json[CookiesTaken]:
    """Replace an account's cookies with a browser export."""
    return Json(await admin.replace_cookies(context, body))


async def cleanup(context: Context) -> Json[CleanedUp]:
    """Do nothing; Easel stores no files."""
    return Json({"deleted_count": 0, "deleted_files": [], "message": "Easel stores no files."})


app = create_app(
    [
        Endpoint("/v1/cookies", Access.ADMIN, POST=Operation(cookies), beside=nested_detail),
        Endpoint("/v1/cleanup", POST=Operation(cleanup), beside=nested_detail),
    ]
)
handler = lambda_handler(app)
