"""Videos: started, looked at and deleted as OpenAI's SDKs do it, and in the words of the Imagen API's two generations.

Nothing is stored: what an answer says is in the id or comes from the upstream at that moment. The prompt is in neither.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from shared.api.context import Context
from shared.api.errors import error_object
from shared.api.generation import Order, making
from shared.api.responses.files import file_response
from shared.api.responses.jobs import POLL_AFTER_MS, files_of, pending_headers, pending_response, state_of
from shared.errors import BadRequest
from shared.job import Job, ResultFile
from shared.jobs.ids import unknown_id
from shared.results import Failed, Queued, Running, Status, Succeeded

_NO_STORE = {"cache-control": "no-store"}
_NOTE = "nothing is stored here: each video is to be had by its id alone"
_LOOKS = 20
"""How often a client looks in the time that a video usually takes."""
_QUICKEST_MS, _SLOWEST_MS = 100, 5000


async def create(context: Context) -> Response:
    """Submit a video, in OpenAI's format.

    The prompt is echoed only in this response.
    """
    order, job = await _started(context)
    video = video_object(context, job, Queued()) | {"prompt": order.request.prompt}
    return JSONResponse(video, headers=order.headers | await _poll_after(context, job, Queued()))


async def show(context: Context) -> Response:
    """Return a video's status."""
    job = _job(context)
    status = await context.service.look(job)
    return JSONResponse(video_object(context, job, status), headers=_NO_STORE | await _poll_after(context, job, status))


async def delete(context: Context) -> Response:
    """Cancel an unfinished video or delete a finished one, if the upstream supports it."""
    deleted = await context.service.delete(_job(context))
    return JSONResponse({"id": context.id, "object": "video.deleted", "deleted": deleted}, headers=_NO_STORE)


async def content(context: Context) -> Response:
    """Return the video file or a byte range of it; 404 `video_not_ready` until it has succeeded."""
    variant = context.request.query_params.get("variant", "video")
    if variant != "video":
        raise BadRequest("'variant': of a video there is the video alone.", param="variant")
    return await file_response(context, ResultFile(_job(context), 0))


async def index(context: Context) -> Response:
    """Return an empty list; Easel stores no videos."""
    page: dict[str, Any] = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    return JSONResponse(page, headers=_NO_STORE | {"easel-note": _NOTE})


async def generate(context: Context) -> Response:
    """Create a video, wait for it and return its link.

    Returns 202 with the job if `Prefer` asks for it.
    """
    order, prefer = await _order(context), context.prefer()
    async with making(context, order) as work:
        patience = context.patience() - context.age
        wait = patience if prefer.wait is None else min(prefer.wait, patience)
        status: Status | None = None
        if not prefer.respond_async or prefer.wait:
            status = await work.last_if_wanted(wait)
    if not isinstance(status, Succeeded | Failed) and (prefer.respond_async or prefer.wait is not None):
        return pending_response(context, work.job, status, prefer, order.headers)
    video, *others = await work.pictures(status)
    urls = [context.link(made.asset, made.media_type) for made in (video, *others) if made.asset]
    data = {"url": urls[0]} | ({"last_frame_url": urls[1]} if others else {})
    return JSONResponse(
        {"created": work.job.created, "data": [data], "model": work.job.model, "job": work.name}, headers=order.headers
    )


async def create_task(context: Context) -> Response:
    """Submit a video, in the Imagen API's format."""
    order, job = await _started(context)
    return JSONResponse(task_object(context, job, Queued()), headers=order.headers)


async def show_task(context: Context) -> Response:
    """Return a video's status, in the Imagen API's format."""
    job = _job(context)
    return JSONResponse(task_object(context, job, await context.service.look(job)), headers=_NO_STORE)


async def assets(context: Context) -> Response:
    """Return the links to a video's files, in the Imagen API's format."""
    job = _job(context)
    status = await context.service.look(job)
    task = task_object(context, job, status)
    urls = [url for url, media_type in files_of(context, job, status) if media_type.startswith("video/")]
    return JSONResponse({**{name: task[name] for name in ("id", "status", "provider_task_id")}, "assets": urls})


def video_object(context: Context, job: Job, status: Status) -> dict[str, Any]:
    """OpenAI's thirteen members, and the links beside them."""
    word, progress = state_of(status)
    seconds, _, size = job.summary.partition("-")
    return {
        "id": f"video_{context.service.tickets.job_id(job)}",
        "object": "video",
        "model": job.model,
        "status": word,
        "progress": progress,
        "created_at": job.created,
        "completed_at": None,
        "expires_at": job.created + int(context.service.tickets.ttl),
        "prompt": None,
        "seconds": seconds,
        "size": size,
        "remixed_from_video_id": None,
        "error": _error(status),
        **_links(context, job, status),
    }


def task_object(context: Context, job: Job, status: Status) -> dict[str, Any]:
    """A video as clients of /v2 know it. A job has one upstream task, whose id is known from the start."""
    links = _links(context, job, status)
    upstream = {"provider_task_id": job.refs[0], "provider_item_ids": None, "provider_generate_id": None}
    return {
        "id": f"vtask_{context.service.tickets.job_id(job)}",
        "created": job.created,
        "status": _task_word(status),
        "model": job.model,
        **upstream,
        "result": {**links, **upstream} if links else None,
        "error": _error(status),
    }


async def _order(context: Context) -> Order:
    from shared.api.requests.videos import read_video  # looks need no pydantic

    body = await read_video(context)
    offer = await context.service.catalog.resolve(body.model, "video")
    request, ignored = body.to_request(offer.model)
    return Order(offer, request, "url", ignored)


async def _started(context: Context) -> tuple[Order, Job]:
    order = await _order(context)
    async with making(context, order) as work:
        return order, work.job


def _job(context: Context) -> Job:
    """The video that the path names; NotFound for other people's, and for other things."""
    job = context.job()
    if job.kind != "video":
        raise unknown_id()
    return job


async def _poll_after(context: Context, job: Job, status: Status) -> dict[str, str]:
    """When to look again, by how long such a video usually takes: openai-python keeps to what it hears first."""
    if isinstance(status, Succeeded | Failed):
        return {}
    typical = (await context.service.catalog.find(job.provider, job.model)).typical_seconds
    wish = POLL_AFTER_MS if typical is None else int(1000 * typical / _LOOKS)
    return pending_headers(min(max(wish, _QUICKEST_MS), _SLOWEST_MS))


def _links(context: Context, job: Job, status: Status) -> dict[str, str | None]:
    """The video, and its last frame where that was asked for; nothing before the end."""
    urls = [url for url, _ in files_of(context, job, status)]
    return {"url": urls[0], "last_frame_url": urls[1] if len(urls) > 1 else None} if urls else {}


def _error(status: Status) -> dict[str, Any] | None:
    return error_object(status.error) if isinstance(status, Failed) else None


def _task_word(status: Status) -> str:
    match status:
        case Queued():
            return "queued"
        case Running():
            return "processing"
        case Succeeded():
            return "succeeded"
        case Failed():
            return "failed"
