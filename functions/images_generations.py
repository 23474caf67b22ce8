"""POST /v1/images/generations makes pictures: it waits for them, streams events, or hands out a job."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Context, Endpoint, Operation, create_app, nested_detail
from shared.api.bounds import IMAGE
from shared.api.requests.images import ImageGenerate
from shared.api.responses import images
from shared.api.routing import STARTED, STARTS, STREAM
from shared.hosts.lambda_entry import lambda_handler


async def generate(context: Context) -> Response:
    """Create images from a prompt."""
    return await images.images_response(context, await context.parse(ImageGenerate, IMAGE))


# Clients of the Imagen API choose its engine by these, of which there is only one here.
ENGINES = ("/http", "/playwright")

app = create_app(
    [
        Endpoint(
            "/v1/images/generations",
            POST=Operation(
                generate,
                takes="requests.images.ImageGenerate",
                headers="openapi.parameters.Preferring",
                gives={200: ("responses.types.Images", STREAM), 202: "responses.types.JobObject"},
                fails=STARTS,
                sends=STARTED,
            ),
            beside=nested_detail,
            under=ENGINES,
        )
    ]
)
handler = lambda_handler(app)
