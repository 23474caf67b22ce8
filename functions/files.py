"""GET and HEAD /images/{id}.{extension} return an image; /images?id={job} and /v1/images/{job} wait for it first.

The last one responds with JSON and is in this file because some hosts cannot tell its path from a file's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api import Access, Context, Endpoint, Operation, create_app
from shared.api.errors import ErrorResponse, StillRunning
from shared.api.json_response import Json
from shared.api.responses import files, jobs
from shared.api.routing import IMAGES, VIDEOS, WAITS, fetching
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import ZimageDone


async def file(context: Context) -> files.FileResponse:
    """Return the image or video, or a byte range of it."""
    return await files.file_response(context, context.service.ids.file(context.id))


async def file_of_job(context: Context) -> files.FileResponse:
    """Wait up to 20 seconds for one image of a job (`?id={job}&index=0`) and return the file."""
    return await files.job_file_response(context)


async def links_of_job(context: Context) -> Json[ZimageDone] | StillRunning | ErrorResponse:
    """Wait for a job's images and return their links, in zimage.run's format."""
    return await jobs.images_of_job(context, context.job())


_file = fetching(file, *IMAGES, *VIDEOS)
_file_of_job = _file._replace(handler=file_of_job, parameters=("id", "index", *_file.parameters))
_links = Operation(links_of_job, fails=WAITS)

app = create_app(
    [
        Endpoint("/images/{id}.{extension}", Access.ANYONE, GET=_file),
        Endpoint("/images", Access.ID, GET=_file_of_job),
        Endpoint("/v1/images/{id}", Access.ID, GET=_links),
        Endpoint("/api/v1/images/{id}", Access.ID, GET=_links),
    ]
)
handler = lambda_handler(app)
