"""What clients send to have videos made: OpenAI's fields, and those of the Imagen API's two generations beside them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from shared.api.call import Call
from shared.api.clips import fit_ratio, fit_resolution, fit_seconds, nominal_size
from shared.api.form import Form
from shared.api.inputs import input_of
from shared.api.sizes import parse_size
from shared.api.wire import MAX_PROMPT, Body, not_blank
from shared.errors import BadRequest
from shared.http import Fetcher
from shared.values import Input, Model, VideoRequest

LARGEST_BODY = 50 << 20
MOST_PICTURES = 16
LARGEST_SEED = 4294967295

_KNOBS = ("seed", "watermark", "return_last_frame", "generate_audio")
_LISTS = ("images", "reference_videos")
_PICTURES = ("input_reference", "first_frame_image", "last_frame_image")
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)

Seconds = Annotated[int | None, Field(ge=1, le=3600)]


class VideoCreate(Body):
    """Some fields have two names; where both come, the first one here counts.

    `images` are references where the model takes such, unless `reference_mode` says that they are frames.
    """

    prompt: Annotated[str, Field(max_length=MAX_PROMPT), BeforeValidator(not_blank)]
    model: str | None = None
    n: int = 1
    response_format: Literal["url"] | None = None
    seconds: Seconds = None
    duration: Seconds = None
    size: str | None = None
    resolution: str | None = None
    ratio: str | None = None
    aspect_ratio: str | None = None
    seed: int | None = Field(default=None, ge=0, le=LARGEST_SEED)
    camera_fixed: bool | None = None
    camerafixed: bool | None = None
    watermark: bool | None = None
    return_last_frame: bool | None = None
    generate_audio: bool | None = None
    reference_mode: Literal["omni", "first_last_frame", "multi_frame", "subject"] = "omni"
    input_reference: Any = None
    first_frame_image: Any = None
    last_frame_image: Any = None
    images: list[Any] = Field(default=[], max_length=MOST_PICTURES)
    reference_videos: list[str] = Field(default=[], max_length=MOST_PICTURES)

    _pictures: dict[str, Input] = PrivateAttr(default={})
    _images: tuple[Input, ...] = PrivateAttr(default=())

    def take(self, fetcher: Fetcher) -> VideoCreate:
        """Look at the pictures, all but those that lie elsewhere."""
        given = {name: getattr(self, name) for name in _PICTURES}
        self._pictures = {name: input_of(picture, fetcher, name) for name, picture in given.items() if picture}
        self._images = tuple(input_of(picture, fetcher, "images") for picture in self.images)
        self.input_reference = self.first_frame_image = self.last_frame_image = None
        self.images = []  # text that a picture was decoded from need not stay
        return self

    def to_request(self, model: Model) -> tuple[VideoRequest, list[str]]:
        """The request as the model can serve it, and the names of what it has to leave aside."""
        if self.n != 1:
            raise BadRequest("'n': a request makes one video.", code="invalid_n", param="n")
        pictures = self._roles(model)
        with_pictures = any(pictures.values())
        length, seconds = self._first("seconds", "duration")
        shape, ratio = self._first("ratio", "aspect_ratio")
        size = parse_size(self.size or "")
        request = VideoRequest(
            model,
            self.prompt,
            fit_seconds(seconds, model, length),
            resolution := fit_resolution(size or self.resolution, model),
            fitted := fit_ratio(size or ratio, model, with_pictures=with_pictures),
            nominal_size(resolution, fitted, model, with_pictures=with_pictures),
            **self._honoured(model),
            **pictures,
            reference_videos=self._videos(model),
        )
        changed = {
            length: seconds not in (None, request.seconds),
            "size": size not in (None, request.size),
            "resolution": self.resolution is not None and (size is not None or self.resolution != resolution),
            shape: ratio is not None and (size is not None or (fitted or "adaptive") not in _spellings(ratio)),
        }
        ignored = {name for name, is_so in changed.items() if is_so} | self._left_aside(model)
        return request, sorted(ignored)

    def _first(self, *names: str) -> tuple[str, Any]:
        """A field of two names: the one that was used, and its value."""
        return next(((name, value) for name in names if (value := getattr(self, name)) is not None), (names[0], None))

    def _honoured(self, model: Model) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in _KNOBS} | {"camera_fixed": self._first(*_CAMERA)[1]}
        return {name: value for name, value in given.items() if value is not None and name in model.knobs}

    def _left_aside(self, model: Model) -> set[str]:
        knobs = {name for name in (*_KNOBS, *_CAMERA) if getattr(self, name) is not None}
        honoured = {*self._honoured(model), *(_CAMERA if "camera_fixed" in model.knobs else ())}
        return {*(self.model_extra or {})} | (knobs - honoured)

    def _roles(self, model: Model) -> dict[str, Any]:
        """Each picture in its place, by the names of a VideoRequest's fields."""
        first, last = (self._pictures.get(name) for name in ("first_frame_image", "last_frame_image"))
        reference = self._pictures.get("input_reference")
        if first and reference:
            raise BadRequest("'input_reference' is a first frame as well as 'first_frame_image'.", param="input_reference")
        frames = [picture for picture in (first or reference, last) if picture]
        as_frames = self.reference_mode == "first_last_frame" or not model.max_inputs
        ...
        return {}

    def _videos(self, model: Model) -> tuple[str, ...]:
        if len(self.reference_videos) > model.max_videos:
            takes = f"{model.max_videos} at most" if model.max_videos else "none"
            raise BadRequest(f"'reference_videos': '{model.id}' takes {takes}.", param="reference_videos")
        if not all(_WEB_ADDRESS.fullmatch(url) for url in self.reference_videos):
            raise BadRequest("'reference_videos' are http or https addresses.", param="reference_videos")
        return tuple(self.reference_videos)
