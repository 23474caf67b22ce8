"""GET and HEAD /images/{id}.{extension}: a picture's bytes. /images?id={job} and /v1/images/{job} wait for them first.

The last one answers in JSON and stands here because some hosts cannot tell its path from a file's.
"""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Context, Endpoint, Operation, create_app
from shared.api.responses import files, jobs
from shared.api.routing import PICTURES, VIDEOS, WAITS, fetching
from shared.hosts.lambda_entry import lambda_handler


async def file(context: Context) -> Response:
    """Return the image or video, or a byte range of it."""
    return await files.file_response(context, context.service.ids.file(context.id))


async def file_of_job(context: Context) -> Response:
    """Wait up to 20 seconds for one image of a job (`?id={job}&index=0`) and return the file."""
    return await files.job_file_response(context)


async def links_of_job(context: Context) -> Response:
    """Wait for a job's images and return their links, in zimage.run's format."""
    return await jobs.images_of_job(context, context.job())


_file_of_job = fetching(file_of_job, *PICTURES, *VIDEOS)._replace(query="openapi.parameters.JobFile")
_links = Operation(
    links_of_job, gives={200: "responses.types.ZimageDone", 408: "responses.types.ErrorAnswer"}, fails=WAITS
)

app = create_app(
    [
        Endpoint("/images/{id}.{extension}", Access.ANYONE, GET=fetching(file, *PICTURES, *VIDEOS)),
        Endpoint("/images", Access.ID, GET=_file_of_job),
        Endpoint("/v1/images/{id}", Access.ID, GET=_links),
        Endpoint("/api/v1/images/{id}", Access.ID, GET=_links),
    ]
)
handler = lambda_handler(app)
