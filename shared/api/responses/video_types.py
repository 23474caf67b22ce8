"""Types of video responses, in OpenAI's format and in those of both versions of the Imagen API."""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from shared.api.responses.types import ErrorObject, JobStatus

VideoTaskStatus: TypeAlias = Literal["queued", "processing", "succeeded", "failed"]


class Video(TypedDict):
    """OpenAI's video, with links once it has succeeded."""

    id: str
    object: Literal["video"]
    model: str
    status: JobStatus
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
    """`deleted` is false if the upstream could not cancel or delete the video."""

    id: str
    object: Literal["video.deleted"]
    deleted: bool


class VideoPage(TypedDict):
    """An empty page, because Easel stores no videos."""

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


class VideoLinks(TypedDict):
    url: str
    last_frame_url: str | None


class VideoResult(VideoLinks):
    provider_task_id: str
    provider_item_ids: None
    provider_generate_id: None


class VideoTask(TypedDict):
    id: str
    created: int
    status: VideoTaskStatus
    model: str
    provider_task_id: str
    provider_item_ids: None
    provider_generate_id: None
    result: VideoResult | None
    error: ErrorObject | None


class VideoAssets(TypedDict):
    id: str
    status: VideoTaskStatus
    provider_task_id: str
    assets: list[str]
