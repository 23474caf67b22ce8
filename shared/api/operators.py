"""What operators see and do: how the accounts are, and new cookies for one of them."""

from __future__ import annotations

import json
import math
import time
from typing import Any

from starlette.responses import JSONResponse, Response

from shared.accounts import Condition
from shared.api.access import is_operator
from shared.api.bounds import COOKIES
from shared.api.call import Call
from shared.errors import BadRequest
from shared.http import Spool

_ONLY_HERE = " Only this instance has them, for as long as it runs: with STATE=memory there is no way to the others."


async def health_object(call: Call) -> dict[str, Any]:
    """That we are there, in counts; with a key from ADMIN_KEYS each account's name and trouble as well."""
    conditions = await call.service.pool.conditions()
    body: dict[str, Any] = {
        "status": "healthy",
        "service": "easel",
        "message": "easel is running",
        "timestamp": int(time.time()),
        "concurrent_tasks": call.service.tasks,
        "max_concurrent": call.service.max_tasks,
        "accounts_total": len(conditions),
        "accounts_available": sum(condition.available for condition in conditions),
    }
    if is_operator(call.request, call.settings):
        body["accounts"] = [_account_object(condition) for condition in conditions]
    return body


async def cookies_response(call: Call) -> Response:
    """Take a browser's cookie export for an account, as multipart or as JSON."""
    name, export = await _upload(call)
    taken = await call.service.logins.replace(name, export)
    number = sum(taken.values())
    message = f"'{name}' has {number} new cookies, which are in use from now on."
    answer = {"success": True, "cookie_count": number, "account_id": name, "providers": taken}
    return JSONResponse({**answer, "message": message + ("" if call.service.pool.shared else _ONLY_HERE)})


def _account_object(condition: Condition) -> dict[str, Any]:
    rest = condition.rest
    return {
        "account_id": condition.account.id,
        "provider": condition.account.provider,
        "enabled": True,
        "active_tasks": condition.active,
        "in_cooldown": rest is not None,
        "cooldown_remaining": math.ceil(rest.seconds) if rest else 0,
        "last_error": rest.cause if rest else None,
    }


async def _upload(call: Call) -> tuple[str, str]:
    """The account's name and the text of the export."""
    if call.has_form:
        return await _from_form(call)
    body = await call.read(COOKIES)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.", code="invalid_json") from None
    if not isinstance(content, dict) or not isinstance(content.get("cookies"), str | list | dict):
        raise BadRequest("'cookies': the export is missing.", code="invalid_format", param="cookies")
    cookies = content["cookies"]
    return _named(content.get("account_id")), cookies if isinstance(cookies, str) else json.dumps(cookies)


async def _from_form(call: Call) -> tuple[str, str]:
    fields = dict(await call.form(COOKIES))
    file = fields.get("file")
    if not isinstance(file, Spool):
        raise BadRequest("'file': the export is missing.", code="missing_file", param="file")
    export = b"".join([piece async for piece in file.read()])
    return _named(fields.get("account_id")), export.decode(errors="replace")


def _named(name: object) -> str:
    """Accounts that are set by a variable of their own are called `default`."""
    if name is not None and not isinstance(name, str):
        raise BadRequest("'account_id' is a text.", code="invalid_account_id", param="account_id")
    return name or "default"
