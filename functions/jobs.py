"""GET /v1/jobs/{id} looks at a job and DELETE stops it; /v1/tasks/{id} tells it in zimage.run's words."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Call, Endpoint, Operation, create_app, jobs
from shared.api.operation import CANCELS, LOOKS, PENDING
from shared.hosts.lambda_entry import lambda_handler


async def show(call: Call) -> Response:
    """Return a job's status and, once it has succeeded, its files."""
    job = call.job()
    return jobs.job_response(call, job, await call.service.look(job))


async def cancel(call: Call) -> Response:
    """Cancel a job, if the upstream supports it."""
    cancelled = await call.service.cancel(call.job())
    return JSONResponse({"id": call.id, "object": "job.deleted", "deleted": cancelled})


async def task(call: Call) -> Response:
    """Return a job in zimage.run's format."""
    job = call.job()
    return JSONResponse(jobs.task_object(call, job, await call.service.look(job)))


_task = Operation(task, gives={200: "answers.ZimageAnswer"}, fails=LOOKS)

app = create_app(
    [
        Endpoint(
            "/v1/jobs/{id}",
            GET=Operation(show, gives={200: "answers.JobObject"}, fails=LOOKS, sends=PENDING),
            DELETE=Operation(cancel, gives={200: "answers.JobDeleted"}, fails=CANCELS),
        ),
        Endpoint("/v1/tasks/{id}", Access.ID, GET=_task),
        Endpoint("/api/v1/tasks/{id}", Access.ID, GET=_task),
    ]
)
handler = lambda_handler(app)
