"""Types as JSON schemas: what is asked for and what is answered, each with the words that belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.api.answers import ErrorAnswer
from shared.api.wording import CODES, FIELDS, PICLUMEN_FIELD

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

    def __init__(self, kinds: Iterator[Any], bodies: Iterator[Any]) -> None:
        unique = list({id(kind): kind for kind in (ErrorAnswer, *kinds)}.values())
        self._schemas: dict[tuple[int, Any], Json] = {}
        self.definitions: Json = {}
        for generator in (_Asked, _Answered):
            found, rest = TypeAdapter.json_schemas(
                [(id(kind), "validation", TypeAdapter(kind)) for kind in unique if generator.is_for(kind)],
                ref_template="#/components/schemas/{model}",
                schema_generator=generator,
            )
            self._schemas |= found
            self.definitions |= rest["$defs"]
        # Some addresses say the error once more, where older clients of theirs look for it.
        self.definitions["ErrorAnswer"]["additionalProperties"] = True
        told = "; ".join(f"`{code}`: {cause}" for code, cause in CODES.items())
        self.definitions["ErrorObject"]["properties"]["code"]["description"] = f"Also {told}; and others to come."
        for kind in bodies:
            for name, member, _ in self.members(kind):
                member.setdefault("description", FIELDS.get(name, PICLUMEN_FIELD))

    def of(self, kind: Any) -> Json:
        return self._schemas[id(kind), "validation"]

    def definition(self, kind: Any) -> Json:
        """The same, spelled out."""
        schema = self.of(kind)
        return self.definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def members(self, kind: Any) -> Iterator[tuple[str, Json, bool]]:
        """Names, schemas, and whether they are required."""
        schema = self.definition(kind)
        for name, member in schema["properties"].items():
            yield name, member, name in schema.get("required", ())


def not_null(schema: Json) -> Json:
    """The same as a form's field, where nothing is null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options})} if options else schema
