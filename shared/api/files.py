"""Pictures and videos on their way to whoever has the link: ranges, caching, and nothing kept on the way."""

from __future__ import annotations

import hashlib
import re
from contextlib import AsyncExitStack
from typing import Literal

from starlette.datastructures import Headers
from starlette.responses import Response

from shared.api.call import Call
from shared.api.stream import StreamedResponse
from shared.errors import BadRequest, NotFound, RangeInvalid, ResultLost, Unavailable
from shared.values import Asset, ByteRange, Job, Media, Status, Succeeded

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(?:(\d{0,18})|\d+)\s*", re.IGNORECASE | re.ASCII)
JOB_FILE_SECONDS = 20.0
_PROBE = ByteRange(0, 63)


async def file_response(call: Call, asset: Asset, visibility: Literal["public", "private"] = "public") -> Response:
    """The file, or the requested range of it, streamed as it arrives; a disconnect stops it.

    `visibility` says whether shared caches may store it: "private" wherever the URL alone does not grant access.
    """
    headers = _headers(call, asset, visibility)
    if not {headers["etag"], "*"}.isdisjoint(_tags(call.request.headers.get("if-none-match", ""))):
        return Response(status_code=304, headers=headers)
    if call.request.method == "HEAD":
        return await _head(call, asset, headers)
    byte_range = _range(call.request.headers, headers["etag"])
    async with AsyncExitStack() as opened:
        media = await opened.enter_async_context(call.service.open(asset, byte_range))
        if not call.fits(media.length):
            message = "This file is too large for an answer on this host; a range of it may fit."
            raise ResultLost(message, code="response_too_large", details={"bytes": media.total})
        partial = byte_range is not None and media.total is not None
        return StreamedResponse(
            media.chunks,
            media.media_type,
            status_code=206 if partial else 200,
            headers=headers | (_content_range(media) if partial else {}),
            length=media.length,
            resources=opened.pop_all(),
        )


async def job_file_response(call: Call) -> Response:
    """A picture of a job, by the job's id: waits a little for it, and is NotFound when it is not there by then."""
    query = call.request.query_params
    if not (name := query.get("id")):
        raise BadRequest("'id' is missing: it is a job's, as in /images?id=...", param="id")
    job = call.service.job(name, call.caller)
    status = await _last(call, job)
    assets = call.service.assets(job, status.outputs) if isinstance(status, Succeeded) else []
    asset = {str(index): asset for index, asset in enumerate(assets)}.get(query.get("index", "0"))
    if asset is None:
        raise NotFound("The picture is not there, or not yet.", param="id")
    return await file_response(call, asset, "private" if call.caller else "public")


async def _last(call: Call, job: Job) -> Status | None:
    """What was seen of the job at last; None where the upstream has lost it."""
    try:
        return await call.while_wanted(call.service.last(job, min(JOB_FILE_SECONDS, call.patience())))
    except ResultLost as error:
        if error.code != NotFound.code:
            raise
        return None


async def _head(call: Call, asset: Asset, headers: dict[str, str]) -> Response:
    """Type and size from a look at the first bytes: less than the whole file, and surer than an upstream's HEAD."""
    try:
        async with call.service.open(asset, _PROBE) as media:
            length = {} if media.total is None else {"content-length": str(media.total)}
            response = Response(None, 200, headers, media.media_type)
            del response.headers["content-length"]
            response.headers.update(length)
            return response
    except RangeInvalid as error:
        raise Unavailable("The result is an empty file.") from error


def _headers(call: Call, asset: Asset, visibility: str) -> dict[str, str]:
    tickets = call.service.tickets
    life = max(0, asset.job.created + int(tickets.ttl) - tickets.now())
    name = hashlib.sha256(repr((asset.job, asset.number, asset.output)).encode()).hexdigest()[:32]
    return {
        "etag": f'"{name}"',
        "accept-ranges": "bytes",
        "cache-control": f"{visibility}, max-age={life}, immutable",
        "content-security-policy": "sandbox; default-src 'none'",
        "content-disposition": "inline",
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _range(headers: Headers, etag: str) -> ByteRange | None:
    """The one range asked for; None for the whole file, also where there are several or the file is another one."""
    match = _RANGE.fullmatch(headers.get("range", ""))
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups("")  # no file is so long that its end has more digits
    if first:
        end = int(last) if last else None
        return None if end is not None and end < int(first) else ByteRange(int(first), end)
    return ByteRange(-int(last)) if last and int(last) else None


def _content_range(media: Media) -> dict[str, str]:
    length = media.length if media.length is not None else (media.total or 0) - media.start
    return {"content-range": f"bytes {media.start}-{media.start + length - 1}/{media.total}"}
