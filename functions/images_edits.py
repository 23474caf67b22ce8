"""POST /v1/images/edits creates images from images; /v1/images/variations refers clients to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from shared.api import Context, Endpoint, Operation, create_app, nested_detail
from shared.api.json_response import Accepted, JsonStream
from shared.api.requests.image_edits import ImageEdit, no_variations, read_edit
from shared.api.responses import images
from shared.api.routing import PREFERENCES, REFUSES, STARTED, STARTS, reads
from shared.api.streaming import EventStream
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import Images, JobObject


@reads(read_edit)
async def edit(context: Context, body: ImageEdit) -> JsonStream[Images] | Accepted[JobObject] | EventStream:
    """Create images from input images and a prompt."""
    return await images.images_response(context, body)


async def vary(context: Context) -> NoReturn:
    """Return 400; use edits with a prompt instead."""
    raise no_variations()


# Clients of the Imagen API choose an engine by these prefixes; Easel has only one.
ENGINES = ("/http", "/playwright")

app = create_app(
    [
        Endpoint(
            "/v1/images/edits",
            POST=Operation(edit, PREFERENCES, form_files=("image[]", "mask"), fails=STARTS, sends=STARTED),
            beside=nested_detail,
            under=ENGINES,
        ),
        Endpoint("/v1/images/variations", POST=Operation(vary, fails=REFUSES), beside=nested_detail),
    ]
)
handler = lambda_handler(app)
