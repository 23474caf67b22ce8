"""HTTP for the local server: uvicorn's parser, with limits on the size of headers and on the time of a request."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Any, Literal

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from shared.api import BadRequest, EaselError, HeadersTooLarge, RequestTimeout, failure_response

LARGEST_HEAD = 64 << 10
"""Bytes of the request target and of all header names and values."""

MOST_HEADERS = 100
MOST_PIPELINED = 100
_LINGER_SECONDS = 2.0
_TICKS = 6


class LocalProtocol(HttpToolsProtocol):
    """One connection. A request beyond the limits gets an error in the envelope, and the connection is closed.

    A client has `timeout` seconds to begin a request and as long to send its headers. Parts of a body must arrive
    within that time of each other, at `slowest` bytes per second on average.
    """

    timeout = 30.0
    slowest = 1024

    _timer: asyncio.TimerHandle

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._reading: Literal["nothing", "head", "body"] = "nothing"
        self._unparsed = 0  # bytes since the last head, body part or end of a request
        self._since = self.loop.time()
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.timeout / _TICKS, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return  # keep reading: closing with unread data resets the connection, and the response is lost
        self._unset_keepalive_if_required()
        self._unparsed += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(_cause(error))
        else:
            if self._unparsed > LARGEST_HEAD:
                self._refuse(_headers_too_large())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reading, self._since = "head", self.loop.time()

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _malformed()
            return
        if len(self.pipeline) >= MOST_PIPELINED:
            raise BadRequest("Too many requests were sent ahead of their responses; wait for the responses.")
        size = len(self.url) + sum(map(len, chain.from_iterable(self.headers)))
        if size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            raise _headers_too_large()
        super().on_headers_complete()
        self._reading, self._unparsed, self._since = "body", 0, self.loop.time()

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        self._since = min(self.loop.time(), self._since + len(body) / self.slowest)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        if len(self.headers) > MOST_HEADERS:  # with the trailers
            raise _headers_too_large()
        self._reading, self._unparsed = "nothing", 0
        super().on_message_complete()

    def _read_without_upgrade(self, rest: bytes) -> None:
        """Parse the request again without its Upgrade header; with it the parser does not read the body as HTTP."""
        first = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        headers = b"".join(b"%s: %s\r\n" % header for header in self.headers if header[0] != b"upgrade")
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.data_received(b"%s%s\r\n%s" % (first, headers, rest))

    def _check(self) -> None:
        """Time out a client that does not send the rest of its request; otherwise check again later."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self.flow.read_paused or not self._is_receiving():
            self._since = now
        remaining = self._since + self.timeout - now
        if remaining > 0:
            self._timer = self.loop.call_later(min(remaining, self.timeout / _TICKS), self._check)
        elif self._reading == "nothing":
            self.transport.close()
        else:
            self._refuse(RequestTimeout("The request did not arrive in time; send it again."))

    def _is_receiving(self) -> bool:
        """Return whether the server is waiting for bytes from the client."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return True
        return cycle.more_body and not cycle.waiting_for_100_continue

    def _refuse(self, error: EaselError) -> None:
        """Close the connection: with the error if a response can still begin, else after the outstanding responses."""
        self._refused = True
        self._timer.cancel()
        cycle = self.cycle
        if self._reading != "body":
            if cycle and not cycle.response_complete:
                cycle.keep_alive = False
            else:
                self._respond(error)
        elif self.pipeline or cycle.response_started:
            self.transport.close()
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._respond(error)

    def _respond(self, error: EaselError) -> None:
        response = failure_response(error, {})
        headers = [*self.server_state.default_headers, *response.raw_headers, (b"connection", b"close")]
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(b"%s%s\r\n%s" % (STATUS_LINE[response.status_code], lines, response.body))
        self.transport.write_eof()
        self.flow.resume_reading()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _headers_too_large() -> HeadersTooLarge:
    return HeadersTooLarge(
        f"The request headers exceed {LARGEST_HEAD} bytes or {MOST_HEADERS} lines; send fewer or shorter ones."
    )


def _cause(error: httptools.HttpParserError) -> EaselError:
    """Return the error that a callback raised inside the parser, or one for invalid HTTP."""
    return error.__context__ if isinstance(error.__context__, EaselError) else _malformed()


def _malformed() -> BadRequest:
    return BadRequest(
        "The request is not valid HTTP/1.1; check its first line, headers and chunks.", code="invalid_http"
    )
