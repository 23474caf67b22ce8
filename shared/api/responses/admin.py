"""Operator routes: account health, and replacing the cookies of an account."""

from __future__ import annotations

import json
import math
import time
from typing import Any

from starlette.responses import JSONResponse, Response

from shared.accounts import AccountStatus
from shared.api.auth import is_operator
from shared.api.bounds import COOKIES
from shared.api.context import Context
from shared.errors import BadRequest
from shared.http import Spool

_ONLY_HERE = " Only this instance has them, for as long as it runs: with STATE=memory there is no way to the others."


async def health_object(context: Context) -> dict[str, Any]:
    """Return the health response: counts, and with a key from ADMIN_KEYS each account's id and last error."""
    conditions = await context.service.accounts.statuses()
    body: dict[str, Any] = {
        "status": "healthy",
        "service": "easel",
        "message": "easel is running",
        "timestamp": int(time.time()),
        "concurrent_tasks": context.service.tasks.running,
        "max_concurrent": context.service.tasks.limit,
        "accounts_total": len(conditions),
        "accounts_available": sum(condition.available for condition in conditions),
    }
    if is_operator(context.request, context.settings):
        body["accounts"] = [_account_object(condition) for condition in conditions]
    return body


async def cookies_response(context: Context) -> Response:
    """Take a browser's cookie export for an account, as multipart or as JSON."""
    name, export = await _upload(context)
    taken = await context.service.cookies.replace(name, export)
    number = sum(taken.values())
    message = f"'{name}' has {number} new cookies, which are in use from now on."
    answer = {"success": True, "cookie_count": number, "account_id": name, "providers": taken}
    return JSONResponse({**answer, "message": message + ("" if context.service.accounts.shared else _ONLY_HERE)})


def _account_object(condition: AccountStatus) -> dict[str, Any]:
    rest = condition.cooldown
    return {
        "account_id": condition.account.id,
        "provider": condition.account.provider,
        "enabled": True,
        "active_tasks": condition.active,
        "in_cooldown": rest is not None,
        "cooldown_remaining": math.ceil(rest.seconds) if rest else 0,
        "last_error": rest.cause if rest else None,
    }


async def _upload(context: Context) -> tuple[str, str]:
    """Return the account's name and the text of the export."""
    if context.has_form:
        return await _from_form(context)
    body = await context.read(COOKIES)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.", code="invalid_json") from None
    if not isinstance(content, dict) or not isinstance(content.get("cookies"), str | list | dict):
        raise BadRequest("'cookies': the export is missing.", code="invalid_format", param="cookies")
    cookies = content["cookies"]
    return _named(content.get("account_id")), cookies if isinstance(cookies, str) else json.dumps(cookies)


async def _from_form(context: Context) -> tuple[str, str]:
    fields = dict(await context.form(COOKIES))
    file = fields.get("file")
    if not isinstance(file, Spool):
        raise BadRequest("'file': the export is missing.", code="missing_file", param="file")
    export = b"".join([piece async for piece in file.read()])
    return _named(fields.get("account_id")), export.decode(errors="replace")


def _named(name: object) -> str:
    """Return the account name; `default` is the account from the provider's own variable."""
    if name is not None and not isinstance(name, str):
        raise BadRequest("'account_id' is a text.", code="invalid_account_id", param="account_id")
    return name or "default"
