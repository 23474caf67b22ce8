"""Serve images and videos: ranges and cache headers, streamed from the upstream without storing them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Literal, TypeAlias

from starlette.datastructures import Headers
from starlette.responses import Response

from shared.api.context import Context
from shared.api.streaming import StreamedResponse
from shared.errors import BadRequest, NotFound, RangeInvalid, ResultLost, Unavailable
from shared.job import Job, ResultFile
from shared.media import ByteRange, Media
from shared.results import Status, Succeeded

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
_LONGEST_OFFSET = 18
"""Digits. No file is that long, and some upstreams fail on longer numbers."""

JOB_FILE_SECONDS = 20.0
_PROBE = ByteRange(0, 63)


class WholeFile(StreamedResponse):
    """A file."""


class FilePart(StreamedResponse):
    """The requested range of a file."""

    status_code = 206


class FileHead(Response):
    """The headers of a file, for HEAD."""


class NotModified(Response):
    """The client has the file already."""

    status_code = 304

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(None, self.status_code, headers)


FileResponse: TypeAlias = WholeFile | FilePart | FileHead | NotModified


async def file_response(
    context: Context, asset: ResultFile, visibility: Literal["public", "private"] = "public"
) -> FileResponse:
    """Stream the file or the requested range of it. A disconnect stops the download.

    `visibility` controls shared caches: "private" if the URL alone does not grant access.
    """
    headers = _headers(context, asset, visibility)
    if not {headers["etag"], "*"}.isdisjoint(_tags(context.request.headers.get("if-none-match", ""))):
        return NotModified(headers)
    if context.request.method == "HEAD":
        return await _head(context, asset, headers)
    byte_range = _range(context.request.headers, headers["etag"])
    async with AsyncExitStack() as opened:
        media = await opened.enter_async_context(await context.service.open(asset, byte_range))
        if not context.fits(media.length):
            message = "This file is too large for an answer on this host; a range of it may fit."
            raise ResultLost(message, code="response_too_large", details={"bytes": media.total})
        partial = byte_range is not None and media.total is not None
        return (FilePart if partial else WholeFile)(
            media.chunks,
            media.media_type,
            headers=headers | (_content_range(media) if partial else {}),
            length=media.length,
            resources=opened.pop_all(),
        )


async def job_file_response(context: Context) -> FileResponse:
    """Return an image of a job by the job id. Waits briefly for it, then raises NotFound."""
    query = context.request.query_params
    if not (name := query.get("id")):
        raise BadRequest("'id' is missing: it is a job's, as in /images?id=...", param="id")
    job = context.service.job(name, context.caller)
    status = await _last(context, job)
    assets = context.service.files(job, status.outputs) if isinstance(status, Succeeded) else []
    asset = {str(index): asset for index, asset in enumerate(assets)}.get(query.get("index", "0"))
    if asset is None:
        raise NotFound("The picture is not there, or not yet.", param="id")
    return await file_response(context, asset, "private" if context.caller else "public")


async def _last(context: Context, job: Job) -> Status | None:
    """Return the job's last status; None if the upstream does not know the job."""
    try:
        return await context.while_connected(context.service.wait(job, min(JOB_FILE_SECONDS, context.patience())))
    except ResultLost as error:
        if error.code != NotFound.code:
            raise
        return None


async def _head(context: Context, asset: ResultFile, headers: dict[str, str]) -> FileHead:
    """Get type and size from the first bytes: cheaper than the whole file, more reliable than a HEAD upstream."""
    try:
        async with await context.service.open(asset, _PROBE) as media:
            length = {} if media.total is None else {"content-length": str(media.total)}
            response = FileHead(None, 200, headers, media.media_type)
            del response.headers["content-length"]
            response.headers.update(length)
            return response
    except RangeInvalid as error:
        raise Unavailable("The result is an empty file.") from error


def _headers(context: Context, asset: ResultFile, visibility: str) -> dict[str, str]:
    ids = context.service.ids
    life = max(0, asset.job.created + int(ids.ttl) - ids.now())
    name = hashlib.sha256(repr((asset.job._replace(id=""), asset.number, asset.output)).encode()).hexdigest()[:32]
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
    """Return the requested range; None for the whole file, for several ranges, and if `If-Range` does not match.

    Raises RangeInvalid for a range that no file can satisfy.
    """
    match = _RANGE.fullmatch(headers.get("range", ""))
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last = (digits.lstrip("0") or digits[:1] for digits in match.groups())
    if len(first) > _LONGEST_OFFSET or (first, last) == ("", "0"):
        raise RangeInvalid(None)
    end = int(last) if last and len(last) <= _LONGEST_OFFSET else None
    if first:
        return None if end is not None and end < int(first) else ByteRange(int(first), end)
    return ByteRange(-end) if end else None


def _content_range(media: Media) -> dict[str, str]:
    length = media.length if media.length is not None else (media.total or 0) - media.start
    return {"content-range": f"bytes {media.start}-{media.start + length - 1}/{media.total}"}
