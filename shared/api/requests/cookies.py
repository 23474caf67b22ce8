"""The body of POST /v1/cookies: the export of a browser extension, as JSON or as a file in a form."""

from __future__ import annotations

import json
from typing import Any, NotRequired, final

from typing_extensions import TypedDict

from shared.api.bounds import COOKIES
from shared.api.context import Context
from shared.errors import BadRequest
from shared.http import Spool


@final  # so that type checkers tell them apart by their fields
class Export(TypedDict):
    """An account's cookies as JSON: the export of a browser extension, or cookies.txt as a string."""

    cookies: str | list[Any] | dict[str, Any]
    account_id: NotRequired[str | None]


@final
class ExportForm(TypedDict):
    """An account's cookies as an uploaded file."""

    file: bytes
    account_id: NotRequired[str]


async def read_export(context: Context) -> Export | ExportForm:
    """Read the export in either encoding."""
    if context.has_form:
        return await _read_form(context)
    body = await context.read(COOKIES)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.", code="invalid_json") from None
    if not isinstance(content, dict) or not isinstance(content.get("cookies"), str | list | dict):
        raise BadRequest("'cookies': the export is missing.", code="invalid_format", param="cookies")
    return {"cookies": content["cookies"], "account_id": _account_id(content.get("account_id"))}


async def _read_form(context: Context) -> ExportForm:
    fields = dict(await context.form(COOKIES))
    file = fields.get("file")
    if not isinstance(file, Spool):
        raise BadRequest("'file': the export is missing.", code="missing_file", param="file")
    content = b"".join([piece async for piece in file.read()])
    return {"file": content, "account_id": _account_id(fields.get("account_id"))}


def _account_id(given: object) -> str:
    """Return the account's id; an empty string if there is none."""
    if given is not None and not isinstance(given, str):
        raise BadRequest("'account_id' must be a string.", code="invalid_account_id", param="account_id")
    return given or ""
