"""What clients get about videos, as types: in OpenAI's words, and in those of the Imagen API's two generations."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shared.api.responses.types import ErrorObject


class Video(TypedDict):
    """OpenAI's video, with its links beside it once it is there."""

    id: str
    object: Literal["video"]
    model: str
    status: Literal["queued", "in_progress", "completed", "failed"]
    progress: int
    created_at: int
    completed_at: int | None
    expires_at: int
    prompt: str | None
    seconds: str
    size: str
    remixed_from_video_id: None
    error: ErrorObject | None
    url: NotRequired[str]
    last_frame_url: NotRequired[str | None]


class VideoDeleted(TypedDict):
    """`deleted` says whether it could still be cancelled."""

    id: str
    object: Literal["video.deleted"]
    deleted: bool


class VideoPage(TypedDict):
    """An empty page: nothing is stored here."""

    object: Literal["list"]
    data: list[Video]
    first_id: None
    last_id: None
    has_more: Literal[False]


class VideoLink(TypedDict):
    url: str
    last_frame_url: NotRequired[str]


class VideoMade(TypedDict):
    created: int
    data: list[VideoLink]
    model: str
    job: str | None


class VideoResult(TypedDict):
    url: str
    last_frame_url: str | None
    provider_task_id: str
    provider_item_ids: None
    provider_generate_id: None


class VideoTask(TypedDict):
    id: str
    created: int
    status: Literal["queued", "processing", "succeeded", "failed"]
    model: str
    provider_task_id: str
    provider_item_ids: None
    provider_generate_id: None
    result: VideoResult | None
    error: ErrorObject | None


class VideoAssets(TypedDict):
    id: str
    status: Literal["queued", "processing", "succeeded", "failed"]
    provider_task_id: str
    assets: list[str]
