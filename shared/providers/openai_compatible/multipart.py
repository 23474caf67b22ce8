"""An order with pictures as a multipart form, made while it leaves: no picture in it is ever held whole."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.http import RequestBody
from shared.providers._inputs import media_type_of
from shared.requests import InputImage


class _File(NamedTuple):
    head: bytes
    picture: InputImage


async def form_of(order: Mapping[str, Any], inputs: Sequence[InputImage], mask: InputImage | None) -> RequestBody:
    """One picture is `image`, several are `image[]`: OpenAI refuses a plain name that comes twice.

    What lies at a caller's address is fetched now, so that nothing is sent where it cannot be had.
    """
    line = f"--{secrets.token_hex(16)}"
    name = "image" if len(inputs) == 1 else "image[]"
    named = [(name, picture) for picture in inputs] + ([("mask", mask)] if mask else [])
    opening = "".join(_field(line, name, value) for name, value in order.items() if value is not None).encode()
    files = [_File(await _head(line, name, picture), picture) for name, picture in named]
    closing = f"{line}--\r\n".encode()
    media_type = f"multipart/form-data; boundary={line[2:]}"
    return RequestBody(_pieces(opening, files, closing), media_type, _length(opening, files, closing))


def _field(line: str, name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f'{line}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'


async def _head(line: str, name: str, picture: InputImage) -> bytes:
    """Services go by a file's name as much as by its type."""
    media_type = await media_type_of(picture)
    file_name = f"{name.removesuffix('[]')}.{media_type.partition('/')[2]}"
    disposition = f'content-disposition: form-data; name="{name}"; filename="{file_name}"'
    return f"{line}\r\n{disposition}\r\ncontent-type: {media_type}\r\n\r\n".encode()


async def _pieces(opening: bytes, files: Sequence[_File], closing: bytes) -> AsyncIterator[bytes]:
    yield opening
    for head, picture in files:
        yield head
        async for piece in picture.read():
            yield piece
        yield b"\r\n"
    yield closing


def _length(opening: bytes, files: Sequence[_File], closing: bytes) -> int | None:
    length = len(opening) + len(closing)
    for head, picture in files:
        if picture.size is None:
            return None
        length += len(head) + picture.size + len(b"\r\n")
    return length
