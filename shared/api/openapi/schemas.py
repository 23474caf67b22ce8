"""JSON schemas of request and response types, with descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.api.openapi.descriptions import CODES, FIELDS, PICLUMEN_FIELD
from shared.api.responses.types import ErrorAnswer

Json: TypeAlias = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Omits titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _Requests(_Generator):
    """Schemas of request bodies, which accept 0 and 1 as booleans."""

    @staticmethod
    def is_for(kind: Any) -> bool:
        return isinstance(kind, type) and issubclass(kind, BaseModel)

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return {"anyOf": [{"type": "boolean"}, {"type": "integer", "enum": [0, 1]}]}


class _Responses(_Generator):
    """Schemas of responses, which have no additional fields."""

    @staticmethod
    def is_for(kind: Any) -> bool:
        return not _Requests.is_for(kind)

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return {"additionalProperties": False, **super().typed_dict_schema(schema)}


class Schemas:
    """The schemas of all types, with shared definitions."""

    def __init__(self, bodies: Iterable[Any], contents: Iterable[Any]) -> None:
        bodies = list(dict.fromkeys(bodies))
        kinds = dict.fromkeys((ErrorAnswer, *bodies, *contents))
        self._schemas: dict[tuple[Any, Any], Json] = {}
        self.definitions: Json = {}
        for generator in (_Requests, _Responses):
            found, rest = TypeAdapter.json_schemas(
                [(kind, "validation", TypeAdapter(kind)) for kind in kinds if generator.is_for(kind)],
                ref_template="#/components/schemas/{model}",
                schema_generator=generator,
            )
            self._schemas |= found
            self.definitions |= rest["$defs"]
        # Some routes repeat the error in fields that older clients read.
        self.definitions["ErrorAnswer"]["additionalProperties"] = True
        causes = "; ".join(f"`{code}`: {cause}" for code, cause in CODES.items())
        self.definitions["ErrorObject"]["properties"]["code"]["description"] = f"Also {causes}; and others to come."
        for body in bodies:
            for name, schema, _ in self.fields(body):
                schema.setdefault("description", FIELDS.get(name, PICLUMEN_FIELD))

    def of(self, kind: Any) -> Json:
        return self._schemas[kind, "validation"]

    def definition(self, kind: Any) -> Json:
        """Return the schema with its reference resolved."""
        schema = self.of(kind)
        return self.definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def fields(self, kind: Any) -> Iterator[tuple[str, Json, bool]]:
        """Yield each field's name, schema, and whether it is required."""
        definition = self.definition(kind)
        for name, schema in definition["properties"].items():
            yield name, schema, name in definition.get("required", ())

    def is_form(self, kind: Any) -> bool:
        """Return whether one of the fields is a file, which JSON cannot hold."""
        return any(schema.get("format") == "binary" for _, schema, _ in self.fields(kind))


def not_null(schema: Json) -> Json:
    """Return the schema of a form field, which cannot be null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options})} if options else schema
