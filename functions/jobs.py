"""GET /v1/jobs/{id} polls a job and DELETE cancels it; /v1/tasks/{id} polls it in zimage.run's format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api import Access, Context, Endpoint, Operation, create_app
from shared.api.json_response import Json
from shared.api.responses import jobs
from shared.api.routing import CANCELS, LOOKS, PENDING
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import JobDeleted, JobObject, ZimageAnswer


async def show(context: Context) -> Json[JobObject]:
    """Return a job's status and, once it has succeeded, its files."""
    job = context.job()
    return jobs.job_response(context, job, await context.service.poll(job))


async def cancel(context: Context) -> Json[JobDeleted]:
    """Cancel a job, if the upstream supports it."""
    cancelled = await context.service.cancel(context.job())
    return Json({"id": context.id, "object": "job.deleted", "deleted": cancelled})


async def task(context: Context) -> Json[ZimageAnswer]:
    """Return a job in zimage.run's format."""
    job = context.job()
    return Json(jobs.task_object(context, job, await context.service.poll(job)))


_task = Operation(task, fails=LOOKS)

app = create_app(
    [
        Endpoint(
            "/v1/jobs/{id}",
            GET=Operation(show, fails=LOOKS, sends=PENDING),
            DELETE=Operation(cancel, fails=CANCELS),
        ),
        Endpoint("/v1/tasks/{id}", Access.ID, GET=_task),
        Endpoint("/api/v1/tasks/{id}", Access.ID, GET=_task),
    ]
)
handler = lambda_handler(app)
