"""Multipart forms, read as they arrive: files go to disk and not into memory."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from typing import TypeAlias

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.api.bounds import FORM_FIELDS, FORM_FILES
from shared.errors import BadRequest
from shared.http import LARGEST_PICTURE, Spool

Form: TypeAlias = list[tuple[str, str | Spool]]
"""Names and values in their order; a file is bytes put aside."""

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # its warnings quote what callers sent


async def read_form(headers: Headers, chunks: AsyncGenerator[bytes, None]) -> Form:
    """BadRequest for what is no form, or for one with more in it than anybody needs."""
    try:
        form = await _Parser(headers, chunks).parse()
    except MultiPartException as error:
        raise BadRequest(f"The form cannot be read: {error.message}", code="invalid_form") from None
    return [(name, Spool(value.file) if isinstance(value, UploadFile) else value) for name, value in form.multi_items()]


class _Parser(MultiPartParser):
    """Starlette's, which leaves out the last part of a form that was cut off, and says nothing."""

    def __init__(self, headers: Headers, chunks: AsyncGenerator[bytes, None]) -> None:
        super().__init__(
            headers,
            self._to_its_end(chunks),
            max_files=FORM_FILES,
            max_fields=FORM_FIELDS,
            max_part_size=LARGEST_PICTURE,  # some pictures come as text, in data URLs
        )
        self._whole = True

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._charset = "utf-8"  # never the caller's choice: some codecs raise errors of their own
        self._whole = False

    def on_end(self) -> None:
        self._whole = True

    async def _to_its_end(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in chunks:
            yield chunk
        if not self._whole:
            raise MultiPartException("It ends in the middle of a part.")
