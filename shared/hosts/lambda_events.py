"""AWS events as ASGI scopes: which events are requests, and what Easel adds to the scopes that Mangum creates."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from mangum import Mangum
from mangum.types import LambdaCognitoIdentity, LambdaContext, LambdaHandler, LambdaMobileClientContext, Scope

TRACE_ID = "_X_AMZN_TRACE_ID"

_PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")


class Context:
    """The context object that Lambda passes to a handler with the event."""

    identity: LambdaCognitoIdentity | None = None
    client_context: LambdaMobileClientContext | None = None

    def __init__(self, request_id: str, arn: str, deadline: int) -> None:
        """Create the context; `deadline` is in milliseconds since the epoch."""
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


def parser_of(mangum: Mangum, event: Any, context: LambdaContext) -> LambdaHandler | None:
    """Return Mangum's parser for a request from API Gateway, a load balancer or a function URL.

    Returns None for other events, such as pings that keep a function warm.
    """
    if not (isinstance(event, dict) and isinstance(event.get("requestContext"), dict)):
        return None
    try:
        return mangum.infer(event, context)
    except RuntimeError:
        return None


def stable_environment() -> dict[str, str]:
    """Return the environment without the variable that changes with every event, which would reload the settings."""
    return {name: value for name, value in os.environ.items() if name != TRACE_ID}


def complete_scope(scope: Scope, environment: Mapping[str, str]) -> None:
    """Add the environment, the deadline on the monotonic clock, and the root path: a stage or a base path."""
    scope["env"] = environment
    scope["easel.deadline"] = time.monotonic() + scope["aws.context"].get_remaining_time_in_millis() / 1000
    event, path = scope["aws.event"], scope["path"]
    request = event["requestContext"]
    stage = f"/{request.get('stage', '')}"
    if unquote(request.get("path", "")).rstrip("/") == f"{stage}{path}".rstrip("/"):
        scope["root_path"] = stage
    elif base := _base_path(event, path):
        scope["root_path"] = base
        scope["path"] = path.removeprefix(base) or "/"
    elif "http" in request and f"{path}/".startswith(f"{stage}/"):  # HTTP APIs keep the stage in the path
        scope["root_path"] = stage
        scope["path"] = path.removeprefix(stage) or "/"


def _base_path(event: Mapping[str, Any], path: str) -> str:
    """Return what a custom domain's base path mapping has put in front of the path of the gateway's route."""
    route = event.get("resource") or event.get("routeKey", "").partition(" ")[2]
    if not route:
        return ""
    values = event.get("pathParameters") or {}
    if not values.keys() >= set(_PARAMETER.findall(route)):
        return ""
    routed = unquote(_PARAMETER.sub(lambda found: values[found[1]], route)).rstrip("/")
    return path.rstrip("/").removesuffix(routed) if path.rstrip("/").endswith(routed) else ""
