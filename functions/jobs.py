"""GET /v1/jobs/{id} looks at a job and DELETE stops it; /v1/tasks/{id} tells it in zimage.run's words."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Access, Call, Endpoint, create_app, jobs
from shared.hosts.lambda_entry import lambda_handler


async def show(call: Call) -> Response:
    job = call.job()
    return jobs.job_response(call, job, await call.service.look(job))


async def cancel(call: Call) -> Response:
    cancelled = await call.service.cancel(call.job())
    return JSONResponse({"id": call.id, "object": "job.deleted", "deleted": cancelled})


async def task(call: Call) -> Response:
    job = call.job()
    return JSONResponse(jobs.task_object(call, job, await call.service.look(job)))


app = create_app(
    [
        Endpoint("/v1/jobs/{id}", GET=show, DELETE=cancel),
        Endpoint("/v1/tasks/{id}", Access.ID, GET=task),
        Endpoint("/api/v1/tasks/{id}", Access.ID, GET=task),
    ]
)
handler = lambda_handler(app)
