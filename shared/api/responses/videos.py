"""Videos in OpenAI's format and in those of both versions of the Imagen API.

Nothing is stored: a response is built from the job id and the upstream's current status.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.api.context import Context
from shared.api.delivery import Contents, deliver
from shared.api.errors import error_object
from shared.api.generation import Generation, Image
from shared.api.json_response import Accepted, Json, JsonStream
from shared.api.responses.files import FileResponse, file_response
from shared.api.responses.jobs import POLL_AFTER_MS, links_of, pending_headers, pending_response, status_of
from shared.api.routing import reads
from shared.errors import BadRequest
from shared.job import Job, ResultFile
from shared.jobs.ids import unknown_id
from shared.results import Failed, Queued, Running, Status, Succeeded

if TYPE_CHECKING:
    from shared.api.requests.videos import VideoCreate
    from shared.api.responses.types import ErrorObject, JobObject
    from shared.api.responses.video_types import (
        Video,
        VideoAssets,
        VideoDeleted,
        VideoLink,
        VideoLinks,
        VideoMade,
        VideoPage,
        VideoTask,
        VideoTaskStatus,
    )

_NOTE = "nothing is stored here: each video is available by its id alone"
_POLLS = 20
"""Number of polls in the typical duration of a video."""
_FASTEST_MS, _SLOWEST_MS = 100, 5000


async def read(context: Context) -> VideoCreate:
    from shared.api.requests.videos import read_video  # polling needs no pydantic

    return await read_video(context)


@reads(read)
async def create(context: Context, body: VideoCreate) -> Json[Video]:
    """Submit a video, in OpenAI's format.

    The prompt is echoed only in this response.
    """
    async with await _generation(context, body) as generation:
        job = generation.job
    video = video_object(context, job, Queued())
    video["prompt"] = generation.request.prompt
    return Json(video, generation.headers | await _poll_after(context, job, Queued()))


async def show(context: Context) -> Json[Video]:
    """Return a video's status."""
    job = _job(context)
    status = await context.service.poll(job)
    return Json(video_object(context, job, status), await _poll_after(context, job, status))


async def delete(context: Context) -> Json[VideoDeleted]:
    """Cancel an unfinished video or delete a finished one, if the upstream supports it."""
    deleted = await context.service.delete(_job(context))
    return Json({"id": context.id, "object": "video.deleted", "deleted": deleted})


async def content(context: Context) -> FileResponse:
    """Return the video file or a byte range of it; 404 `video_not_ready` until it has succeeded."""
    if context.request.query_params.get("variant", "video") != "video":
        raise BadRequest("'variant': only 'video' is available.", param="variant")
    return await file_response(context, ResultFile(_job(context), 0), "private")


async def index(context: Context) -> Json[VideoPage]:
    """Return an empty list; Easel stores no videos."""
    page: VideoPage = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    return Json(page, {"easel-note": _NOTE})


@reads(read)
async def generate(context: Context, body: VideoCreate) -> JsonStream[VideoMade] | Accepted[JobObject]:
    """Create a video, wait for it and return its link.

    Returns 202 with the job if `Prefer` asks for it.
    """
    return await deliver(await _generation(context, body), VideoUrls(), context.prefer())


@reads(read)
async def create_task(context: Context, body: VideoCreate) -> Json[VideoTask]:
    """Submit a video, in the Imagen API's format."""
    async with await _generation(context, body) as generation:
        return Json(task_object(context, generation.job, Queued()), generation.headers)


async def show_task(context: Context) -> Json[VideoTask]:
    """Return a video's status, in the Imagen API's format."""
    job = _job(context)
    return Json(task_object(context, job, await context.service.poll(job)))


async def assets(context: Context) -> Json[VideoAssets]:
    """Return the links to a video's files, in the Imagen API's format."""
    job = _job(context)
    status = await context.service.poll(job)
    task = task_object(context, job, status)
    urls = [url for url, media_type in links_of(context, job, status) if media_type.startswith("video/")]
    return Json(
        {"id": task["id"], "status": task["status"], "provider_task_id": task["provider_task_id"], "assets": urls}
    )


class VideoUrls:
    """The links of a video, and of its last frame if that was requested."""

    contents: Contents = "url"

    def pending(self, generation: Generation, status: Status | None) -> Accepted[JobObject]:
        return pending_response(generation, status)

    def whole(self, generation: Generation, images: Sequence[Image], contents: Contents) -> VideoMade:
        link = generation.context.link
        urls = [link(output.file, output.media_type) for output in images if output.file]
        data: VideoLink = {"url": urls[0]}
        if len(urls) > 1:
            data["last_frame_url"] = urls[1]
        job = generation.job
        return {"created": job.created, "data": [data], "model": job.model, "job": job.id or None}


def video_object(context: Context, job: Job, status: Status) -> Video:
    """Return OpenAI's thirteen fields, and the links once the video is ready."""
    word, progress = status_of(status)
    seconds, _, size = job.summary.partition("-")
    video: Video = {
        "id": f"video_{job.id}",
        "object": "video",
        "model": job.model,
        "status": word,
        "progress": progress,
        "created_at": job.created,
        "completed_at": None,
        "expires_at": job.created + int(context.service.ids.ttl),
        "prompt": None,
        "seconds": seconds,
        "size": size,
        "remixed_from_video_id": None,
        "error": _error(status),
    }
    if links := _links(context, job, status):
        video["url"], video["last_frame_url"] = links["url"], links["last_frame_url"]
    return video


def task_object(context: Context, job: Job, status: Status) -> VideoTask:
    """Return a video in the format of /v2. Its job has one upstream task, whose id is known from the start."""
    links = _links(context, job, status)
    task = job.refs[0]
    return {
        "id": f"vtask_{job.id}",
        "created": job.created,
        "status": task_status(status),
        "model": job.model,
        "provider_task_id": task,
        "provider_item_ids": None,
        "provider_generate_id": None,
        "result": {**links, "provider_task_id": task, "provider_item_ids": None, "provider_generate_id": None}
        if links
        else None,
        "error": _error(status),
    }


def task_status(status: Status) -> VideoTaskStatus:
    match status:
        case Queued():
            return "queued"
        case Running():
            return "processing"
        case Succeeded():
            return "succeeded"
        case Failed():
            return "failed"


async def _generation(context: Context, body: VideoCreate) -> Generation:
    resolved = await context.service.catalog.resolve(body.model, "video")
    request, ignored = body.to_request(resolved.model)
    return Generation(context, resolved, request, ignored)


def _job(context: Context) -> Job:
    """Return the video job that the path names. Raises NotFound for other callers' videos and other kinds of jobs."""
    job = context.job()
    if job.kind != "video":
        raise unknown_id()
    return job


async def _poll_after(context: Context, job: Job, status: Status) -> dict[str, str]:
    """Return when to poll again, from the model's typical duration: openai-python keeps the first value it gets."""
    if isinstance(status, Succeeded | Failed):
        return {}
    typical = (await context.service.catalog.find(job.provider, job.model)).typical_seconds
    wish = POLL_AFTER_MS if typical is None else int(1000 * typical / _POLLS)
    return pending_headers(min(max(wish, _FASTEST_MS), _SLOWEST_MS))


def _links(context: Context, job: Job, status: Status) -> VideoLinks | None:
    """Return links to the video and to its last frame if requested; None until it succeeds."""
    urls = [url for url, _ in links_of(context, job, status)]
    return {"url": urls[0], "last_frame_url": urls[1] if len(urls) > 1 else None} if urls else None


def _error(status: Status) -> ErrorObject | None:
    return error_object(status.error) if isinstance(status, Failed) else None
