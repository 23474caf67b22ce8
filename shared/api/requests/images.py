"""Pydantic models of image requests: `null` counts as absent, and unknown fields are collected."""

from __future__ import annotations

from operator import eq
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.api.bounds import MODEL_NAME
from shared.api.openapi.json_schema import RATIO, SEED, SHARPNESS, SIZE, TEXT, or_null
from shared.api.requests.image_fields import refuse_images
from shared.api.requests.image_size import (
    fit,
    is_ratio,
    parse_size,
    same_extent,
    same_shape,
    side_of,
    size_of_ratio,
    within,
)
from shared.models import MAX_N, Model, Size
from shared.requests import ImageRequest

MAX_PROMPT = 32_000
LONGEST_DELAY = 86_400.0
_KNOBS = ("negative_prompt", "seed", "delay")
_OTHER_SIZES = ("width", "height", "aspect_ratio", "resolution")
_MET = {"aspect_ratio": same_shape, "resolution": same_extent}
"""Per field, how to compare a size with the requested one; the other fields require equality."""


def _text(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError("Input should not be empty")
    return value


class Body(BaseModel):
    """A body in which `true` is not a number."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_flags(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and info.field_name:
            annotation = cls.model_fields[info.field_name].annotation
            if {int, float} & {annotation, *get_args(annotation)}:
                raise ValueError("Input should be a number")
        return value


class Wire(Body):
    """A body in which `null` counts as absent; its schema allows it."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        inner = handler.resolve_ref_schema(schema)
        needed = inner.get("required", ())
        inner["properties"] = {
            name: member if name in needed else or_null(member) for name, member in inner["properties"].items()
        }
        return schema


class Generate(Wire):
    """Common fields of generation requests. `images_belong` is the error text that says where input images belong."""

    images_belong: ClassVar[str]
    takes_inputs: ClassVar[bool] = False
    event: ClassVar[str] = "image_generation"

    prompt: Annotated[str, Field(max_length=MAX_PROMPT, json_schema_extra=TEXT), BeforeValidator(_text)]
    model: str | None = Field(default=None, max_length=MODEL_NAME)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError("The body has to be a JSON object.")
        # Some clients send -1 for a random seed.
        theirs = ("-1", "-1.0")
        given = {
            name: value
            for name, value in data.items()
            if value is not None and not (name == "seed" and str(value) in theirs)
        }
        if "aspectRatio" in given:
            given = {"aspect_ratio": given.pop("aspectRatio"), **given}
        if isinstance(size := given.get("size"), str):
            if side_of(size):
                given |= {"resolution": given.pop("size")}
            elif is_ratio(size):
                given = {"aspect_ratio": given.pop("size"), **given}
        return given


class ImageGenerate(Generate):
    """The body of POST /v1/images/generations. `delay` is the simulated queue of `sketch`, in seconds."""

    images_belong: ClassVar[str] = "this URL takes text alone; send images to /v1/images/edits."

    n: int = Field(default=1, ge=1, le=MAX_N)
    size: str | None = Field(default=None, json_schema_extra=SIZE)
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    aspect_ratio: str | None = Field(default=None, json_schema_extra=RATIO)
    resolution: str | None = Field(default=None, json_schema_extra=SHARPNESS)
    response_format: Literal["url", "b64_json"] | None = None
    stream: bool = False
    partial_images: int = Field(default=0, ge=0, le=3)
    negative_prompt: str | None = Field(default=None, max_length=MAX_PROMPT)
    seed: int | None = Field(default=None, ge=0, lt=1 << 63, json_schema_extra=SEED)
    delay: float | None = Field(default=None, ge=0, le=LONGEST_DELAY, allow_inf_nan=False)

    def to_request(self, model: Model) -> tuple[ImageRequest, list[str]]:
        """Return the request for this model, and the names of ignored parameters."""
        refuse_images(self.model_extra or {}, self.images_belong)
        wanted, words = self._wanted_size(model)
        size = model.default_size
        if wanted:
            size = fit(within(wanted, model) if "resolution" in words else wanted, model)
        given = {name: getattr(self, name) for name in _KNOBS if name in self.model_fields_set}
        honoured = {name: value for name, value in given.items() if name in model.knobs}
        ignored = {*(self.model_extra or {}), *given} - honoured.keys()
        ignored |= {name for name in _OTHER_SIZES if getattr(self, name)} - words
        if wanted:
            ignored |= {word for word in words if not _MET.get(word, eq)(size, wanted)}
        if self.partial_images:
            ignored.add("partial_images")
        request = ImageRequest(model, self.prompt, size, self.n, **honoured, size_requested=wanted is not None)
        return request, sorted(ignored)

    def _wanted_size(self, model: Model) -> tuple[Size | None, set[str]]:
        """Return the requested size, and the names of the fields that specify it."""
        if self.size is not None and (size := parse_size(self.size)):
            return size, {"size"}
        if self.width and self.height:
            return Size(self.width, self.height), {"width", "height"}
        side = side_of(self.resolution)
        if self.aspect_ratio:
            words = {"aspect_ratio", "resolution"} if side else {"aspect_ratio"}
            return size_of_ratio(self.aspect_ratio, model, side), words
        if side and not self.takes_inputs:  # an edit keeps the ratio of its image
            return size_of_ratio(None, model, side), {"resolution"}
        return None, set()
