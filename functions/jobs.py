"""GET /v1/jobs/{id} looks at a job and DELETE stops it; /v1/tasks/{id} tells it in zimage.run's words."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Context, Endpoint, Operation, create_app
from shared.api.responses import jobs
from shared.api.routing import CANCELS, LOOKS, PENDING
from shared.hosts.lambda_entry import lambda_handler


async def show(context: Context) -> Response:
    """Return a job's status and, once it has succeeded, its files."""
    job = context.job()
    return jobs.job_response(context, job, await context.service.poll(job))


async def cancel(context: Context) -> Response:
    """Cancel a job, if the upstream supports it."""
    cancelled = await context.service.cancel(context.job())
    return JSONResponse({"id": context.id, "object": "job.deleted", "deleted": cancelled})


async def task(context: Context) -> Response:
    """Return a job in zimage.run's format."""
    job = context.job()
    return JSONResponse(jobs.task_object(context, job, await context.service.poll(job)))


_task = Operation(task, gives={200: "responses.types.ZimageAnswer"}, fails=LOOKS)

app = create_app(
    [
        Endpoint(
            "/v1/jobs/{id}",
            GET=Operation(show, gives={200: "responses.types.JobObject"}, fails=LOOKS, sends=PENDING),
            DELETE=Operation(cancel, gives={200: "responses.types.JobDeleted"}, fails=CANCELS),
        ),
        Endpoint("/v1/tasks/{id}", Access.ID, GET=_task),
        Endpoint("/api/v1/tasks/{id}", Access.ID, GET=_task),
    ]
)
handler = lambda_handler(app)
