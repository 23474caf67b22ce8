"""JSON schemas of request and response types, with descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, TypeAlias

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.api.openapi.descriptions import CODES, FIELDS, PICLUMEN_FIELD

Json: TypeAlias = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Omits titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _Asked(_Generator):
    """Schemas of request bodies, which accept 0 and 1 as booleans."""

    @staticmethod
    def is_for(kind: Any) -> bool:
        return isinstance(kind, type) and issubclass(kind, BaseModel)

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return {"anyOf": [{"type": "boolean"}, {"type": "integer", "enum": [0, 1]}]}


class _Answered(_Generator):
    """Schemas of responses, which have no additional fields."""

    @staticmethod
    def is_for(kind: Any) -> bool:
        return not _Asked.is_for(kind)

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return {"additionalProperties": False, **super().typed_dict_schema(schema)}


class Schemas:
    """The schemas of all types, with shared definitions."""

    def __init__(self, names: Iterator[str], bodies: Iterator[str]) -> None:
        kinds = {name: _type(name) for name in ("responses.types.ErrorAnswer", *names)}
        self._schemas: dict[tuple[str, Any], Json] = {}
        self.definitions: Json = {}
        for generator in (_Asked, _Answered):
            found, rest = TypeAdapter.json_schemas(
                [(name, "validation", TypeAdapter(kind)) for name, kind in kinds.items() if generator.is_for(kind)],
                ref_template="#/components/schemas/{model}",
                schema_generator=generator,
            )
            self._schemas |= found
            self.definitions |= rest["$defs"]
        # Some routes repeat the error in fields that older clients read.
        self.definitions["ErrorAnswer"]["additionalProperties"] = True
        told = "; ".join(f"`{code}`: {cause}" for code, cause in CODES.items())
        self.definitions["ErrorObject"]["properties"]["code"]["description"] = f"Also {told}; and others to come."
        for body in bodies:
            for name, member, _ in self.members(body):
                member.setdefault("description", FIELDS.get(name, PICLUMEN_FIELD))

    def of(self, name: str) -> Json:
        return self._schemas[name, "validation"]

    def definition(self, name: str) -> Json:
        """Return the schema with its reference resolved."""
        schema = self.of(name)
        return self.definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def members(self, name: str) -> Iterator[tuple[str, Json, bool]]:
        """Yield each field's name, schema, and whether it is required."""
        schema = self.definition(name)
        for member, its in schema["properties"].items():
            yield member, its, member in schema.get("required", ())


def _type(name: str) -> Any:
    """Import the type that an operation names as `module.Type`."""
    module, _, kind = name.rpartition(".")
    return getattr(import_module(f"shared.api.{module}"), kind)


def not_null(schema: Json) -> Json:
    """Return the schema of a form field, which cannot be null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options})} if options else schema
