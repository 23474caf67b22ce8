"""One event after the other: each becomes a request to the application, whose answer leaves while it is made."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import Any

from mangum import Mangum
from mangum.types import ASGI, Message, Receive, Scope

from shared.api import failure_response
from shared.hosts.lambda_events import TRACE_ID, Context, complete, lasting_environment, parser_of
from shared.hosts.runtime_api import Body, Invocation, RuntimeApi

_log = logging.getLogger(__name__)


class Loop:
    """Serves one event after the other, for as long as Lambda lets the process live."""

    def __init__(self, api: RuntimeApi, app: ASGI) -> None:
        self._api = api
        self._app = app
        self._environment = lasting_environment()

    async def run(self) -> None:
        adapter = Mangum(self._app, lifespan="off")
        while True:
            invocation = await self._api.next()
            os.environ[TRACE_ID] = invocation.trace_id
            try:
                await self._serve(adapter, invocation)
            except OSError:
                _log.warning("the Runtime API did not take a whole answer", exc_info=True)

    async def _serve(self, adapter: Mangum, invocation: Invocation) -> None:
        answer = Answer(self._api, invocation.request_id)
        scope: Scope = {"type": "http"}
        try:
            parser = parser_of(adapter, json.loads(invocation.event), _context(invocation))
            if parser is None:
                await answer.send({"type": "http.response.start", "status": 204, "headers": []})
                await answer.send({"type": "http.response.body"})
                return
            scope = parser.scope
            complete(scope, self._environment)
            await self._app(scope, answer.receiver(parser.body), answer.send)
            answer.require_end()
        except (Exception, asyncio.CancelledError) as error:
            await answer.fail(error, scope)


class Answer:
    """One answer on its way out. Its start waits for the first bytes: until then it can still become another one."""

    def __init__(self, api: RuntimeApi, request_id: str) -> None:
        self._api = api
        self._request_id = request_id
        self._start: Message | None = None
        self._body: Body | None = None
        self._over = asyncio.Event()

    def receiver(self, body: bytes) -> Receive:
        """Gives the request, and when the answer is over a disconnect. Lambda never says that a caller has left."""
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await self._over.wait()
            return {"type": "http.disconnect"}

        return receive

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        try:
            await self._write(message.get("body", b""), more=message.get("more_body", False))
        except OSError:
            self._over.set()
            raise

    def require_end(self) -> None:
        if not self._over.is_set():
            raise RuntimeError("the application returned before its answer was whole")

    async def fail(self, error: BaseException, scope: Scope) -> None:
        """Tell it in the best way that is left: as an answer of its own, as a cut, or in the log alone."""
        if self._over.is_set():
            _log.error("an error in an answer that is over", exc_info=error)
        elif self._body is None:
            await failure_response(error, scope)(scope, self.receiver(b""), self.send)
        else:
            _log.error("an answer broke off", exc_info=error)
            self._over.set()
            await self._body.cut(error)

    async def _write(self, data: bytes, *, more: bool) -> None:
        if self._over.is_set() or not (data or not more):
            return
        if self._body is None:
            assert self._start, "a body without a start"
            self._body = await self._api.answer(self._request_id, _prelude(self._start))
        await self._body.write(data)
        if not more:
            await self._body.end()
            self._over.set()


def _context(invocation: Invocation) -> Context:
    return Context(invocation.request_id, invocation.arn, invocation.deadline)


def _prelude(start: Message) -> dict[str, Any]:
    """The head of an answer as Lambda reads it."""
    single: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in start.get("headers", ()):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "set-cookie":
            cookies.append(value)
        elif name not in ("connection", "transfer-encoding"):
            single[name] = f"{single[name]}, {value}" if name in single else value
    return {"statusCode": start["status"], "headers": single, **({"cookies": cookies} if cookies else {})}
