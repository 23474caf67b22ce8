"""Types as JSON schemas: what is asked for and what is answered, each with the words that belong to it."""

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
    """Names need no titles."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _Asked(_Generator):
    """The wire models: 0 and 1 stand for false and true."""

    @staticmethod
    def is_for(kind: Any) -> bool:
        return isinstance(kind, type) and issubclass(kind, BaseModel)

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return {"anyOf": [{"type": "boolean"}, {"type": "integer", "enum": [0, 1]}]}


class _Answered(_Generator):
    """Types of answers: these have what the types say and nothing else."""

    @staticmethod
    def is_for(kind: Any) -> bool:
        return not _Asked.is_for(kind)

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return {"additionalProperties": False, **super().typed_dict_schema(schema)}


class Schemas:
    """The schemas of all types at once: what they share is defined once."""

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
        # Some addresses say the error once more, where older clients of theirs look for it.
        self.definitions["ErrorAnswer"]["additionalProperties"] = True
        told = "; ".join(f"`{code}`: {cause}" for code, cause in CODES.items())
        self.definitions["ErrorObject"]["properties"]["code"]["description"] = f"Also {told}; and others to come."
        for body in bodies:
            for name, member, _ in self.members(body):
                member.setdefault("description", FIELDS.get(name, PICLUMEN_FIELD))

    def of(self, name: str) -> Json:
        return self._schemas[name, "validation"]

    def definition(self, name: str) -> Json:
        """The same, spelled out."""
        schema = self.of(name)
        return self.definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def members(self, name: str) -> Iterator[tuple[str, Json, bool]]:
        """Names, schemas, and whether they are required."""
        schema = self.definition(name)
        for member, its in schema["properties"].items():
            yield member, its, member in schema.get("required", ())


def _type(name: str) -> Any:
    """The type that an operation calls `module.Type`."""
    module, _, kind = name.partition(".")
    return getattr(import_module(f"shared.api.{module}"), kind)


def not_null(schema: Json) -> Json:
    """The same as a form's field, where nothing is null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options})} if options else schema
