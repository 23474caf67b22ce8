"""Artifacts in an R2 bucket, through a Worker's binding."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from shared.artifacts.base import Decoded
from shared.errors import Misconfigured, NotFound, ResultLost, StoreUnavailable
from shared.media import ByteRange, Media
from shared.results import InlineResult

_PLACE = re.compile(r"r2://([A-Za-z_]\w*)((?:/[\w.=-]+)*)/?", re.ASCII)
_PIECE = 64 << 10
_SECONDS = 10.0


class R2Artifacts:
    """Objects whose keys begin with `prefix`, in the bucket bound as `binding` in the Worker's `env`.

    The binding is looked up at each call: the platform's objects for one request may not be used in another.
    """

    def __init__(self, binding: str, prefix: str) -> None:
        self._binding = binding
        self._prefix = prefix

    async def put(self, key: str, made: InlineResult) -> None:
        import js

        file = Decoded(made.base64)
        stream = js.FixedLengthStream.new(file.size)  # R2 rejects a stream of unknown length
        writing = asyncio.ensure_future(_write(file, stream.writable))
        try:
            await self._call("put", key, stream.readable, _object({"httpMetadata": {"contentType": made.media_type}}))
        finally:
            writing.cancel()

    @asynccontextmanager
    async def open(self, key: str, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        options, start, length = {}, 0, None
        if byte_range:  # checked here: R2 has no error of its own for an unsatisfiable range
            start, stop = byte_range.within((await self._found("head", key)).size)
            length = stop - start
            options = {"range": {"offset": start, "length": length}}
        found = await self._found("get", key, _object(options))
        file = _File(found.body)
        try:
            yield Media(found.httpMetadata.contentType, file, start, length or found.size, found.size)
        finally:
            await file.aclose()

    async def _found(self, operation: str, key: str, *arguments: Any) -> Any:
        if found := await self._call(operation, key, *arguments):
            return found
        raise NotFound("This file is not there any more.", param="id")

    async def _call(self, operation: str, key: str, *arguments: Any) -> Any:
        from pyodide.ffi import JsException
        from workers import import_from_javascript

        bucket = getattr(import_from_javascript("cloudflare:workers").env, self._binding, None)
        if not hasattr(bucket, operation):
            raise Misconfigured(f"ARTIFACTS: the Worker has no bucket that is bound as {self._binding}.")
        try:
            async with asyncio.timeout(_SECONDS):
                return await getattr(bucket, operation)(f"{self._prefix}{key}", *arguments)
        except (JsException, TimeoutError) as error:
            raise StoreUnavailable(f"ARTIFACTS: R2 is out of reach ({type(error).__name__}).") from error


class _File:
    """An object's bytes from the platform's stream. A `HostStream`: the platform may forward them itself."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._reader: Any = stream.getReader(mode="byob")

    def __aiter__(self) -> _File:
        return self

    async def __anext__(self) -> bytes:
        import js
        from pyodide.ffi import JsException

        try:
            part = await self._reader.read(js.Uint8Array.new(_PIECE)) if self._reader else None
        except JsException as error:
            raise ResultLost("ARTIFACTS: the file broke off.") from error
        if not part or part.done:
            self._reader = None
            raise StopAsyncIteration
        piece: bytes = part.value.to_bytes()
        return piece

    def rest(self) -> Any:
        reader, self._reader = self._reader, None
        if not reader:
            return None
        reader.releaseLock()
        return self._stream

    async def aclose(self) -> None:
        from pyodide.ffi import JsException

        reader, self._reader = self._reader, None
        if reader:
            with suppress(JsException):
                await reader.cancel()


async def _write(file: Decoded, writable: Any) -> None:
    """Write the file in chunks. Errors are suppressed: the reader of the stream gets them too."""
    from pyodide.ffi import JsException, to_js

    writer = writable.getWriter()
    with suppress(JsException):
        while piece := file.read(_PIECE):
            await writer.write(to_js(piece))
        await writer.close()


def _object(members: dict[str, Any]) -> Any:
    import js
    from pyodide.ffi import to_js

    return to_js(members, dict_converter=js.Object.fromEntries)


def r2_artifacts(setting: str) -> R2Artifacts:
    """Return the store that ARTIFACTS names. Raises Misconfigured if it is malformed."""
    place = _PLACE.fullmatch(setting)
    if not place:
        raise Misconfigured("ARTIFACTS: it has to be like r2://BINDING/prefix.")
    return R2Artifacts(place[1], f"{place[2].removeprefix('/')}/".removeprefix("/"))
