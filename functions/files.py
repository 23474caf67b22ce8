"""GET and HEAD /images/{id}.{extension}: a picture's bytes. /images?id={job} and /v1/images/{job} wait for them first.

The last one answers in JSON and stands here because some hosts cannot tell its path from a file's.
"""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Call, Endpoint, create_app, files, jobs
from shared.hosts.lambda_entry import lambda_handler


async def file(call: Call) -> Response:
    return await files.file_response(call, call.service.tickets.asset(call.id))


async def file_of_job(call: Call) -> Response:
    return await files.job_file_response(call)


async def links_of_job(call: Call) -> Response:
    return await jobs.images_object(call, call.job())


app = create_app(
    [
        Endpoint("/images/{id}.{extension}", Access.ANYONE, GET=file),
        Endpoint("/images", Access.ID, GET=file_of_job),
        Endpoint("/v1/images/{id}", Access.ID, GET=links_of_job),
        Endpoint("/api/v1/images/{id}", Access.ID, GET=links_of_job),
    ]
)
handler = lambda_handler(app)
