"""Ark's bodies, as strict as the service: null counts as absent, anything unheard of is refused by name."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.emulators.base import Refused

Json = dict[str, Any]
Body = TypeVar("Body", bound=BaseModel)

Status = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired"]


def _is_picture_address(text: str) -> str:
    if re.fullmatch(r"https?://\S+|asset://\S+", text):
        return text
    head, _, payload = text.partition(",")
    if not re.fullmatch(r"data:image/(jpeg|png|webp|bmp|tiff|gif);base64", head):
        raise ValueError("not an address, nor a data URL of an image")
    base64.b64decode(payload, validate=True)
    return text


def _is_web_address(text: str) -> str:
    if not re.fullmatch(r"https?://\S+", text):
        raise ValueError("not a web address")
    return text


PictureAddress = Annotated[str, AfterValidator(_is_picture_address)]
WebAddress = Annotated[str, AfterValidator(_is_web_address)]
Seed = Annotated[int, Field(ge=-1, le=4294967295)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, body: Any) -> Any:
        """The service's own client sends null for whatever is not set."""
        return {name: value for name, value in body.items() if value is not None} if isinstance(body, dict) else body


class PictureLink(Strict):
    url: PictureAddress


class WebLink(Strict):
    url: WebAddress


class Text(Strict):
    type: Literal["text"]
    text: str = Field(min_length=1)


class Picture(Strict):
    type: Literal["image_url"]
    image_url: PictureLink
    role: Literal["first_frame", "last_frame", "reference_image"] | None = None


class Video(Strict):
    type: Literal["video_url"]
    video_url: WebLink
    role: Literal["reference_video"]


class VideoOrder(Strict):
    """The body of a task."""

    model: str
    content: list[Annotated[Text | Picture | Video, Field(discriminator="type")]] = Field(min_length=1)
    callback_url: WebAddress | None = None
    return_last_frame: bool = False
    service_tier: Literal["default", "flex"] = "default"
    execution_expires_after: int = Field(default=172800, ge=3600, le=259200)
    priority: int = Field(default=0, ge=0, le=9)
    draft: bool = False
    generate_audio: bool | None = None
    camera_fixed: bool | None = None
    watermark: bool = False
    seed: Seed = -1
    resolution: Literal["480p", "720p", "1080p", "4k"] = "720p"
    ratio: Literal["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"] | None = None
    duration: int = 5

    @property
    def prompt(self) -> str:
        return " ".join(item.text for item in self.content if isinstance(item, Text))

    @property
    def roles(self) -> list[str | None]:
        return [item.role for item in self.content if isinstance(item, Picture)]

    @property
    def videos(self) -> int:
        return sum(isinstance(item, Video) for item in self.content)


class PictureOrder(Strict):
    """The body of a picture. Ark draws a watermark unless it is told not to."""

    model: str
    prompt: str = Field(min_length=1)
    image: PictureAddress | Annotated[list[PictureAddress], Field(min_length=1, max_length=14)] = Field(default=[])
    size: str = Field(default="2048x2048", pattern=r"^([124]K|\d{3,4}x\d{3,4})$")
    response_format: Literal["url", "b64_json"] = "url"
    stream: bool = False
    watermark: bool = True
    seed: Seed = -1
    optimize_prompt_options: dict[Literal["mode", "thinking"], str] = {}

    @property
    def sides(self) -> tuple[int, int]:
        if self.size.endswith("K"):
            return int(self.size[0]) * 1024, int(self.size[0]) * 1024
        width, height = map(int, self.size.split("x"))
        return width, height


def refused(status: int, code: str, message: str, param: str = "", kind: str = "BadRequest") -> Refused:
    body = {"error": {"code": code, "message": f"{message} Request id: 0217", "param": param, "type": kind}}
    return Refused(JSONResponse(body, status))


def invalid(param: str, why: str) -> Refused:
    message = f"The parameter `{param}` specified in the request is not valid: {why}."
    return refused(400, "InvalidParameter", message, param)


async def parse(request: Request, model: type[Body]) -> Body:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise refused(400, "InvalidParameter", "The request body is not JSON.")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        code = "MissingParameter" if first["type"] == "missing" else "InvalidParameter"
        message = f"The parameter `{place}` specified in the request is not valid: {first['msg']}."
        raise refused(400, code, message, place) from None
