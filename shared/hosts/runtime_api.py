"""Lambda's Runtime API, as its client: the next event, and an answer that leaves in chunks while it is made."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import traceback
from collections.abc import Mapping
from typing import Any, NamedTuple

_log = logging.getLogger(__name__)

_ROOT = "/2018-06-01/runtime"
_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
_ERROR_BODY = "Lambda-Runtime-Function-Error-Body"
_STREAMING = {
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Content-Type": "application/vnd.awslambda.http-integration-response",
    "Transfer-Encoding": "chunked",
    "Trailer": f"{_ERROR_TYPE}, {_ERROR_BODY}",
}
_AFTER_THE_PRELUDE = bytes(8)


class Invocation(NamedTuple):
    """An event, as JSON, and what comes with it. The deadline is in milliseconds since the epoch."""

    request_id: str
    deadline: int
    arn: str
    trace_id: str
    event: bytes


class RuntimeApi:
    """At `address`, as `host:port`. Events and answers have a kept connection each."""

    def __init__(self, address: str) -> None:
        self._events = _Line(address)
        self._answers = _Line(address)

    async def next(self) -> Invocation:
        """Wait for an event, however long that takes."""
        status, headers, event = await self._events.ask(f"GET {_ROOT}/invocation/next")
        if status != 200:
            raise ConnectionError(f"the Runtime API answered with status {status} instead of an event")
        return Invocation(
            headers["lambda-runtime-aws-request-id"],
            int(headers["lambda-runtime-deadline-ms"]),
            headers.get("lambda-runtime-invoked-function-arn", ""),
            headers.get("lambda-runtime-trace-id", ""),
            event,
        )

    async def answer(self, request_id: str, prelude: Mapping[str, Any]) -> Body:
        """Begin the answer to an event."""
        await self._answers.open()
        await self._answers.write(_head(f"POST {_ROOT}/invocation/{request_id}/response", _STREAMING))
        body = Body(self._answers)
        await body.write(json.dumps(prelude, separators=(",", ":")).encode() + _AFTER_THE_PRELUDE)
        return body

    async def init_error(self, error: BaseException) -> None:
        """Say why there will be no answers at all."""
        description = _description(error) | {"stackTrace": traceback.format_exception(error)}
        headers = {_ERROR_TYPE: f"Runtime.{type(error).__name__}", "Content-Type": "application/json"}
        await self._answers.ask(f"POST {_ROOT}/init/error", headers, json.dumps(description).encode())


class Body:
    """The body of an answer, chunk by chunk: each is out, or nearly, before the next one is taken."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    async def write(self, data: bytes) -> None:
        if data:  # an empty chunk would be the end
            await self._line.write(b"%x\r\n" % len(data), data, b"\r\n")

    async def end(self) -> None:
        await self._finish(b"")

    async def cut(self, error: BaseException) -> None:
        """End it as one that is not whole."""
        reason = base64.b64encode(json.dumps(_description(error)).encode()).decode()
        await self._finish(f"{_ERROR_TYPE}: {type(error).__name__}\r\n{_ERROR_BODY}: {reason}\r\n".encode())

    async def _finish(self, trailers: bytes) -> None:
        await self._line.write(b"0\r\n", trailers, b"\r\n")
        status, _, _ = await self._line.read()
        if status >= 300:
            _log.warning("the Runtime API refused an answer with status %d", status)


class _Line:
    """A kept connection, opened anew where the other side has closed it."""

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    def __init__(self, address: str) -> None:
        self._host, _, self._port = address.rpartition(":")
        self._is_open = False

    async def open(self) -> bool:
        """Whether there was none that could be used."""
        if self._is_open and not self._reader.at_eof() and not self._writer.is_closing():
            return False
        self.close()
        self._reader, self._writer = await asyncio.open_connection(self._host, int(self._port))
        self._is_open = True
        return True

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._writer.close()

    async def ask(
        self, request: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """The status, headers and body of an answer. Where a kept connection ends while we ask, a new one is tried."""
        while True:
            is_new = await self.open()
            try:
                await self.write(_head(request, {**(headers or {}), "Content-Length": str(len(body))}), body)
                return await self.read()
            except OSError:
                if is_new:
                    raise

    async def write(self, *parts: bytes) -> None:
        """Returns when the other side keeps up. ConnectionError when it has gone."""
        try:
            # Not writelines: without the fix of CVE-2024-12254 it never makes `drain` wait.
            self._writer.write(b"".join(parts))
            await self._writer.drain()
        except OSError:
            self.close()
            raise

    async def read(self) -> tuple[int, dict[str, str], bytes]:
        try:
            status, headers = _parsed((await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            chunked = headers.get("transfer-encoding", "").lower() == "chunked"
            length = int(headers.get("content-length", 0))
            body = await self._chunks() if chunked else await self._reader.readexactly(length)
        except (OSError, EOFError) as error:
            self.close()
            raise ConnectionError("the Runtime API closed the connection") from error
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, body

    async def _chunks(self) -> bytes:
        body = bytearray()
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        while (await self._reader.readline()).strip():
            pass  # trailers
        return bytes(body)


def _head(request: str, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{request} HTTP/1.1\r\nHost: lambda\r\n{lines}\r\n".encode()


def _parsed(head: str) -> tuple[int, dict[str, str]]:
    status, *lines = head.rstrip().split("\r\n")
    headers = (line.partition(":") for line in lines)
    return int(status.split()[1]), {name.lower(): value.strip() for name, _, value in headers}


def _description(error: BaseException) -> dict[str, Any]:
    return {"errorType": type(error).__name__, "errorMessage": str(error)}
