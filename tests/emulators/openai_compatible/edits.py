"""Edits as the fake service takes them: a form, whose files it looks at as carefully as OpenAI does."""

from typing import Any, Literal

from pydantic import Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from tests.emulators.openai_compatible.wire import Json, Order, invalid, refused

MOST_FILES = 16
LARGEST_MASK = 4 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_BEGINNINGS = {"image/png": _PNG, "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}
_NUMBERS = ("n", "seed")
_CLEAR_COLOURS = (4, 6)
"""Of PNG's kinds of colour, those that can be clear; the others can with a chunk `tRNS`."""


class Edit(Order):
    """The fields of an edit, and what its files have in them; without a `size` it is of the first one's."""

    size: str = Field(default="auto", pattern="^(auto|[1-9][0-9]*x[1-9][0-9]*)$")
    inputs: tuple[bytes, ...] = Field(min_length=1, max_length=MOST_FILES)
    mask: bytes | None = None

    @property
    def pixels(self) -> tuple[int, int]:
        [picture, *_] = self.inputs
        if self.size != "auto":
            return super().pixels
        return (_side(picture, 16), _side(picture, 20)) if picture.startswith(_PNG) else (1024, 1024)


async def parse_edit(request: Request, extra: Literal["forbid", "ignore"], *, careful: bool) -> Edit:
    if request.headers.get("content-type", "").partition(";")[0] != "multipart/form-data":
        raise refused(415, "The content type has to be multipart/form-data")
    async with request.form() as form:
        names = ("image[]",) if "image[]" in form else ("image",)
        members: Json = {name: _text(form, name) for name in form if name not in (*names, "mask")}
        members["inputs"] = tuple([await _file(part, careful) for part in form.getlist(names[0])])
        if "mask" in form:
            members["mask"] = await _file(form["mask"], careful)
        if names == ("image",) and len(members["inputs"]) > 1:
            raise refused(400, "Duplicate parameter: 'image'. Use 'image[]' for several values.", "duplicate_parameter")
    try:
        edit = Edit.model_validate(members, extra=extra)
    except ValidationError as error:
        raise invalid(error) from None
    if careful and edit.mask is not None:
        _check_mask(edit.mask, edit.inputs[0])
    return edit


def _text(form: FormData, name: str) -> Any:
    """A field's text, or the number that it has to be."""
    value = form[name]
    if not isinstance(value, str) or len(form.getlist(name)) > 1:
        raise refused(400, f"Expected one text for '{name}'", "invalid_type")
    return int(value) if name in _NUMBERS and value.isdecimal() else value


async def _file(part: UploadFile | str, careful: bool) -> bytes:
    if isinstance(part, str) or not part.filename:
        raise refused(400, "Expected a file", "invalid_type")
    content = await part.read()
    beginning = _BEGINNINGS.get(part.content_type or "")
    if careful and not (beginning and content.startswith(beginning)):
        raise refused(400, f"Unsupported file type ('{part.content_type}')", "unsupported_file_mimetype")
    return content


def _check_mask(mask: bytes, picture: bytes) -> None:
    """It lies over the first picture, and is clear where that is to be changed."""
    if not mask.startswith(_PNG) or len(mask) >= LARGEST_MASK:
        raise refused(400, "The mask has to be a PNG of less than 4 MB", "invalid_image_file")
    if mask[25] not in _CLEAR_COLOURS and b"tRNS" not in mask[:100]:
        raise refused(400, "Invalid mask image format - mask image missing alpha channel", "invalid_image_format")
    if picture.startswith(_PNG) and mask[16:24] != picture[16:24]:
        raise refused(400, "Invalid mask image size - it does not match the image size", "invalid_image_size")


def _side(picture: bytes, place: int) -> int:
    return int.from_bytes(picture[place : place + 4])
