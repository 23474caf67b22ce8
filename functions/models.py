"""GET /v1/models lists what the configured providers offer; /v1/models/{id} is one of them."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Call, Endpoint, Operation, create_app, listing
from shared.hosts.lambda_entry import lambda_handler


async def index(call: Call) -> Response:
    """List the models and what each can do."""
    return JSONResponse(await listing.model_list(call))


async def show(call: Call) -> Response:
    """Return one model."""
    return JSONResponse(await listing.one_model(call, call.id))


app = create_app(
    [
        Endpoint("/v1/models", GET=Operation(index, gives={200: "answers.ModelList"})),
        Endpoint("/v1/models/{id:path}", GET=Operation(show, gives={200: "answers.ModelObject"})),
    ]
)
handler = lambda_handler(app)
