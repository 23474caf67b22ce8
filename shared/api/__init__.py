"""The HTTP face: what the functions are made of."""

from __future__ import annotations

from shared.api.access import Access
from shared.api.app import App, Endpoint, create_app, failure_response
from shared.api.call import Call
from shared.api.errors import chat_detail, nested_detail, plain_detail
from shared.api.operation import Operation
from shared.api.stream import RELAY
from shared.errors import BadRequest, EaselError, HeadersTooLarge, Misconfigured, RequestTimeout

__all__ = [
    "RELAY",
    "Access",
    "App",
    "BadRequest",
    "Call",
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
