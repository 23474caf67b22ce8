"""POST /generate-image and /check-image: PicLumen for its own clients, with their own tokens or the operator's."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Call, Endpoint, create_app, piclumen, plain_detail
from shared.hosts.lambda_entry import lambda_handler

LARGEST_BODY = 1 << 20


async def generate(call: Call) -> Response:
    return await piclumen.started(call, LARGEST_BODY)


async def check(call: Call) -> Response:
    return await piclumen.checked(call)


app = create_app(
    [
        Endpoint("/generate-image", Access.CREDENTIAL, beside=plain_detail, POST=generate),
        Endpoint("/check-image", Access.CREDENTIAL, beside=plain_detail, POST=check),
    ]
)
handler = lambda_handler(app)
