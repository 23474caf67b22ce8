"""POST /v1/images/edits makes pictures from pictures; /v1/images/variations says that edits do so, with a prompt."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Call, Endpoint, Operation, create_app, images, nested_detail
from shared.api.edits import no_variations, read_edit
from shared.api.operation import IGNORED, STARTS, STREAM
from shared.hosts.lambda_entry import lambda_handler


async def edit(call: Call) -> Response:
    """Create images from input images and a prompt."""
    return await images.answer(call, await read_edit(call))


async def vary(call: Call) -> Response:
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
                takes="edits.ImageEdit",
                files=("image[]", "mask"),
                headers="parameters.Preferring",
                gives={200: ("answers.Images", STREAM), 202: "answers.JobObject"},
                fails=STARTS,
                sends=IGNORED,
            ),
            beside=nested_detail,
            under=ENGINES,
        ),
        Endpoint(
            "/v1/images/variations", POST=Operation(vary, gives={400: "answers.ErrorAnswer"}), beside=nested_detail
        ),
    ]
)
handler = lambda_handler(app)
