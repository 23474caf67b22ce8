"""Z-Image's envelope, and the bodies that it accepts."""

import base64
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.emulators.base import Refused

Json = dict[str, Any]
Body = TypeVar("Body", bound=BaseModel)

ModelType = Literal[
    "turbo",
    "base",
    "ernie-image-turbo",
    "flux2-klein-9b",
    "qwen-image",
    "beyond-reality",
    "redcraft",
    "dark-beast",
]


def _is_data_url(text: str) -> str:
    head, _, payload = text.partition(",")
    if not re.fullmatch(r"data:image/[a-z]+;base64", head):
        raise ValueError("not a data URL of an image")
    base64.b64decode(payload, validate=True)
    return text


Side = Annotated[int, Field(ge=64, le=2048)]
DataUrl = Annotated[str, AfterValidator(_is_data_url)]


class Order(BaseModel):
    """The body of a generate request. The last three fields are sent by old clients only, and never read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)

    prompt: str = Field(min_length=1)
    width: Side = 512
    height: Side = 512
    model_type: ModelType = "turbo"
    batch_size: int = Field(default=1, ge=1, le=4)
    seed: str | None = Field(default=None, pattern="^[0-9]+$")
    source_images: list[DataUrl] | None = Field(default=None, min_length=1)
    prompt_moderation_token: str | None = None
    negative_prompt: str | None = Field(default=None, alias="negative_prompt")
    steps: int | None = None
    cfg_scale: int | None = Field(default=None, alias="cfg_scale")

    @model_validator(mode="before")
    @classmethod
    def _read_old_names(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        old = {"batch_size": "batchSize", "model": "modelType"}
        return {old.get(name, name): value for name, value in body.items() if old.get(name) not in body}


class ModerationCheck(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    prompt: str = Field(min_length=1)
    route_key: Literal["text_to_image"]
    target_type: Literal["text_to_image"]


class Verification(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    token: str = Field(min_length=1)


def success(data: Json) -> Response:
    return JSONResponse({"success": True, "data": data})


def refused(status: int, error: str) -> Refused:
    return Refused(JSONResponse({"success": False, "error": error}, status))


async def parse(request: Request, model: type[Body]) -> Body:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise refused(400, "Content-Type must be application/json")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as invalid:
        raise refused(400, _complaint(invalid)) from None


def _complaint(invalid: ValidationError) -> str:
    errors = {".".join(map(str, error["loc"])): error["msg"] for error in invalid.errors()}
    if "prompt" in errors:
        return "Prompt is required and must be a string"
    return "; ".join(f"{place}: {message}" for place, message in errors.items())
