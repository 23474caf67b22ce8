"""The fields of image and video requests; related fields share a row."""

from __future__ import annotations

from pydantic import BaseModel

from shared.api.edits import ImageEdit
from shared.api.video_wire import VideoCreate
from tools.documents.page import Row
from tools.documents.texts import compare, listed, read


def images() -> list[Row]:
    """The fields of an edit, which include those of a generation."""
    return _table("image-fields", ImageEdit)


def videos() -> list[Row]:
    return _table("video-fields", VideoCreate)


def _table(name: str, kind: type[BaseModel]) -> list[Row]:
    texts: dict[str, str] = read(name)
    compare(f"{name}.toml", [field for key in texts for field in key.split()], kind.model_json_schema()["properties"])
    return [("fields", "meaning"), *((listed(f"`{field}`" for field in key.split()), texts[key]) for key in texts)]
