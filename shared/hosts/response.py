"""The sending of one ASGI response on platforms without an ASGI server: what these platforms have in common."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import Protocol

from starlette.types import ASGIApp, Message, Scope

from shared.api import failure_response

_log = logging.getLogger(__name__)


class Body(Protocol):
    """The body of a response that the platform is sending."""

    async def write(self, data: bytes) -> None: ...

    async def end(self) -> None: ...

    async def abort(self, error: BaseException) -> None:
        """Abort it so that the client sees that it is incomplete."""


class HostResponse(ABC):
    """Delays the headers until the first bytes of the body, so that an error can still replace the response."""

    def __init__(self) -> None:
        self._start: Message | None = None
        self._has_begun = False
        self._body: Body | None = None
        self._over = asyncio.Event()

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Run the application and send its response; if it fails, report that."""
        try:
            await app(scope, self.receive, self.send)
            if not self._over.is_set():
                raise RuntimeError("the application returned before its response was complete")
        except (Exception, asyncio.CancelledError) as error:
            await self.fail(error, scope)

    async def receive(self) -> Message:
        """Return the next part of the request, then a disconnect once the response is over."""
        if message := await self._request():
            return message
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        data, more = message.get("body", b""), message.get("more_body", False)
        if data or not more:
            await self._send_body(data, more=more)

    async def fail(self, error: BaseException, scope: Scope) -> None:
        """Report an error as the response, or by aborting a started response, or after its end in the log alone."""
        if self._over.is_set():
            _log.error("an error after the end of a response", exc_info=error)
        elif self._body is None:
            await self._replace(error, scope)
        else:
            _log.error("a response was cut short", exc_info=error)
            self._over.set()
            await self._body.abort(error)

    async def _replace(self, error: BaseException, scope: Scope) -> None:
        await failure_response(error, scope)(scope, self.receive, self.send)

    async def _send_body(self, data: bytes, *, more: bool) -> None:
        if not self._has_begun:
            assert self._start, "http.response.body before http.response.start"
            self._body = await self._begin(self._start, data, whole=not more)
            self._has_begun = True
        if self._body is None:
            self._over.set()
        elif not self._over.is_set():
            await self._body.write(data)
            if not more:
                await self._body.end()
                self._over.set()

    @abstractmethod
    async def _request(self) -> Message | None:
        """Read the next part of the request; None after the last."""

    @abstractmethod
    async def _begin(self, start: Message, data: bytes, *, whole: bool) -> Body | None:
        """Send the headers; return None if the platform sent `data` with them and the response is complete."""
