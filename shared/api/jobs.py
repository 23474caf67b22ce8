"""A job as JSON: in our words, and in those of Z-Image's clients."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from shared.api.call import Call, Prefer
from shared.api.errors import error_object, error_response
from shared.errors import GenerationFailed, GenerationPending
from shared.values import Failed, Job, Queued, Running, Status, Succeeded

POLL_AFTER_MS = 1000


def job_object(call: Call, job: Job, status: Status) -> dict[str, Any]:
    """The job; also a valid ImagesResponse, with an empty list until the pictures are there."""
    word, progress = state_of(status)
    body: dict[str, Any] = {
        "id": call.service.tickets.job_id(job),
        "object": "job",
        "kind": job.kind,
        "status": word,
        "progress": progress,
        "created": job.created,
        "expires_at": job.created + int(call.service.tickets.ttl),
        "model": job.model,
        "data": [{"url": url, "media_type": media_type} for url, media_type in files_of(call, job, status)],
        "error": error_object(status.error) if isinstance(status, Failed) else None,
    }
    if isinstance(status, Succeeded) and len(status.outputs) < job.asked:
        body["missing"] = job.asked - len(status.outputs)
    return body


def job_response(call: Call, job: Job, status: Status) -> Response:
    pending = {} if isinstance(status, Succeeded | Failed) else pending_headers()
    return JSONResponse(job_object(call, job, status), headers=pending)


def pending_response(call: Call, job: Job, status: Status | None, prefer: Prefer, headers: dict[str, str]) -> Response:
    """202 for a caller who would rather come back: the job, and where and when to look for it."""
    body = job_object(call, job, status or Queued())
    applied = ["respond-async"] if prefer.respond_async else []
    applied += [] if prefer.wait is None else [f"wait={prefer.wait:g}"]
    location = {"location": f"{call.prefix}/v1/jobs/{body['id']}", "preference-applied": ", ".join(applied)}
    return JSONResponse(body, 202, headers | location | pending_headers())


def task_object(call: Call, job: Job, status: Status) -> dict[str, Any]:
    """The job as zimage.run's own clients know it; a failed one is a good answer too."""
    task = _zimage_task(call, job, status)
    position = {"queuePosition": status.position} if isinstance(status, Queued) and status.position else {}
    return {"success": True, "data": {"task": task, **position}}


async def images_object(call: Call, job: Job) -> Response:
    """Wait a while for the pictures, as zimage.run's clients do: their links, or 408 when they take longer."""
    status = await call.while_wanted(call.service.last(job, call.patience()))
    task = _zimage_task(call, job, status)
    name = task["uuid"]
    try:
        call.service.outputs(job, status)
    except GenerationFailed as error:
        return error_response(error, call.prefix, {"uuid": name, "status": "failed"})
    except GenerationPending as error:
        return error_response(error, call.prefix, {"uuid": name, "status": "timeout"}, status=408)
    urls = task["resultUrls"]
    done = {"uuid": name, "status": "completed", "image_urls": urls, "task_info": task}
    return JSONResponse({**done, "success": True, "data": {"images": urls}})


def _zimage_task(call: Call, job: Job, status: Status) -> dict[str, Any]:
    _, progress = state_of(status)
    urls = [url for url, _ in files_of(call, job, status)]
    return {
        "uuid": call.service.tickets.job_id(job),
        "taskStatus": _zimage_word(status),
        "model": job.model,
        "progress": progress,
        "resultUrl": urls[0] if urls else None,
        "resultUrls": urls,
        "errorMessage": status.error.message if isinstance(status, Failed) else None,
    }


def _zimage_word(status: Status) -> str:
    match status:
        case Queued():
            return "pending"
        case Running():
            return "processing"
        case Succeeded():
            return "completed"
        case Failed():
            return "failed"


def state_of(status: Status) -> tuple[str, int]:
    """In OpenAI's words, with the progress."""
    match status:
        case Queued():
            return "queued", 0
        case Running(progress):
            return "in_progress", progress or 0
        case Succeeded():
            return "completed", 100
        case Failed():
            return "failed", 100


def files_of(call: Call, job: Job, status: Status) -> list[tuple[str, str]]:
    """The links of what there is, each with its media type."""
    if not isinstance(status, Succeeded):
        return []
    assets = call.service.assets(job, status.outputs)
    types = [output.media_type for output in status.outputs]
    return [(call.link(asset, media_type), media_type) for asset, media_type in zip(assets, types, strict=True)]


def pending_headers(milliseconds: int = POLL_AFTER_MS) -> dict[str, str]:
    """When to look again; whole numbers, as openai-python wants them."""
    return {"openai-poll-after-ms": str(milliseconds), "retry-after": str(-(-milliseconds // 1000))}
