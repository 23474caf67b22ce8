"""JSON responses typed by their content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Generic, TypeVar

from starlette.responses import Response

from shared.api.streaming import StreamedResponse
from shared.json_stream import encode, json_parts, length_of

Content = TypeVar("Content")


class Json(Response, Generic[Content]):
    """A JSON body of this type."""

    status_code = 200

    def __init__(self, content: Content, headers: Mapping[str, str] = {}) -> None:
        body = json.dumps(content, separators=(",", ":")).encode()
        super().__init__(body, self.status_code, headers, "application/json")


class Accepted(Json[Content]):
    """A JSON body of this type: the job is still running, and the client polls it."""

    status_code = 202


class JsonStream(StreamedResponse, Generic[Content]):
    """A JSON body of this type whose Base64 leaves are encoded while they are sent."""

    def __init__(self, content: Content, headers: Mapping[str, str]) -> None:
        parts = json_parts(content)
        self.length = length_of(parts)
        super().__init__(encode(parts), "application/json", headers=headers, length=self.length)
