"""AWS Lambda's buffered way in: Mangum, made at the first event, for making it costs an event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.api import App

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


def lambda_handler(app: App) -> LambdaHandler:
    """The handler of one function. Lifespan is off, because Mangum would run it anew for every event."""
    adapter: LambdaHandler | None = None

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        nonlocal adapter
        if adapter is None:
            from mangum import Mangum

            adapter = Mangum(app, lifespan="off")
        return adapter(event, context)

    return handler
