"""POST /v1/images/generations creates images from a prompt, and returns them, a stream of events, or a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api import Context, Endpoint, Operation, create_app, nested_detail
from shared.api.bounds import IMAGE
from shared.api.json_response import Accepted, JsonStream
from shared.api.requests.images import ImageGenerate
from shared.api.responses import images
from shared.api.routing import PREFERENCES, STARTED, STARTS, reads
from shared.api.streaming import EventStream
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import Images, JobObject


async def read(context: Context) -> ImageGenerate:
    return await context.parse(ImageGenerate, IMAGE)


@reads(read)
async def generate(context: Context, body: ImageGenerate) -> JsonStream[Images] | Accepted[JobObject] | EventStream:
    """Create images from a prompt."""
    return await images.images_response(context, body)


# Clients of the Imagen API choose an engine by these prefixes; Easel has only one.
ENGINES = ("/http", "/playwright")

app = create_app(
    [
        Endpoint(
            "/v1/images/generations",
            POST=Operation(generate, PREFERENCES, fails=STARTS, sends=STARTED),
            beside=nested_detail,
            under=ENGINES,
        )
    ]
)
handler = lambda_handler(app)
