"""What clients send to have pictures made from pictures: multipart forms in all their dialects, and JSON."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import Field, GetJsonSchemaHandler, PrivateAttr, model_validator
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from shared.api.bounds import EDIT
from shared.api.call import Call
from shared.api.fields import PICTURE, at_most, none_of, or_null
from shared.api.form import Form
from shared.api.inputs import input_of
from shared.api.wire import ImageGenerate
from shared.errors import BadRequest
from shared.http import Fetcher
from shared.values import ImageRequest, Input, Model

MOST_INPUTS = 16

_PICTURES = re.compile(r"images?(\[\d*\])?", re.ASCII)


class ImageEdit(ImageGenerate):
    """POST /v1/images/edits: the members of a generation, and pictures under `image` or `images`, or both."""

    pictures: ClassVar[str] = "the pictures of an edit go under 'image'."
    takes_inputs: ClassVar[bool] = True
    event: ClassVar[str] = "image_edit"

    image: list[Any] = Field(default=[], max_length=MOST_INPUTS)
    mask: Any = Field(default=None, json_schema_extra=PICTURE)
    markup: SkipJsonSchema[Any] = None

    _inputs: tuple[Input, ...] = PrivateAttr(default=())
    _mask: Input | None = PrivateAttr(default=None)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = super().__get_pydantic_json_schema__(core, handler)
        several = {"type": "array", "items": PICTURE, "maxItems": MOST_INPUTS}
        inner = handler.resolve_ref_schema(schema)
        inner["properties"] |= dict.fromkeys(("image", "images"), or_null({"anyOf": [PICTURE, several]}))
        inner |= {"not": none_of("image", "images"), **at_most(MOST_INPUTS - 1, "image", "images")}
        return schema

    @model_validator(mode="before")
    @classmethod
    def _one_list(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        given = [some for name in ("image", "images") if (some := data.get(name)) is not None]
        pictures = [picture for some in given for picture in (some if isinstance(some, list) else [some])]
        others = {name: value for name, value in data.items() if name not in ("image", "images")}
        return {**others, "image": [picture for picture in pictures if picture != ""]}

    async def take(self, fetcher: Fetcher) -> ImageEdit:
        """Look at the pictures, all but those that lie elsewhere."""
        if not self.image:
            raise BadRequest("'image': an edit needs a picture to begin with.", code="missing_image", param="image")
        self._inputs = tuple([await input_of(picture, fetcher) for picture in self.image])
        self._mask = await input_of(self.mask, fetcher, "mask") if self.mask not in (None, "") else None
        self.image, self.mask = [], None  # text that a picture was decoded from need not stay
        return self

    def to_request(self, model: Model) -> tuple[ImageRequest, list[str]]:
        request, ignored = super().to_request(model)
        if self.markup:
            raise BadRequest("'markup': no model here takes a drawing over the picture.", param="markup")
        if self._mask and not model.masks:
            message = f"'mask': '{model.id}' takes no mask; say in the prompt what is to be changed, and where."
            raise BadRequest(message, param="mask")
        if len(self._inputs) > model.max_inputs:
            takes = f"{model.max_inputs} at most" if model.max_inputs else "none"
            raise BadRequest(f"'image': of pictures to begin with, '{model.id}' takes {takes}.", param="image")
        return request._replace(inputs=self._inputs, mask=self._mask), ignored


async def read_edit(call: Call) -> ImageEdit:
    """The request, in either encoding. A form's numbers are text, and what is empty in it counts as absent."""
    if not call.has_form:
        return await (await call.parse(ImageEdit, EDIT)).take(call.fetcher)
    return await call.validate(ImageEdit, _members(await call.form(EDIT))).take(call.fetcher)


def no_variations() -> BadRequest:
    return BadRequest("Variations are not made here: POST the picture to /v1/images/edits, with a prompt.")


def _members(form: Form) -> dict[str, Any]:
    """What JSON would have: the pictures as a list, of other names the last value, of nested ones the outermost."""
    members: dict[str, Any] = {"image": [value for name, value in form if _PICTURES.fullmatch(name)]}
    for name, value in form:
        if value != "" and not _PICTURES.fullmatch(name):
            members[name.partition("[")[0]] = value
    return members
