"""Multipart forms, parsed as they arrive: files go to disk instead of memory."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncGenerator
from typing import TypeAlias

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.api.bounds import FORM_FIELDS, FORM_FILES
from shared.errors import BadRequest
from shared.http import LARGEST_IMAGE, Spool

Form: TypeAlias = list[tuple[str, str | Spool]]
"""Names and values in order; the value of a file is a Spool."""

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # its warnings quote request bodies


async def read_form(headers: Headers, chunks: AsyncGenerator[bytes, None]) -> Form:
    """Read a form. Raises BadRequest if it is malformed or has too many or too large fields."""
    try:
        form = await _Parser(headers, chunks).parse()
    except MultiPartException as error:
        raise BadRequest(f"The form cannot be read: {error.message}", code="invalid_form") from None
    fields: Form = []
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            fields.append((name, value))
        elif value.filename or value.size:
            fields.append((name, Spool(value.file)))
        else:
            value.file.close()  # browsers send a file input that was left empty
    return fields


class _Parser(MultiPartParser):
    """Starlette's parser, plus a check for truncated forms: it silently drops an unfinished last part."""

    # Workers have no threads, in which Starlette writes to the disk, and no disk but memory.
    spool_max_size = 0 if sys.platform == "emscripten" else MultiPartParser.spool_max_size

    def __init__(self, headers: Headers, chunks: AsyncGenerator[bytes, None]) -> None:
        super().__init__(
            headers,
            self._to_its_end(chunks),
            max_files=FORM_FILES,
            max_fields=FORM_FIELDS,
            max_part_size=LARGEST_IMAGE,  # some images are data URLs in text fields
        )
        self._whole = True

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._charset = "utf-8"  # not the caller's choice: some codecs raise other errors
        self._whole = False

    def on_headers_finished(self) -> None:
        disposition = self._current_part.content_disposition or b""
        if b"filename*=" in disposition.lower() and b"filename=" not in disposition.lower():
            # The parser ignores `filename*` and would read the file as a text field.
            self._current_part.content_disposition = disposition + b'; filename="file"'
        super().on_headers_finished()

    def on_end(self) -> None:
        self._whole = True

    async def _to_its_end(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in chunks:
            yield chunk
        if not self._whole:
            raise MultiPartException("It ends in the middle of a part.")
