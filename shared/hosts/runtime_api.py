"""A client of Lambda's Runtime API: receives events and streams the responses."""

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
_PRELUDE_END = bytes(8)


class Invocation(NamedTuple):
    """An event as JSON, with its metadata. The deadline is in milliseconds since the epoch."""

    request_id: str
    deadline: int
    arn: str
    trace_id: str
    event: bytes


class RuntimeApi:
    """The Runtime API at `address` (`host:port`), over one kept-alive connection for events and one for responses."""

    def __init__(self, address: str) -> None:
        self._events = _Connection(address)
        self._responses = _Connection(address)

    async def next(self) -> Invocation:
        """Return the next event; there is no timeout."""
        status, headers, event = await self._events.request(f"GET {_ROOT}/invocation/next")
        if status != 200:
            raise ConnectionError(f"the Runtime API answered with status {status} instead of an event")
        return Invocation(
            headers["lambda-runtime-aws-request-id"],
            int(headers["lambda-runtime-deadline-ms"]),
            headers.get("lambda-runtime-invoked-function-arn", ""),
            headers.get("lambda-runtime-trace-id", ""),
            event,
        )

    async def start_response(self, request_id: str, prelude: Mapping[str, Any]) -> Body:
        """Start the response to an event; `prelude` holds its status and headers."""
        await self._responses.open()
        await self._responses.write(_head(f"POST {_ROOT}/invocation/{request_id}/response", _STREAMING))
        body = Body(self._responses)
        await body.write(json.dumps(prelude, separators=(",", ":")).encode() + _PRELUDE_END)
        return body

    async def init_error(self, error: BaseException) -> None:
        """Report that the function could not start."""
        description = _description(error) | {"stackTrace": traceback.format_exception(error)}
        headers = {_ERROR_TYPE: f"Runtime.{type(error).__name__}", "Content-Type": "application/json"}
        await self._responses.request(f"POST {_ROOT}/init/error", headers, json.dumps(description).encode())


class Body:
    """The body of a response. Each chunk is written, up to the socket's buffer, before `write` returns."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def write(self, data: bytes) -> None:
        if data:  # an empty chunk would be the end
            await self._connection.write(b"%x\r\n" % len(data), data, b"\r\n")

    async def end(self) -> None:
        await self._finish(b"")

    async def abort(self, error: BaseException) -> None:
        """Mark the response as incomplete, with the error in the trailers, and end it."""
        reason = base64.b64encode(json.dumps(_description(error)).encode()).decode()
        await self._finish(f"{_ERROR_TYPE}: {type(error).__name__}\r\n{_ERROR_BODY}: {reason}\r\n".encode())

    async def _finish(self, trailers: bytes) -> None:
        await self._connection.write(b"0\r\n", trailers, b"\r\n")
        status, _, _ = await self._connection.read()
        if status >= 300:
            _log.warning("the Runtime API refused a response with status %d", status)


class _Connection:
    """A kept-alive connection, reopened when the peer has closed it."""

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    def __init__(self, address: str) -> None:
        self._host, _, self._port = address.rpartition(":")
        self._is_open = False

    async def open(self) -> bool:
        """Connect unless an open connection can be used; return whether it is new."""
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

    async def request(
        self, request_line: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request; return status, headers and body. Reconnects if a kept-alive connection was closed."""
        while True:
            is_new = await self.open()
            try:
                await self.write(_head(request_line, {**(headers or {}), "Content-Length": str(len(body))}), body)
                return await self.read()
            except OSError:
                if is_new:
                    raise

    async def write(self, *parts: bytes) -> None:
        """Write, then wait until the peer keeps up. Raises ConnectionError if it has disconnected."""
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


def _head(request_line: str, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{request_line} HTTP/1.1\r\nHost: lambda\r\n{lines}\r\n".encode()


def _parsed(head: str) -> tuple[int, dict[str, str]]:
    status, *lines = head.rstrip().split("\r\n")
    headers = (line.partition(":") for line in lines)
    return int(status.split()[1]), {name.lower(): value.strip() for name, _, value in headers}


def _description(error: BaseException) -> dict[str, Any]:
    return {"errorType": type(error).__name__, "errorMessage": str(error)}
