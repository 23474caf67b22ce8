"""POST /v1/images/generations makes pictures: it waits for them, streams events, or hands out a job."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Call, Endpoint, Operation, create_app, images, nested_detail
from shared.api.operation import IGNORED, STARTS, STREAM
from shared.api.wire import ImageGenerate
from shared.hosts.lambda_entry import lambda_handler

LARGEST_BODY = 4 << 20


async def generate(call: Call) -> Response:
    """Create images from a prompt."""
    return await images.answer(call, await call.parse(ImageGenerate, LARGEST_BODY))


# Clients of the Imagen API choose its engine by these, of which there is only one here.
ENGINES = ("/http", "/playwright")

app = create_app(
    [
        Endpoint(
            "/v1/images/generations",
            POST=Operation(
                generate,
                takes="wire.ImageGenerate",
                headers="parameters.Preferring",
                gives={200: ("answers.Images", STREAM), 202: "answers.JobObject"},
                fails=STARTS,
                sends=IGNORED,
            ),
            beside=nested_detail,
            under=ENGINES,
        )
    ]
)
handler = lambda_handler(app)
