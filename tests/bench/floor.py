"""The floor of a cold start: a function with one route that imports what any gateway of this kind imports."""

from __future__ import annotations

import httpx
import itsdangerous
import python_multipart
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

IMPORTED = (httpx, itsdangerous, python_multipart)


class Model(BaseModel):
    id: str
    owned_by: str = "nobody"


async def models(request: Request) -> Response:
    return JSONResponse({"object": "list", "data": [Model(id="floor").model_dump()]})


app = Starlette(routes=[Route("/v1/models", models)])
