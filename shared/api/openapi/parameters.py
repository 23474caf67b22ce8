"""Headers and query parameters of requests, by name."""

from __future__ import annotations

from typing import Any

from shared.api.openapi.descriptions import FIELDS

_TEXT = {"type": "string"}
_ID = _TEXT | {"minLength": 1}
_TOKEN = _TEXT | {"pattern": r"^\s*[!-~]{0,4096}\s*$"}


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _query(name: str, description: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


PARAMETERS = {
    parameter["name"]: parameter
    for parameter in (
        _header(
            "Idempotency-Key",
            "Retries with the same key and body return the same job for ten minutes; another body is 422.",
            _TEXT | {"maxLength": 255, "format": "idempotency-key"},
        ),
        _header(
            "Prefer",
            "RFC 7240: `respond-async` responds with 202 at once, `wait=20` after that many seconds.",
            _TEXT | {"examples": ["respond-async", "wait=20"]},
        ),
        _header("Range", "A byte range of the file.", _TEXT | {"examples": ["bytes=0-1023"]}),
        _header("If-Range", "Return the range only if the file still has this `etag`, else the whole file.", _TEXT),
        _header("If-None-Match", "Return 304 if the file has this `etag`.", _TEXT),
        _header("authorization-token", "The caller's own PicLumen token, as a header.", _TOKEN),
        _query("authorization_token", "The caller's own PicLumen token; the request then uses that account.", _TOKEN),
        _query("mark_id", "The mark that /generate-image returned.", _ID, required=True),
        _query("id", FIELDS["id"], _ID, required=True),
        _query("index", "Index of the file in the job, from 0.", {"type": "integer"}),
        _query(
            "variant",
            "The asset to return, as in OpenAI's API; only `video` is supported.",
            _TEXT | {"const": "video"},
        ),
    )
}
