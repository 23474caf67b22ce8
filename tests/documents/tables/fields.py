"""The fields of requests for pictures and for videos; fields that are about the same thing share a row."""

from __future__ import annotations

from pydantic import BaseModel

from shared.api.requests.image_edits import ImageEdit
from shared.api.requests.videos import VideoCreate
from tests.documents.page import Row
from tests.documents.texts import Language, compare, listed, read, said

_HEADERS: dict[Language, Row] = {"en": ("fields", "meaning"), "zh": ("字段", "含义")}


def pictures(language: Language) -> list[Row]:
    """An edit's, which has all of a generation's."""
    return _table("picture-fields", ImageEdit, language)


def videos(language: Language) -> list[Row]:
    return _table("video-fields", VideoCreate, language)


def _table(name: str, kind: type[BaseModel], language: Language) -> list[Row]:
    texts = read(name)
    compare(f"{name}.toml", [field for key in texts for field in key.split()], kind.model_json_schema()["properties"])
    rows = [
        (listed((f"`{field}`" for field in key.split()), language), said(f"{name}.toml, {key}", text, language))
        for key, text in texts.items()
    ]
    return [_HEADERS[language], *rows]
