"""Result files: ranges, HEAD and ETag, streamed in chunks that a test may hold back."""

import asyncio
import math
import re
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tests.emulators.base import Emulator
from tests.emulators.png import BigFile

CHUNK = 64 * 1024


class Content(Protocol):
    """What a file is made of: bytes, or anything that is sliced and measured like them."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...


class Gate:
    """Lets `chunks` chunks out, and more when the test allows them."""

    def __init__(self, chunks: float = 0) -> None:
        # One counter for each thread: the test only writes the first, the emulator only the second.
        self._allowed = chunks
        self.passed = 0

    def allow(self, chunks: int = 1) -> None:
        self._allowed += chunks

    def open(self) -> None:
        self._allowed = math.inf

    async def wait(self) -> None:
        # Looked at rather than woken: whoever opens the gate is in another thread or event loop.
        while self.passed >= self._allowed:
            await asyncio.sleep(0.001)
        self.passed += 1


@dataclass(kw_only=True, eq=False)
class FileHost(Emulator):
    """An upstream that hosts its result files; the settings make it a bad host.

    Results point to `files_origin` instead of here; `payload`, a number standing for a file of that size, and
    `content_type` replace what the file is; without `ranges` it has never heard of them.
    """

    files_origin: str | None = None
    payload: Content | int | None = None
    content_type: str | None = None
    ranges: bool = True
    gate: Gate | None = None

    def file_url(self, path: str) -> str:
        return (self.files_origin or self.url) + path

    def content(self, usual: Content) -> Content:
        """What a file is made of, by the settings."""
        if self.payload is None:
            return usual
        return BigFile(self.payload) if isinstance(self.payload, int) else self.payload

    def file_response(self, request: Request, content: Content, media_type: str) -> Response:
        content, media_type = self.content(content), self.content_type or media_type
        return _file_response(request, content, media_type, ranges=self.ranges, gate=self.gate or Gate(math.inf))


def _file_response(request: Request, content: Content, media_type: str, *, ranges: bool, gate: Gate) -> Response:
    size = len(content)
    headers = {"content-type": media_type, "etag": _etag(content)}
    status, part = 200, range(size)
    if ranges:
        headers["accept-ranges"] = "bytes"
        if (asked := _asked_range(request, size, headers["etag"])) is not None:
            status, part = (206 if asked else 416), asked
            headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}" if part else f"bytes */{size}"
    headers["content-length"] = str(len(part))
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_chunks(content, part, gate), status, headers)


def _asked_range(request: Request, size: int, etag: str) -> range | None:
    """The one range asked for, empty when it lies outside; None when the whole file is to be sent."""
    asked = re.fullmatch(r"bytes=(?=.*\d)(\d*)-(\d*)", request.headers.get("range", ""))
    if not asked or request.headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(size, int(last) + 1) if last else size)


async def _chunks(content: Content, part: range, gate: Gate) -> AsyncIterator[bytes]:
    for start in range(part.start, part.stop, CHUNK):
        await gate.wait()
        yield content[start : min(start + CHUNK, part.stop)]


def _etag(content: Content) -> str:
    return f'"{len(content)}-{zlib.crc32(content[:CHUNK]):08x}"'
