"""AWS events on their way to ASGI: which of them are requests, and what a scope needs beyond what Mangum puts there."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from mangum import Mangum
from mangum.types import LambdaCognitoIdentity, LambdaContext, LambdaHandler, LambdaMobileClientContext, Scope

TRACE_ID = "_X_AMZN_TRACE_ID"


class Context:
    """What Lambda tells a handler beside the event."""

    identity: LambdaCognitoIdentity | None = None
    client_context: LambdaMobileClientContext | None = None

    def __init__(self, request_id: str, arn: str, deadline: int) -> None:
        """The deadline is in milliseconds since the epoch."""
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "")
        self.memory_limit_in_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0))
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline - int(time.time() * 1000))


def parser_of(adapter: Mangum, event: Any, context: LambdaContext) -> LambdaHandler | None:
    """Mangum's parser for a request that came by API Gateway, a load balancer or a function URL.

    None for all else, such as pings that keep a function warm.
    """
    if not (isinstance(event, dict) and isinstance(event.get("requestContext"), dict)):
        return None
    try:
        return adapter.infer(event, context)
    except RuntimeError:
        return None


def lasting_environment() -> dict[str, str]:
    """The environment without what changes with every event: settings are read anew when it has changed."""
    return {name: value for name, value in os.environ.items() if name != TRACE_ID}


def complete(scope: Scope, environment: Mapping[str, str]) -> None:
    """Add the environment, the deadline on the monotonic clock, and the part of the address that is a stage's name."""
    scope["env"] = environment
    scope["easel.deadline"] = time.monotonic() + scope["aws.context"].get_remaining_time_in_millis() / 1000
    request, path = scope["aws.event"]["requestContext"], scope["path"]
    stage = f"/{request.get('stage', '')}"
    if unquote(request.get("path", "")).rstrip("/") == f"{stage}{path}".rstrip("/"):
        scope["root_path"] = stage
    elif "http" in request and f"{path}/".startswith(f"{stage}/"):  # HTTP APIs leave it in the path as well
        scope["root_path"] = stage
        scope["path"] = path.removeprefix(stage) or "/"
