"""POST /generate-image and /check-image: PicLumen for its own clients, with their own tokens or the operator's."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Call, Endpoint, Operation, create_app, piclumen, plain_detail
from shared.api.operation import IGNORED, LOOKS, STARTS
from shared.hosts.lambda_entry import lambda_handler

LARGEST_BODY = 1 << 20


async def generate(call: Call) -> Response:
    """Submit an image to PicLumen, in the format of PicLumen proxies."""
    return await piclumen.started(call, LARGEST_BODY)


async def check(call: Call) -> Response:
    """Return a PicLumen image's status, in the same format."""
    return await piclumen.checked(call)


app = create_app(
    [
        Endpoint(
            "/generate-image",
            Access.CREDENTIAL,
            beside=plain_detail,
            POST=Operation(
                generate,
                takes="piclumen_wire.GenerateImage",
                query="parameters.TokenQuery",
                headers="parameters.TokenHeader",
                gives={200: "answers.PiclumenStarted"},
                fails=STARTS,
                sends=IGNORED,
            ),
        ),
        Endpoint(
            "/check-image",
            Access.CREDENTIAL,
            beside=plain_detail,
            POST=Operation(
                check,
                query="parameters.MarkQuery",
                headers="parameters.TokenHeader",
                gives={200: "answers.PiclumenState"},
                fails=LOOKS,
            ),
        ),
    ]
)
handler = lambda_handler(app)
