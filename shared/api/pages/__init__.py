"""HTML pages: each is one self-contained file, and its policy allows no other scripts."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from shared.api.context import Context

if TYPE_CHECKING:
    from shared.api.responses.types import Home

_FOLDER = Path(__file__).parent


def is_wanted(context: Context) -> bool:
    """Return whether the client accepts HTML."""
    return "text/html" in context.request.headers.get("accept", "")


def home_object(base_url: str) -> Home:
    """Return the API's URLs."""
    base = f"{base_url}/v1"
    return {
        "name": "Easel",
        "message": "API service is running",
        "base_url": base,
        "models": f"{base}/models",
        "health": f"{base}/health",
        "docs": f"{base_url}/docs",
    }


def page_response(context: Context, name: str) -> HTMLResponse:
    """Return the page in that file of this folder."""
    page, policy = _page(name)
    files = context.settings.public_url
    headers = {
        "content-security-policy": policy.format(files=f" {files}" if files else ""),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
        "vary": "accept",
    }
    return HTMLResponse(page, headers=headers)


@functools.cache
def _page(name: str) -> tuple[str, str]:
    """Return the page and a content security policy that allows only its own script and style."""
    page = (_FOLDER / name).read_text(encoding="utf-8")
    script, style = (_digest(page, element) for element in ("script", "style"))
    return page, (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; "
        "img-src 'self' data: blob:{files}; media-src 'self' data: blob:{files}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _digest(page: str, element: str) -> str:
    found = re.search(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
    assert found, element
    return "sha256-" + base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
