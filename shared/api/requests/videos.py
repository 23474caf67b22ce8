"""The body of video requests: OpenAI's fields, and those of both versions of the Imagen API."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, GetJsonSchemaHandler, PrivateAttr, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared.api.bounds import ADDRESS, VIDEO
from shared.api.context import Context
from shared.api.openapi.json_schema import FRAMES, PICTURE, RATIO, RESOLUTION, SEED, SIZE, WEB_ADDRESSES
from shared.api.requests.image_fields import refuse_images, video_field
from shared.api.requests.image_size import parse_size
from shared.api.requests.images import Generate
from shared.api.requests.input_images import input_of
from shared.api.requests.multipart import Form
from shared.api.requests.video_size import fit_ratio, fit_resolution, fit_seconds, is_pictures_own, nominal_size
from shared.errors import BadRequest
from shared.http import ImageDownloader
from shared.models import Model
from shared.requests import InputImage, VideoRequest

MOST_PICTURES = 16
LARGEST_SEED = 4294967295

_KNOBS = ("seed", "watermark", "return_last_frame", "generate_audio")
_LISTS = ("images", "reference_videos")
_FRAMES = ("first_frame_image", "input_reference", "last_frame_image")
_LENGTH = ("seconds", "duration")
_SHAPE = ("ratio", "aspect_ratio")
_CAMERA = ("camera_fixed", "camerafixed")
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)

Address = Annotated[str, Field(max_length=ADDRESS)]
Seconds = Annotated[float | None, Field(ge=1, le=3600, allow_inf_nan=False)]


class VideoCreate(Generate):
    """Some fields have two names; if both are given, the first one here applies.

    `images` are references if the model supports them, unless `reference_mode` makes them frames.
    """

    images_belong: ClassVar[str] = "send images as 'first_frame_image', 'last_frame_image' or 'images'."

    n: int = Field(default=1, json_schema_extra={"enum": [1]})
    response_format: Literal["url"] | None = None
    seconds: Seconds = None
    duration: Seconds = None
    size: str | None = Field(default=None, json_schema_extra=SIZE)
    resolution: str | None = Field(default=None, json_schema_extra=RESOLUTION)
    ratio: str | None = Field(default=None, json_schema_extra=RATIO)
    aspect_ratio: str | None = Field(default=None, json_schema_extra=RATIO)
    seed: int | None = Field(default=None, ge=0, le=LARGEST_SEED, json_schema_extra=SEED)
    camera_fixed: bool | None = None
    camerafixed: bool | None = None
    watermark: bool | None = None
    return_last_frame: bool | None = None
    generate_audio: bool | None = None
    reference_mode: Literal["omni", "first_last_frame", "multi_frame", "subject"] = "omni"
    input_reference: Any = Field(default=None, json_schema_extra=PICTURE)
    first_frame_image: Any = Field(default=None, json_schema_extra=PICTURE)
    last_frame_image: Any = Field(default=None, json_schema_extra=PICTURE)
    images: list[Any] = Field(default=[], max_length=MOST_PICTURES, json_schema_extra={"items": PICTURE})
    reference_videos: list[Address] = Field(default=[], max_length=MOST_PICTURES, json_schema_extra=WEB_ADDRESSES)

    _pictures: dict[str, InputImage] = PrivateAttr(default={})
    _images: tuple[InputImage, ...] = PrivateAttr(default=())

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = super().__get_pydantic_json_schema__(core, handler)
        handler.resolve_ref_schema(schema)["allOf"] = FRAMES
        return schema

    @model_validator(mode="before")
    @classmethod
    def _frames(cls, data: Any) -> Any:
        """Rename synonyms of the frames."""
        if not isinstance(data, dict):
            return data
        fields: dict[str, Any] = {}
        for name, value in data.items():
            field = video_field(name)
            if field is None:
                fields[name] = value
            elif field in fields:
                raise BadRequest(f"'{name}': send '{field}' once, under one name.", param=name)
            elif value not in (None, ""):
                fields[field] = value
        return fields

    async def take(self, fetcher: ImageDownloader) -> VideoCreate:
        """Read and check the images, except those given by URL, which are fetched later."""
        given = {name: getattr(self, name) for name in _FRAMES}
        there = {name: picture for name, picture in given.items() if picture not in (None, "")}
        self._pictures = {name: await input_of(picture, fetcher, name) for name, picture in there.items()}
        self._images = tuple([await input_of(picture, fetcher, "images") for picture in self.images])
        self.input_reference = self.first_frame_image = self.last_frame_image = None
        self.images = []  # free the base64 text
        return self

    def to_request(self, model: Model) -> tuple[VideoRequest, list[str]]:
        """Return the request for this model, and the names of ignored parameters."""
        if self.n != 1:
            raise BadRequest("'n': a request makes one video.", code="invalid_n", param="n")
        refuse_images(self.model_extra or {}, self.images_belong)
        pictures = self._roles(model)
        with_pictures = any(pictures.values())
        length, seconds = self._first(*_LENGTH)
        shape, ratio = self._first(*_SHAPE)
        size = parse_size(self.size or "")
        resolution = fit_resolution(size or self.resolution, model)
        fitted = fit_ratio(size or ratio, model, shape, with_pictures=with_pictures)
        request = VideoRequest(
            model,
            self.prompt,
            fit_seconds(seconds, model, length),
            resolution,
            fitted,
            nominal_size(resolution, fitted, model, with_pictures=with_pictures),
            **self._honoured(model),
            **pictures,
            reference_videos=self._videos(model),
        )
        got_ratio = with_pictures if is_pictures_own(ratio) else ratio == fitted
        changed = {
            length: seconds not in (None, request.seconds),
            "size": size not in (None, request.size),
            "resolution": self.resolution is not None and (size is not None or self.resolution.lower() != resolution),
            shape: ratio is not None and (size is not None or not got_ratio),
        }
        return request, sorted({name for name, is_so in changed.items() if is_so} | self._left_aside(model))

    def _first(self, *names: str) -> tuple[str, Any]:
        """Return the used name of a field with several names, and its value."""
        return next(((name, value) for name in names if (value := getattr(self, name)) is not None), (names[0], None))

    def _honoured(self, model: Model) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in _KNOBS} | {"camera_fixed": self._first(*_CAMERA)[1]}
        return {name: value for name, value in given.items() if value is not None and name in model.knobs}

    def _left_aside(self, model: Model) -> set[str]:
        """Return the parameters that the model does not support, and duplicates under a second name."""
        known = {*self._honoured(model), *(_CAMERA if "camera_fixed" in model.knobs else ())}
        knobs = {name for name in (*_KNOBS, *_CAMERA) if getattr(self, name) is not None}
        twice = {
            names[1] for names in (_LENGTH, _SHAPE, _CAMERA) if None not in (getattr(self, name) for name in names)
        }
        return {*(self.model_extra or {}), *(knobs - known), *twice}

    def _roles(self, model: Model) -> dict[str, Any]:
        """Return the images by their fields in a VideoRequest."""
        first, reference, last = map(self._pictures.get, _FRAMES)
        if first and reference:
            raise BadRequest("'input_reference': 'first_frame_image' says the same.", param="input_reference")
        first = first or reference
        as_frames = self.reference_mode == "first_last_frame" or not model.max_inputs
        if last and not (first or (as_frames and self._images)):
            raise BadRequest("'last_frame_image' needs a first frame beside it.", param="last_frame_image")
        frames = [first, *(self._images if as_frames else ()), last]
        if self.reference_mode == "first_last_frame" and sum(map(bool, frames)) < 2:
            message = "'reference_mode': 'first_last_frame' needs a first and a last frame."
            raise BadRequest(message, param="reference_mode")
        references = () if as_frames else self._images
        if reference and not model.frames:
            frames, references = [last], (reference, *references)
        return {"references": references, **_ends(model, [frame for frame in frames if frame], references)}

    def _videos(self, model: Model) -> tuple[str, ...]:
        if not all(_WEB_ADDRESS.fullmatch(url) for url in self.reference_videos):
            raise BadRequest("'reference_videos' are http or https addresses.", param="reference_videos")
        _refuse_more(self.reference_videos, model.max_videos, "reference videos", model, "reference_videos")
        return tuple(self.reference_videos)


async def read_video(context: Context) -> VideoCreate:
    """Read the request in either encoding. Numbers in a form are strings, and its empty fields count as absent."""
    if not context.has_form:
        return await (await context.parse(VideoCreate, VIDEO)).take(context.fetcher)
    return await context.validate(VideoCreate, _fields(await context.form(VIDEO))).take(context.fetcher)


def _fields(form: Form) -> dict[str, Any]:
    """Return the form as JSON fields: `a[b]` becomes an object, and `a[]` and known list fields become lists."""
    fields: dict[str, Any] = {}
    for name, value in form:
        outer, bracket, inner = name.partition("[")
        if value == "":
            continue
        if outer in _LISTS:
            fields.setdefault(outer, []).append(value)
        elif bracket and inner != "]":
            fields[outer] = {**_object(fields.get(outer)), inner.rstrip("]"): value}
        else:
            fields[outer] = value
    return fields


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _ends(model: Model, frames: Sequence[InputImage], references: Sequence[InputImage]) -> dict[str, InputImage | None]:
    """Return the first and last frame. Raises BadRequest if the model does not accept all the images."""
    if frames and references:
        raise BadRequest("'images' are references here, which do not go with frames.", param="images")
    _refuse_more(frames, model.frames, "pictures as frames", model)
    _refuse_more(references, model.max_inputs, "pictures as references", model)
    first, last, *_ = [*frames, None, None]
    return {"first_frame": first, "last_frame": last}


def _refuse_more(given: Sequence[Any], most: int, what: str, model: Model, param: str = "images") -> None:
    if len(given) > most:
        takes = f"{most} at most" if most else "none"
        raise BadRequest(f"Of {what}, '{model.id}' takes {takes}.", param=param)
