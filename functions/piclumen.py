"""POST /generate-image and /check-image: PicLumen for its own clients, with their own tokens or the operator's."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Context, Endpoint, Operation, create_app, plain_detail
from shared.api.responses import piclumen
from shared.api.routing import LOOKS, STARTED, STARTS
from shared.hosts.lambda_entry import lambda_handler


async def generate(context: Context) -> Response:
    """Submit an image to PicLumen, in the format of PicLumen proxies."""
    return await piclumen.started(context)


async def check(context: Context) -> Response:
    """Return a PicLumen image's status, in the same format."""
    return await piclumen.checked(context)


app = create_app(
    [
        Endpoint(
            "/generate-image",
            Access.CREDENTIAL,
            beside=plain_detail,
            POST=Operation(
                generate,
                takes="requests.piclumen.GenerateImage",
                query="openapi.parameters.TokenQuery",
                headers="openapi.parameters.TokenHeader",
                gives={200: "responses.types.PiclumenStarted"},
                fails=STARTS,
                sends=STARTED,
            ),
        ),
        Endpoint(
            "/check-image",
            Access.CREDENTIAL,
            beside=plain_detail,
            POST=Operation(
                check,
                query="openapi.parameters.MarkQuery",
                headers="openapi.parameters.TokenHeader",
                gives={200: "responses.types.PiclumenState"},
                fails=LOOKS,
            ),
        ),
    ]
)
handler = lambda_handler(app)
