"""Lambda's streaming loop: each event becomes a request to the application, whose response is streamed back."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from mangum import Mangum
from mangum.types import ASGI, Message, Scope
from starlette.responses import Response

from shared.hosts.lambda_events import TRACE_ID, Context, complete_scope, parser_of, stable_environment
from shared.hosts.response import HostResponse
from shared.hosts.runtime_api import Body, Invocation, RuntimeApi

_log = logging.getLogger(__name__)


class Loop:
    """Serves events one by one until Lambda ends the process."""

    def __init__(self, api: RuntimeApi, app: ASGI) -> None:
        self._api = api
        self._app = app
        self._mangum = Mangum(app, lifespan="off")
        self._environment = stable_environment()

    async def run(self) -> None:
        while True:
            invocation = await self._api.next()
            os.environ[TRACE_ID] = invocation.trace_id
            try:
                await self._serve(invocation)
            except OSError:
                _log.warning("the Runtime API did not accept the whole response", exc_info=True)

    async def _serve(self, invocation: Invocation) -> None:
        response = LambdaResponse(self._api, invocation.request_id)
        scope: Scope = {"type": "http"}
        try:
            parser = parser_of(self._mangum, json.loads(invocation.event), _context(invocation))
            if parser:
                scope, response.request = parser.scope, parser.body
                complete_scope(scope, self._environment)
        except Exception as error:
            await response.fail(error, scope)
        else:
            await response.run(self._app if parser else Response(status_code=204), scope)


class LambdaResponse(HostResponse):
    """Streams through the Runtime API. Lambda never reports that the client has disconnected."""

    def __init__(self, api: RuntimeApi, request_id: str) -> None:
        super().__init__()
        self.request: bytes | None = b""
        self._api = api
        self._request_id = request_id

    async def send(self, message: Message) -> None:
        if self._over.is_set():
            return
        try:
            await super().send(message)
        except OSError:
            self._over.set()
            raise

    async def _request(self) -> Message | None:
        body, self.request = self.request, None
        return None if body is None else {"type": "http.request", "body": body, "more_body": False}

    async def _begin(self, start: Message, data: bytes, *, whole: bool) -> Body:
        return await self._api.start_response(self._request_id, _prelude(start))


def _context(invocation: Invocation) -> Context:
    return Context(invocation.request_id, invocation.arn, invocation.deadline)


def _prelude(start: Message) -> dict[str, Any]:
    """Return the status and headers in the JSON form that Lambda reads before the body."""
    single: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in start.get("headers", ()):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "set-cookie":
            cookies.append(value)
        elif name not in ("connection", "transfer-encoding"):
            single[name] = f"{single[name]}, {value}" if name in single else value
    return {"statusCode": start["status"], "headers": single, **({"cookies": cookies} if cookies else {})}
