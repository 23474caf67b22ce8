"""PicLumen's envelope, its models, and the body that it accepts."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.emulators.base import Refused

Json = dict[str, Any]

FAST = "23887bba-507e-4249-a0e3-6951e4027f2b"
REALISTIC = "34ec1b5a-8962-4a93-b047-68cec9691dc2"
ALWAYS_FOUR = "tmjv7-a1b2c3d4-e5f6-4789-0abc-def123456789"
LISTED_ALONE = "5f4f2a3b-8a6c-4d0e-9b1f-2c7d5e8a9b10"
"""A model that the list names and nobody has built in."""

Side = Annotated[int, Field(ge=64, le=2048)]
Number = Annotated[float, Field(ge=0, le=100)]


class Resolution(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    width: Side
    height: Side
    batch_size: int = Field(ge=1, le=4)


class References(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    style_list: list[Json]


class Order(BaseModel):
    """The body of a create request."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())

    model_id: Literal[
        "23887bba-507e-4249-a0e3-6951e4027f2b",
        "34ec1b5a-8962-4a93-b047-68cec9691dc2",
        "tmjv7-a1b2c3d4-e5f6-4789-0abc-def123456789",
        "5f4f2a3b-8a6c-4d0e-9b1f-2c7d5e8a9b10",
    ]
    prompt: str
    negative_prompt: str
    resolution: Resolution
    seed: int = Field(ge=-1)
    steps: int = Field(ge=0, le=100)
    cfg: Number
    sampler_name: Literal["euler", "dpmpp_2m_sde_gpu"] | None
    scheduler: Literal["normal", "karras"] | None
    denoise: Number = 1
    hires_fix_denoise: Number = 0.5
    hires_scale: Number = 2
    highPixels: bool = False
    model_ability: Json = {}
    ponyTags: Json = {}
    multi_img2img_info: References = References(style_list=[])
    img_control_info: References = References(style_list=[])
    continueCreate: bool = False

    @model_validator(mode="after")
    def _within_the_models_limits(self) -> Self:
        if self.model_id == FAST and self.resolution.batch_size > 2:
            raise ValueError("this model makes two pictures at most")
        return self

    @property
    def pictures(self) -> int:
        return 4 if self.model_id == ALWAYS_FOUR else self.resolution.batch_size


def _listed(model_id: str, name: str, order: int, **config: Any) -> Json:
    defaults = {
        "width": 1024,
        "height": 1024,
        "seed": -1,
        "steps": 25,
        "cfg": 4.5,
        "samplerName": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "denoise": 1,
        "positivePrompt": "",
        "negativePrompt": "NSFW, watermark",
        "hiresFixDenoise": 0.5,
        "hiresScale": 2,
        "modelAbility": {},
    }
    return {
        "modelId": model_id,
        "modelDisplay": name,
        "modelType": "image",
        "modelDesc": "",
        "modelOrder": order,
        "modelAvatar": "",
        "defaultHdFixDenoise": 0.5,
        "defaultConfig": defaults | config,
        "supportStyleList": [],
    }


MODELS = [
    _listed(REALISTIC, "PicLumen Realistic V2", 1),
    _listed(LISTED_ALONE, "PicLumen Lineart V1", 2, width=832, height=1216, steps=30, modelAbility={"a": None}),
]


def success(data: Any) -> Response:
    return JSONResponse({"status": 0, "message": "success", "data": data})


def refused(message: str, status: int = 1001, http_status: int = 200) -> Refused:
    return Refused(JSONResponse({"status": status, "message": message, "data": None}, http_status))


async def parse(request: Request) -> Order:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise refused("Content type not supported", http_status=415)
    try:
        return Order.model_validate_json(await request.body())
    except ValidationError as invalid:
        [first, *_] = invalid.errors()
        raise refused(f"Parameter {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
