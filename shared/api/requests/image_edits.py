"""The body of image edits: JSON, or a multipart form in any of the clients' dialects."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, GetJsonSchemaHandler, PrivateAttr, model_validator
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from shared.api.bounds import EDIT
from shared.api.context import Context
from shared.api.openapi.json_schema import PICTURE, at_most, none_of, or_null
from shared.api.requests.image_fields import edit_field
from shared.api.requests.images import ImageGenerate
from shared.api.requests.input_images import input_of
from shared.api.requests.multipart import Form
from shared.errors import BadRequest
from shared.http import ImageDownloader
from shared.models import Model
from shared.requests import ImageRequest, InputImage

MOST_INPUTS = 16


class ImageEdit(ImageGenerate):
    """The body of POST /v1/images/edits: the fields of a generation, and images under `image` or a synonym of it."""

    images_belong: ClassVar[str] = "send the images of an edit as 'image', and the mask as 'mask'."
    takes_inputs: ClassVar[bool] = True
    event: ClassVar[str] = "image_edit"

    image: list[Any] = Field(default=[], max_length=MOST_INPUTS)
    mask: Any = Field(default=None, json_schema_extra=PICTURE)
    markup: SkipJsonSchema[Any] = None

    _inputs: tuple[InputImage, ...] = PrivateAttr(default=())
    _mask: InputImage | None = PrivateAttr(default=None)

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
        given: dict[str, list[Any]] = {"image": [], "mask": []}
        others: dict[str, Any] = {}
        for name, value in data.items():
            field = edit_field(name)
            if field is None:
                others[name] = value
            elif value is not None:
                given[field] += value if isinstance(value, list) else [value]
        images, masks = ([image for image in values if image != ""] for values in given.values())
        if len(masks) > 1:
            raise BadRequest("'mask': send one mask, under one name.", param="mask")
        return {**others, "image": images, **({"mask": masks[0]} if masks else {})}

    async def take(self, fetcher: ImageDownloader) -> ImageEdit:
        """Read and check the images, except those given by URL, which are fetched later."""
        if not self.image:
            raise BadRequest("'image': an edit requires an image.", code="missing_image", param="image")
        self._inputs = tuple([await input_of(image, fetcher) for image in self.image])
        self._mask = await input_of(self.mask, fetcher, "mask") if self.mask not in (None, "") else None
        self.image, self.mask = [], None  # free the base64 text
        return self

    def to_request(self, model: Model) -> tuple[ImageRequest, list[str]]:
        request, ignored = super().to_request(model)
        if self.markup:
            raise BadRequest("'markup': no model here accepts a drawing over the image.", param="markup")
        if self._mask and not model.masks:
            message = f"'mask': '{model.id}' accepts no mask. Describe in the prompt what to change and where."
            raise BadRequest(message, param="mask")
        if len(self._inputs) > model.max_inputs:
            most = f"at most {model.max_inputs} images" if model.max_inputs else "no images"
            raise BadRequest(f"'image': '{model.id}' accepts {most}.", param="image")
        return request._replace(inputs=self._inputs, mask=self._mask), ignored


async def read_edit(context: Context) -> ImageEdit:
    """Read the request in either encoding. Numbers in a form are strings, and its empty fields count as absent."""
    if not context.has_form:
        return await (await context.parse(ImageEdit, EDIT)).take(context.fetcher)
    return await context.validate(ImageEdit, _fields(await context.form(EDIT))).take(context.fetcher)


def no_variations() -> BadRequest:
    return BadRequest("Variations are not supported. Send the image to /v1/images/edits with a prompt.")


def _fields(form: Form) -> dict[str, Any]:
    """Return the form as JSON fields: images and masks as lists; of other names, up to any `[`, the last value."""
    fields: dict[str, Any] = {"image": [], "mask": []}
    for name, value in form:
        if field := edit_field(name):
            fields[field].append(value)
        elif value != "":
            fields[name.partition("[")[0]] = value
    return fields
