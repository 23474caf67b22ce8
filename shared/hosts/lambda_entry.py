"""AWS Lambda's buffered way in: Mangum, made at the first event, for making it costs an event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.api import App, failure_response

if TYPE_CHECKING:
    from mangum import Mangum
    from mangum.types import ASGI, Message, Receive, Scope, Send

LARGEST_ANSWER = 4_400_000
"""Bytes. Lambda takes 6 MB from a handler, and Mangum writes files as base64 into them."""

LambdaHandler = Callable[[Any, Any], dict[str, Any]]


def lambda_handler(app: App) -> LambdaHandler:
    """The handler of one function. Pings that keep it warm, and whatever else is no request, get an empty answer."""
    adapter: Mangum | None = None

    def handler(event: Any, context: Any) -> dict[str, Any]:
        nonlocal adapter
        from shared.hosts.lambda_events import parser_of

        adapter = adapter or _adapter(app)
        if parser_of(adapter, event, context) is None:
            return {"statusCode": 204, "headers": {}, "body": ""}
        return adapter(event, context)

    return handler


def _adapter(app: App) -> Mangum:
    """Lifespan is off, because Mangum would run it anew for every event."""
    from mangum import Mangum

    logging.getLogger("mangum").setLevel(logging.WARNING)  # it logs paths, and ids are in them
    return Mangum(_whole(app), lifespan="off")


def _whole(app: App) -> ASGI:
    """Sends an answer when all of it is there: one that breaks off becomes an error with our envelope, not Mangum's."""
    from shared.hosts.lambda_events import complete, lasting_environment

    environment = lasting_environment()

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        complete(scope, environment)
        scope["easel.largest_answer"] = LARGEST_ANSWER
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        try:
            await app(scope, receive, hold)
        except Exception as error:
            messages.clear()
            await failure_response(error, scope)(scope, receive, hold)
        for message in messages:
            await send(message)

    return whole
