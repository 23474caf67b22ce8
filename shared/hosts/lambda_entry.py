"""The entry point for buffered AWS Lambda: Mangum, created at the first event because it needs an event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.api import App, failure_response

if TYPE_CHECKING:
    from mangum import Mangum
    from mangum.types import ASGI, Message, Receive, Scope, Send

LARGEST_RESPONSE = 4_400_000
"""Bytes. Lambda limits a buffered response to 6 MB, and Mangum encodes files in it as base64."""

LambdaHandler = Callable[[Any, Any], dict[str, Any]]


def lambda_handler(app: App) -> LambdaHandler:
    """Return the handler of one function. Events that are not requests, such as pings, get an empty response."""
    mangum: Mangum | None = None

    def handler(event: Any, context: Any) -> dict[str, Any]:
        nonlocal mangum
        from shared.hosts.lambda_events import parser_of

        mangum = mangum or _mangum(app)
        if parser_of(mangum, event, context) is None:
            return {"statusCode": 204, "headers": {}, "body": ""}
        return mangum(event, context)

    return handler


def _mangum(app: App) -> Mangum:
    """Return Mangum with lifespan off, because it would run it for every event."""
    from mangum import Mangum

    logging.getLogger("mangum").setLevel(logging.WARNING)  # it logs paths, which contain ids
    return Mangum(_buffered(app), lifespan="off")


def _buffered(app: App) -> ASGI:
    """Send each response once it is complete, so that a failure midway becomes an error in our envelope."""
    from shared.hosts.lambda_events import complete_scope, stable_environment

    environment = stable_environment()

    async def buffered(scope: Scope, receive: Receive, send: Send) -> None:
        complete_scope(scope, environment)
        scope["easel.largest_response"] = LARGEST_RESPONSE
        messages: list[Message] = []

        async def buffer(message: Message) -> None:
            messages.append(message)

        try:
            await app(scope, receive, buffer)
        except Exception as error:
            messages.clear()
            await failure_response(error, scope)(scope, receive, buffer)
        for message in messages:
            await send(message)

    return buffered
