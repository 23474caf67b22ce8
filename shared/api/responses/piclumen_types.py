"""Types of the responses to PicLumen's own clients."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shared.api.responses.types import ErrorObject


class PiclumenStarted(TypedDict):
    statuscode: Literal[200]
    message: str
    mark_id: str
    status: Literal["pending"]


class PiclumenState(TypedDict):
    statuscode: Literal[200, 202, 500]
    status: Literal["pending", "running", "success", "failed"]
    message: str
    mark_id: NotRequired[str]
    image_url: NotRequired[str]
    image_urls: NotRequired[list[str]]
    missing: NotRequired[int]
    error: NotRequired[ErrorObject]
