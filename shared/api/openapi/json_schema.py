"""Extra JSON schema of request fields: patterns, rules, and the formats that tests generate values from."""

from __future__ import annotations

from pydantic.config import JsonDict, JsonValue
from pydantic.json_schema import JsonSchemaValue

ROLES = ("system", "developer", "user", "assistant", "tool", "function")

TEXT: JsonDict = {"pattern": r"\S"}
SIZE: JsonDict = {
    "format": "size",
    "pattern": r"^\s*(|[Aa][Uu][Tt][Oo]|512|[124][Kk]|\d+\s*[xX*]\s*\d+)\s*$",
    "description": "Pixels, `auto`, or a resolution. An unsupported size is replaced by the nearest supported one.",
    "examples": ["1024x1024"],
}
RATIO: JsonDict = {
    "format": "ratio",
    "description": "Width to height, from 1:3 to 3:1; used if no size is given.",
    "examples": ["16:9"],
}
RESOLUTION: JsonDict = {
    "format": "resolution",
    "description": "A resolution of the model; others are replaced by the nearest one.",
    "examples": ["720p"],
}
SHARPNESS: JsonDict = {
    "description": "`512`, `1K`, `2K` or `4K`: the pixel count of a square with this side, up to the model's limit. "
    "In an edit, it requires `aspect_ratio`.",
    "examples": ["2K"],
}
WEB_ADDRESSES: JsonDict = {"items": {"type": "string", "format": "web-address"}}
SEED: JsonDict = {"minimum": -1, "description": "-1 selects a random seed."}

_ABOUT = ("description", "default", "examples")
NULL: JsonDict = {"type": "null"}


def or_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema with null allowed."""
    about: JsonSchemaValue = {name: schema[name] for name in _ABOUT if name in schema}
    rest = {name: value for name, value in schema.items() if name not in about and name != "anyOf"}
    options = [option for option in schema.get("anyOf", ({},)) if option != NULL]
    return {"anyOf": [{**options[0], **rest} if len(options) == 1 else {"anyOf": options, **rest}, NULL], **about}


SMALL_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
"""One pixel."""

_LINK: JsonDict = {
    "type": "string",
    "format": "picture",
    "description": "A data URL, or an http or https URL.",
    "examples": [SMALL_PICTURE],
}
_ADDRESS = _LINK | {"pattern": r"^\s*(|[Dd][Aa][Tt][Aa]:[^,]*,.+|[Hh][Tt][Tt][Pp][Ss]?://.+)\s*$"}
PICTURE: JsonDict = {
    "anyOf": [
        _ADDRESS,
        {"type": "object", "properties": {"image_url": _ADDRESS}, "required": ["image_url"]},
        {"type": "object", "properties": {"url": _ADDRESS}, "required": ["url"]},
    ]
}

_TEXT_PART: JsonDict = {
    "type": "object",
    "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
    "required": ["type", "text"],
}
_PICTURE_PART: JsonDict = {
    "type": "object",
    "properties": {
        "type": {"const": "image_url"},
        "image_url": {"type": "object", "properties": {"url": _LINK}, "required": ["url"]},
    },
    "required": ["type", "image_url"],
}


_NOTHING: list[JsonValue] = [None, "", []]


def none_of(*names: str) -> JsonDict:
    """Return a schema that requires these fields to be absent or empty."""
    return {"properties": {name: {"enum": _NOTHING} for name in names}}


def _given(*names: str) -> JsonDict:
    """Return a schema that requires all of these fields, not empty."""
    return {"required": [*names], "properties": {name: {"not": {"enum": _NOTHING}} for name in names}}


def at_most(items: int, *names: str) -> JsonDict:
    """Return a schema that limits the length of lists if all of these fields are given."""
    return {"if": _given(*names), "then": {"properties": {name: {"maxItems": items} for name in names}}}


def _pictures_at_most(items: int, where: JsonDict) -> JsonDict:
    return {"if": where, "then": {"properties": {"images": {"maxItems": items}}}}


_AS_FRAMES: JsonDict = {
    "required": ["reference_mode"],
    "properties": {"reference_mode": {"const": "first_last_frame"}},
}
_FIRST: JsonDict = {"anyOf": [_given("first_frame_image"), _given("input_reference")]}
_LAST = _given("last_frame_image")
_TWO: list[JsonValue] = [
    {"allOf": [_FIRST, _LAST]},
    {"allOf": [_given("images"), {"anyOf": [_FIRST, _LAST]}]},
    {"allOf": [_given("images"), {"properties": {"images": {"minItems": 2}}}]},
]
FRAMES: list[JsonDict] = [
    {"not": _given("first_frame_image", "input_reference")},
    {"if": _LAST, "then": {"anyOf": [_FIRST, {"allOf": [_AS_FRAMES, _given("images")]}]}},
    {"if": {"allOf": [_given("images"), {"anyOf": [_FIRST, _LAST]}]}, "then": _AS_FRAMES},
    {"if": _AS_FRAMES, "then": {"anyOf": _TWO}},
    _pictures_at_most(2, _AS_FRAMES),
    _pictures_at_most(1, {"allOf": [_AS_FRAMES, {"anyOf": [_FIRST, _LAST]}]}),
    _pictures_at_most(0, {"allOf": [_AS_FRAMES, _FIRST, _LAST]}),
]
"""Rules for combining the images of a video."""


def _message(roles: list[JsonValue], *parts: JsonDict) -> JsonDict:
    several: JsonDict = {"type": "array", "items": {"anyOf": list(parts)}}
    content: JsonDict = {"anyOf": [{"type": "string"}, several]}
    return {
        "type": "object",
        "properties": {"role": {"enum": roles}, "content": content},
        "required": ["role", "content"],
    }


MESSAGES: JsonDict = {
    "items": {
        "anyOf": [
            _message(["user"], _TEXT_PART, _PICTURE_PART),
            _message([role for role in ROLES if role not in ("user", "function")], _TEXT_PART),
        ]
    },
    "examples": [[{"role": "user", "content": "What does a lighthouse look like?"}]],
}
