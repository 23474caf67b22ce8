"""POST /generate-image and /check-image: PicLumen for its own clients, with their own tokens or the operator's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api import Access, Context, Endpoint, Operation, create_app, plain_detail
from shared.api.json_response import Json
from shared.api.responses import piclumen
from shared.api.routing import LOOKS, STARTED, STARTS, reads
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.requests.piclumen import GenerateImage
    from shared.api.responses.piclumen_types import PiclumenStarted, PiclumenState


@reads(piclumen.read)
async def generate(context: Context, body: GenerateImage) -> Json[PiclumenStarted]:
    """Submit an image to PicLumen, in the format of PicLumen proxies."""
    return await piclumen.started(context, body)


async def check(context: Context) -> Json[PiclumenState]:
    """Return a PicLumen image's status, in the same format."""
    return await piclumen.checked(context)


app = create_app(
    [
        Endpoint(
            "/generate-image",
            Access.CREDENTIAL,
            POST=Operation(generate, piclumen.TOKEN_PARAMETERS, fails=STARTS, sends=STARTED),
            beside=plain_detail,
        ),
        Endpoint(
            "/check-image",
            Access.CREDENTIAL,
            POST=Operation(check, ("mark_id", *piclumen.TOKEN_PARAMETERS), fails=LOOKS),
            beside=plain_detail,
        ),
    ]
)
handler = lambda_handler(app)
