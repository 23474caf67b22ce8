"""Operator routes: account health, and replacing the cookies of an account."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING

from shared.accounts import AccountStatus
from shared.api.auth import is_operator
from shared.api.context import Context

if TYPE_CHECKING:
    from shared.api.requests.cookies import Export, ExportForm
    from shared.api.responses.types import AccountHealth, CookiesTaken, Health

_ONLY_HERE = (
    " Only this instance uses them, until it ends: with STATE=memory, instances share nothing. Set STATE to share them."
)


async def health_object(context: Context) -> Health:
    """Return the health response: counts, and with a key from ADMIN_KEYS each account's id and last error."""
    statuses = await context.service.accounts.statuses()
    health: Health = {
        "status": "healthy",
        "service": "easel",
        "message": "easel is running",
        "timestamp": int(time.time()),
        "concurrent_tasks": context.service.tasks.running,
        "max_concurrent": context.service.tasks.limit,
        "accounts_total": len(statuses),
        "accounts_available": sum(status.available for status in statuses),
    }
    if is_operator(context.request, context.settings):
        health["accounts"] = [_account_object(status) for status in statuses]
    return health


async def replace_cookies(context: Context, body: Export | ExportForm) -> CookiesTaken:
    """Replace an account's cookies with those of the export."""
    name = body.get("account_id") or "default"  # the account from the provider's own variable
    taken = await context.service.cookies.replace(name, _text(body))
    number = sum(taken.values())
    shared = context.service.accounts.shared
    return {
        "success": True,
        "cookie_count": number,
        "account_id": name,
        "providers": taken,
        "message": f"'{name}' now uses {number} new cookies." + ("" if shared else _ONLY_HERE),
    }


def _text(body: Export | ExportForm) -> str:
    if "file" in body:
        return body["file"].decode(errors="replace")
    cookies = body["cookies"]
    return cookies if isinstance(cookies, str) else json.dumps(cookies)


def _account_object(status: AccountStatus) -> AccountHealth:
    cooldown = status.cooldown
    return {
        "account_id": status.account.id,
        "provider": status.account.provider,
        "enabled": True,
        "active_tasks": status.active,
        "in_cooldown": cooldown is not None,
        "cooldown_remaining": math.ceil(cooldown.seconds) if cooldown else 0,
        "last_error": cooldown.cause if cooldown else None,
    }
