"""Jobs in Easel's format and in that of zimage.run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api.context import Context
from shared.api.errors import ErrorResponse, StillRunning, error_object
from shared.api.generation import Generation
from shared.api.json_response import Accepted, Json
from shared.errors import GenerationFailed, GenerationPending
from shared.job import Job
from shared.results import Failed, Queued, Running, Status, Succeeded

if TYPE_CHECKING:
    from shared.api.responses.types import JobObject, JobStatus, ZimageAnswer, ZimageDone, ZimageTask, ZimageTaskStatus

POLL_AFTER_MS = 1000


def job_object(context: Context, job: Job, status: Status) -> JobObject:
    """Return the job, which is also a valid ImagesResponse; its list is empty until the images are ready."""
    word, progress = status_of(status)
    body: JobObject = {
        "id": job.id,
        "object": "job",
        "kind": job.kind,
        "status": word,
        "progress": progress,
        "created": job.created,
        "expires_at": job.created + int(context.service.ids.ttl),
        "model": job.model,
        "data": [{"url": url, "media_type": media_type} for url, media_type in links_of(context, job, status)],
        "error": error_object(status.error) if isinstance(status, Failed) else None,
    }
    if isinstance(status, Succeeded) and len(status.outputs) < job.requested:
        body["missing"] = job.requested - len(status.outputs)
    return body


def job_response(context: Context, job: Job, status: Status) -> Json[JobObject]:
    pending = {} if isinstance(status, Succeeded | Failed) else pending_headers()
    return Json(job_object(context, job, status), pending)


def pending_response(generation: Generation, status: Status | None) -> Accepted[JobObject]:
    """Return 202 for a client that polls: the job, its URL, and the poll interval."""
    context = generation.context
    body = job_object(context, generation.job, status or Queued())
    prefer = context.prefer()
    applied = ["respond-async"] if prefer.respond_async else []
    applied += [] if prefer.wait is None else [f"wait={prefer.wait:g}"]
    location = {"location": f"{context.prefix}/v1/jobs/{body['id']}", "preference-applied": ", ".join(applied)}
    return Accepted(body, generation.headers | location | pending_headers())


def task_object(context: Context, job: Job, status: Status) -> ZimageAnswer:
    """Return the job in zimage.run's format; `success` is true even if the job failed."""
    task = _zimage_task(context, job, status)
    if isinstance(status, Queued) and status.position:
        return {"success": True, "data": {"task": task, "queuePosition": status.position}}
    return {"success": True, "data": {"task": task}}


async def images_of_job(context: Context, job: Job) -> Json[ZimageDone] | StillRunning | ErrorResponse:
    """Wait for the images and return their links in zimage.run's format, or 408 if they take longer."""
    status = await context.while_connected(context.service.wait(job, context.patience()))
    task = _zimage_task(context, job, status)
    try:
        context.service.outputs(job, status)
    except GenerationFailed as error:
        return ErrorResponse(error, context.prefix, {"uuid": job.id, "status": "failed"})
    except GenerationPending as error:
        return StillRunning(error, context.prefix, {"uuid": job.id, "status": "timeout"})
    urls = task["resultUrls"]
    done: ZimageDone = {
        "uuid": job.id,
        "status": "completed",
        "image_urls": urls,
        "task_info": task,
        "success": True,
        "data": {"images": urls},
    }
    return Json(done)


def _zimage_task(context: Context, job: Job, status: Status) -> ZimageTask:
    urls = [url for url, _ in links_of(context, job, status)]
    return {
        "uuid": job.id,
        "taskStatus": _zimage_status(status),
        "model": job.model,
        "progress": status_of(status)[1],
        "resultUrl": urls[0] if urls else None,
        "resultUrls": urls,
        "errorMessage": status.error.message if isinstance(status, Failed) else None,
    }


def _zimage_status(status: Status) -> ZimageTaskStatus:
    match status:
        case Queued():
            return "pending"
        case Running():
            return "processing"
        case Succeeded():
            return "completed"
        case Failed():
            return "failed"


def status_of(status: Status) -> tuple[JobStatus, int]:
    """Return OpenAI's name of the status, and the progress in percent."""
    match status:
        case Queued():
            return "queued", 0
        case Running(progress):
            return "in_progress", progress or 0
        case Succeeded():
            return "completed", 100
        case Failed():
            return "failed", 100


def links_of(context: Context, job: Job, status: Status) -> list[tuple[str, str]]:
    """Return the URLs of the job's files, each with its media type; empty until the job succeeds."""
    if not isinstance(status, Succeeded):
        return []
    files = context.service.files(job, status.outputs)
    types = [output.media_type for output in status.outputs]
    return [(context.link(file, media_type), media_type) for file, media_type in zip(files, types, strict=True)]


def pending_headers(milliseconds: int = POLL_AFTER_MS) -> dict[str, str]:
    """Return when to poll again, as integers because openai-python requires them."""
    return {"openai-poll-after-ms": str(milliseconds), "retry-after": str(-(-milliseconds // 1000))}
