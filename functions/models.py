"""GET /v1/models lists what the configured providers offer; /v1/models/{id} is one of them."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from shared.api import Context, Endpoint, Operation, create_app
from shared.api.responses import models
from shared.hosts.lambda_entry import lambda_handler


async def index(context: Context) -> Response:
    """List the models and what each can do."""
    return JSONResponse(await models.model_list(context))


async def show(context: Context) -> Response:
    """Return one model."""
    return JSONResponse(await models.one_model(context, context.id))


app = create_app(
    [
        Endpoint("/v1/models", GET=Operation(index, gives={200: "responses.types.ModelList"})),
        Endpoint("/v1/models/{id:path}", GET=Operation(show, gives={200: "responses.types.ModelObject"})),
    ]
)
handler = lambda_handler(app)
