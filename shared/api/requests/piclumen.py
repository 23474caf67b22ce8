"""The request body of PicLumen's own clients as a pydantic model."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.api.requests.images import Body
from shared.models import MAX_N, Model, Size
from shared.requests import ImageRequest


def _sendable(value: dict[str, Any]) -> dict[str, Any]:
    json.dumps(value, allow_nan=False)
    return value


Number: TypeAlias = int | float
Settings: TypeAlias = Annotated[dict[str, Any], AfterValidator(_sendable)]
Setting = Annotated[str, Field(max_length=100)]


class Resolution(BaseModel):
    """Width, height and batch size; either all three or none."""

    width: int = Field(ge=1, le=8192)
    height: int = Field(ge=1, le=8192)
    batch_size: int = Field(ge=1, le=MAX_N)


class GenerateImage(Body):
    """The body of POST /generate-image, with its historical defaults, including the constant seed."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False, protected_namespaces=())

    prompt: str = Field(max_length=32_000)
    highPixels: bool = False
    model_id: str = Field(default="23887bba-507e-4249-a0e3-6951e4027f2b", min_length=1, max_length=100)
    negative_prompt: str = ""
    resolution: Resolution = Resolution(width=1344, height=768, batch_size=1)
    model_ability: Settings = {}
    seed: int = Field(default=9896923949, ge=-1, lt=1 << 63)
    steps: int = Field(default=6, ge=0, le=1000)
    cfg: Number = 1
    sampler_name: Setting | None = "euler"
    scheduler: Setting | None = "normal"
    ponyTags: Settings = {}
    denoise: Number = 1
    hires_fix_denoise: Number = 0.5
    hires_scale: Number = 2
    multi_img2img_info: Settings = {"style_list": []}
    img_control_info: Settings = {"style_list": []}
    continueCreate: bool = False

    def to_request(self) -> ImageRequest:
        size, n = Size(self.resolution.width, self.resolution.height), self.resolution.batch_size
        model = Model(self.model_id, upstream=self.model_id, batch=n)
        return ImageRequest(model, self.prompt, size, n, verbatim=self.model_dump(include=set(type(self).model_fields)))
