"""GET /v1/models lists the models of all configured providers; GET /v1/models/{id} returns one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.api import Context, Endpoint, Operation, create_app
from shared.api.json_response import Json
from shared.api.responses import models
from shared.hosts.lambda_entry import lambda_handler

if TYPE_CHECKING:
    from shared.api.responses.types import ModelList, ModelObject


async def index(context: Context) -> Json[ModelList]:
    """List the models and what each can do."""
    return Json(await models.model_list(context))


async def show(context: Context) -> Json[ModelObject]:
    """Return one model."""
    return Json(await models.one_model(context, context.id))


app = create_app(
    [
        Endpoint("/v1/models", GET=Operation(index)),
        Endpoint("/v1/models/{id:path}", GET=Operation(show)),
    ]
)
handler = lambda_handler(app)
