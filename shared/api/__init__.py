"""The HTTP layer that the functions are built from."""

from __future__ import annotations

from shared.api.app import App, create_app, failure_response
from shared.api.auth import Access
from shared.api.context import Context
from shared.api.errors import chat_detail, nested_detail, plain_detail
from shared.api.routing import Endpoint, Operation
from shared.api.streaming import RELAY
from shared.errors import BadRequest, EaselError, HeadersTooLarge, Misconfigured, RequestTimeout

__all__ = [
    "RELAY",
    "Access",
    "App",
    "BadRequest",
    "Context",
    "EaselError",
    "Endpoint",
    "HeadersTooLarge",
    "Misconfigured",
    "Operation",
    "RequestTimeout",
    "chat_detail",
    "create_app",
    "failure_response",
    "nested_detail",
    "plain_detail",
]
