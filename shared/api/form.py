"""Multipart forms, read as they arrive: files go to disk and not into memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TypeAlias

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.errors import BadRequest
from shared.http import Spool

Form: TypeAlias = list[tuple[str, str | Spool]]
"""Names and values in their order; a file is bytes put aside."""

_MOST_FILES = 20
_MOST_FIELDS = 100


async def read_form(headers: Headers, chunks: AsyncGenerator[bytes, None]) -> Form:
    """BadRequest for what is no form, or for one with more in it than anybody needs."""
    try:
        parser = MultiPartParser(headers, chunks, max_files=_MOST_FILES, max_fields=_MOST_FIELDS)
        form = await parser.parse()
    except MultiPartException as error:
        raise BadRequest(f"The form cannot be read: {error.message}", code="invalid_form") from None
    return [(name, Spool(value.file) if isinstance(value, UploadFile) else value) for name, value in form.multi_items()]
