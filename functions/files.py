"""GET and HEAD /images/{id}.{extension}: a picture's bytes. /images?id={job} and /v1/images/{job} wait for them first.

The last one answers in JSON and stands here because some hosts cannot tell its path from a file's.
"""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Call, Endpoint, Operation, create_app, files, jobs
from shared.api.operation import PICTURES, VIDEOS, WAITS, fetching
from shared.hosts.lambda_entry import lambda_handler


async def file(call: Call) -> Response:
    """Return the image or video, or a byte range of it."""
    return await files.file_response(call, call.service.tickets.asset(call.id))


async def file_of_job(call: Call) -> Response:
    """Wait up to 20 seconds for one image of a job (`?id={job}&index=0`) and return the file."""
    return await files.job_file_response(call)


async def links_of_job(call: Call) -> Response:
    """Wait for a job's images and return their links, in zimage.run's format."""
    return await jobs.images_object(call, call.job())


_file_of_job = fetching(file_of_job, *PICTURES, *VIDEOS)._replace(query="parameters.JobFile")
_links = Operation(links_of_job, gives={200: "answers.ZimageDone", 408: "answers.ErrorAnswer"}, fails=WAITS)

app = create_app(
    [
        Endpoint("/images/{id}.{extension}", Access.ANYONE, GET=fetching(file, *PICTURES, *VIDEOS)),
        Endpoint("/images", Access.ID, GET=_file_of_job),
        Endpoint("/v1/images/{id}", Access.ID, GET=_links),
        Endpoint("/api/v1/images/{id}", Access.ID, GET=_links),
    ]
)
handler = lambda_handler(app)
