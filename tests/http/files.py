"""An upstream that serves one file as a good file server does, and the faults that are laid over it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.http import Http
from shared.media import ByteRange
from tests.http.upstream import Call, Upstream

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 1200
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def serve_file(call: Call, file: bytes = PNG, headers: Mapping[str, str] | None = None) -> None:
    """200, 206 or 416, as RFC 9110 wants it."""
    match = _RANGE.fullmatch(call.headers.get("range", ""))
    if not match:
        await call.answer(200, file, headers)
        return
    first, last = match.groups()
    start = int(first) if first else max(0, len(file) - int(last))
    stop = min(int(last) + 1, len(file)) if first and last else len(file)
    if start >= len(file):
        await call.answer(416, b"", {"content-range": f"bytes */{len(file)}"})
    else:
        content_range = {"content-range": f"bytes {start}-{stop - 1}/{len(file)}"}
        await call.answer(206, file[start:stop], content_range | dict(headers or {}))


async def fetched(http: Http, upstream: Upstream, path: str = "/a.png", byte_range: ByteRange | None = None) -> bytes:
    async with http.download(upstream.url(path), origins={upstream.origin}, byte_range=byte_range) as media:
        return b"".join([chunk async for chunk in media.chunks])
