"""POST /v1/images/edits makes pictures from pictures; /v1/images/variations says that edits do so, with a prompt."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Context, Endpoint, Operation, create_app, nested_detail
from shared.api.requests.image_edits import no_variations, read_edit
from shared.api.responses import images
from shared.api.routing import STARTED, STARTS, STREAM
from shared.hosts.lambda_entry import lambda_handler


async def edit(context: Context) -> Response:
    """Create images from input images and a prompt."""
    return await images.images_response(context, await read_edit(context))


async def vary(context: Context) -> Response:
    """Return 400; use edits with a prompt instead."""
    raise no_variations()


# Clients of the Imagen API choose its engine by these, of which there is only one here.
ENGINES = ("/http", "/playwright")

app = create_app(
    [
        Endpoint(
            "/v1/images/edits",
            POST=Operation(
                edit,
                takes="requests.image_edits.ImageEdit",
                files=("image[]", "mask"),
                headers="openapi.parameters.Preferring",
                gives={200: ("responses.types.Images", STREAM), 202: "responses.types.JobObject"},
                fails=STARTS,
                sends=STARTED,
            ),
            beside=nested_detail,
            under=ENGINES,
        ),
        Endpoint(
            "/v1/images/variations",
            POST=Operation(vary, gives={400: "responses.types.ErrorAnswer"}),
            beside=nested_detail,
        ),
    ]
)
handler = lambda_handler(app)
