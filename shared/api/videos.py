"""Videos: started, looked at and deleted as OpenAI's SDKs do it, and in the words of the Imagen API's two generations.

Nothing is stored: what an answer says is in the id or comes from the upstream at that moment. The prompt is in neither.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from shared.api.call import Call
from shared.api.errors import error_object
from shared.api.files import file_response
from shared.api.jobs import POLL_AFTER_MS, files_of, pending_headers, pending_response, state_of
from shared.api.pictures import Order, making
from shared.errors import BadRequest
from shared.tickets import unknown_id
from shared.values import Asset, Failed, Job, Queued, Running, Status, Succeeded

_NO_STORE = {"cache-control": "no-store"}
_NOTE = "nothing is stored here: each video is to be had by its id alone"
_LOOKS = 20
"""How often a client looks in the time that a video usually takes."""
_QUICKEST_MS, _SLOWEST_MS = 100, 5000


async def create(call: Call) -> Response:
    """Submit a video, in OpenAI's format.

    The prompt is echoed only in this response.
    """
    order, job = await _started(call)
    video = video_object(call, job, Queued()) | {"prompt": order.request.prompt}
    return JSONResponse(video, headers=order.headers | await _poll_after(call, job, Queued()))


async def show(call: Call) -> Response:
    """Return a video's status."""
    job = _job(call)
    status = await call.service.look(job)
    return JSONResponse(video_object(call, job, status), headers=_NO_STORE | await _poll_after(call, job, status))


async def delete(call: Call) -> Response:
    """Cancel an unfinished video or delete a finished one, if the upstream supports it."""
    deleted = await call.service.delete(_job(call))
    return JSONResponse({"id": call.id, "object": "video.deleted", "deleted": deleted}, headers=_NO_STORE)


async def content(call: Call) -> Response:
    """Return the video file or a byte range of it; 404 `video_not_ready` until it has succeeded."""
    variant = call.request.query_params.get("variant", "video")
    if variant != "video":
        raise BadRequest("'variant': of a video there is the video alone.", param="variant")
    return await file_response(call, Asset(_job(call), 0))


async def index(call: Call) -> Response:
    """Return an empty list; Easel stores no videos."""
    page: dict[str, Any] = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    return JSONResponse(page, headers=_NO_STORE | {"easel-note": _NOTE})


async def generate(call: Call) -> Response:
    """Create a video, wait for it and return its link.

    Returns 202 with the job if `Prefer` asks for it.
    """
    order, prefer = await _order(call), call.prefer()
    async with making(call, order) as work:
        patience = call.patience() - call.age
        wait = patience if prefer.wait is None else min(prefer.wait, patience)
        status: Status | None = None
        if not prefer.respond_async or prefer.wait:
            status = await work.last_if_wanted(wait)
    if not isinstance(status, Succeeded | Failed) and (prefer.respond_async or prefer.wait is not None):
        return pending_response(call, work.job, status, prefer, order.headers)
    video, *others = await work.pictures(status)
    urls = [call.link(made.asset, made.media_type) for made in (video, *others) if made.asset]
    data = {"url": urls[0]} | ({"last_frame_url": urls[1]} if others else {})
    return JSONResponse(
        {"created": work.job.created, "data": [data], "model": work.job.model, "job": work.name}, headers=order.headers
    )


async def create_task(call: Call) -> Response:
    """Submit a video, in the Imagen API's format."""
    order, job = await _started(call)
    return JSONResponse(task_object(call, job, Queued()), headers=order.headers)


async def show_task(call: Call) -> Response:
    """Return a video's status, in the Imagen API's format."""
    job = _job(call)
    return JSONResponse(task_object(call, job, await call.service.look(job)), headers=_NO_STORE)


async def assets(call: Call) -> Response:
    """Return the links to a video's files, in the Imagen API's format."""
    job = _job(call)
    status = await call.service.look(job)
    task = task_object(call, job, status)
    urls = [url for url, media_type in files_of(call, job, status) if media_type.startswith("video/")]
    return JSONResponse({**{name: task[name] for name in ("id", "status", "provider_task_id")}, "assets": urls})


def video_object(call: Call, job: Job, status: Status) -> dict[str, Any]:
    """OpenAI's thirteen members, and the links beside them."""
    word, progress = state_of(status)
    seconds, _, size = job.note.partition("-")
    return {
        "id": f"video_{call.service.tickets.job_id(job)}",
        "object": "video",
        "model": job.model,
        "status": word,
        "progress": progress,
        "created_at": job.created,
        "completed_at": None,
        "expires_at": job.created + int(call.service.tickets.ttl),
        "prompt": None,
        "seconds": seconds,
        "size": size,
        "remixed_from_video_id": None,
        "error": _error(status),
        **_links(call, job, status),
    }


def task_object(call: Call, job: Job, status: Status) -> dict[str, Any]:
    """A video as clients of /v2 know it. A job has one upstream task, whose id is known from the start."""
    links = _links(call, job, status)
    upstream = {"provider_task_id": job.refs[0], "provider_item_ids": None, "provider_generate_id": None}
    return {
        "id": f"vtask_{call.service.tickets.job_id(job)}",
        "created": job.created,
        "status": _task_word(status),
        "model": job.model,
        **upstream,
        "result": {**links, **upstream} if links else None,
        "error": _error(status),
    }


async def _order(call: Call) -> Order:
    from shared.api.video_wire import read_video  # looks need no pydantic

    body = await read_video(call)
    offer = await call.service.catalog.resolve(body.model, "video")
    request, ignored = body.to_request(offer.model)
    return Order(offer, request, "url", ignored)


async def _started(call: Call) -> tuple[Order, Job]:
    order = await _order(call)
    async with making(call, order) as work:
        return order, work.job


def _job(call: Call) -> Job:
    """The video that the path names; NotFound for other people's, and for other things."""
    job = call.job()
    if job.kind != "video":
        raise unknown_id()
    return job


async def _poll_after(call: Call, job: Job, status: Status) -> dict[str, str]:
    """When to look again, by how long such a video usually takes: openai-python keeps to what it hears first."""
    if isinstance(status, Succeeded | Failed):
        return {}
    typical = (await call.service.catalog.find(job.provider, job.model)).typical_seconds
    wish = POLL_AFTER_MS if typical is None else int(1000 * typical / _LOOKS)
    return pending_headers(min(max(wish, _QUICKEST_MS), _SLOWEST_MS))


def _links(call: Call, job: Job, status: Status) -> dict[str, str | None]:
    """The video, and its last frame where that was asked for; nothing before the end."""
    urls = [url for url, _ in files_of(call, job, status)]
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
