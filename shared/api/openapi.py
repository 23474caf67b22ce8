"""/openapi.json, from the routes and what their operations take and give: nothing is written down twice."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib import import_module
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared import errors
from shared.api.access import Access
from shared.api.app import Endpoint
from shared.api.errors import meaning_of_type
from shared.api.operation import Failures, Operation
from shared.errors import EaselError

Json = dict[str, Any]

_EVERYWHERE = (errors.Forbidden, errors.Misconfigured, errors.StoreUnavailable, EaselError)
_KEYS: list[Json] = [{"bearer": []}, {"api-key": []}, {"x-api-key": []}]
_SECURITY: dict[Access, list[Json]] = {
    Access.ANYONE: [],
    Access.ID: [{}, *_KEYS],
    Access.CREDENTIAL: [{}, *_KEYS],
    Access.KEY: _KEYS,
    Access.ADMIN: _KEYS,
}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "api-key": {"type": "apiKey", "in": "header", "name": "api-key"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}
_CAUSES = dict(re.findall(r"── (\w+) +(\S.*)", errors.__doc__ or ""))
"""What the errors mean, from the tree that they are drawn as."""
_TAGS = {
    **{word: word for word in ("chat", "images", "videos", "models", "jobs")},
    "tasks": "jobs",
    "generate-image": "piclumen",
    "check-image": "piclumen",
}
_FILE = {"type": "string", "format": "binary"}
_REQUEST_ID = {"description": "By which the log knows this request.", "schema": {"type": "string"}}


def document(endpoints: tuple[Endpoint, ...], base_url: str) -> Json:
    """The OpenAPI 3.1 document of these endpoints."""
    return {**_everything(endpoints), "servers": [{"url": base_url}]}


@functools.cache
def _everything(endpoints: tuple[Endpoint, ...]) -> Json:
    operations = [
        (endpoint, verb, operation) for endpoint in endpoints for verb, operation in endpoint.operations.items()
    ]
    schemas = _Schemas(kind for _, _, operation in operations for kind in _kinds(operation))
    paths: dict[str, Json] = {}
    failures: set[Failures] = set()
    for endpoint, verb, operation in operations:
        path = endpoint.path.replace(":path", "")
        paths.setdefault(path, {})[verb.lower()] = _operation(endpoint, path, operation, schemas)
        failures |= set(_failures(endpoint, path, operation).values())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Easel",
            "version": "1",
            "summary": "One OpenAI-compatible API for many picture, video and chat models.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": name} for name in dict.fromkeys((*_TAGS.values(), "service"))],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "responses": {_name(kinds): _failure(kinds) for kinds in failures},
            "securitySchemes": _SCHEMES,
            "headers": {"x-request-id": _REQUEST_ID},
        },
    }


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
        return {"enum": [True, False, 1, 0]}


class _Answered(_Generator):
    """Types of answers: these have what the types say and nothing else."""

    @staticmethod
    def is_for(kind: Any) -> bool:
        return not _Asked.is_for(kind)

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return {"additionalProperties": False, **super().typed_dict_schema(schema)}


class _Schemas:
    """The schemas of all types at once: what they share is defined once."""

    def __init__(self, names: Iterator[str]) -> None:
        kinds = {name: _type(name) for name in ("answers.ErrorAnswer", *names)}
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

    def of(self, name: str) -> Json:
        return self._schemas[name, "validation"]

    def members(self, name: str) -> Iterator[tuple[str, Json, bool]]:
        """Names, schemas, and whether they are required."""
        schema = self.of(name)
        if "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        for member, its in schema["properties"].items():
            yield member, its, member in schema.get("required", ())


def _type(name: str) -> Any:
    """The type that an operation calls `module.Type`."""
    module, _, kind = name.partition(".")
    return getattr(import_module(f"shared.api.{module}"), kind)


def _is_media_type(name: str) -> bool:
    return "/" in name


def _kinds(operation: Operation) -> Iterator[str]:
    """The names of all types that an operation speaks of."""
    yield from filter(None, (operation.takes, operation.form, operation.query, operation.headers))
    for given in operation.gives.values():
        yield from (kind for kind in _several(given) if not _is_media_type(kind))


def _operation(endpoint: Endpoint, path: str, operation: Operation, schemas: _Schemas) -> Json:
    handler = operation.handler
    summary, _, description = (handler.__doc__ or "").strip().partition("\n\n")
    module = handler.__module__.rpartition(".")[2]
    return {
        "operationId": f"{module}_{handler.__name__}" + ("_proxy" if path.startswith("/api/") else ""),
        "summary": summary.strip().rstrip("."),
        **({"description": description.strip()} if description else {}),
        "tags": [_tag(path)],
        "security": _SECURITY[endpoint.access],
        "parameters": list(_parameters(path, operation, schemas)),
        **_body(operation, schemas),
        "responses": {
            **{
                str(status): {"$ref": f"#/components/responses/{_name(kinds)}"}
                for status, kinds in _failures(endpoint, path, operation).items()
            },
            **_answers(operation, schemas),
        },
    }


def _tag(path: str) -> str:
    return next((tag for word, tag in _TAGS.items() if f"/{word}" in path), "service")


def _parameters(path: str, operation: Operation, schemas: _Schemas) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for place, kind in (("query", operation.query), ("header", operation.headers)):
        for name, schema, required in schemas.members(kind) if kind else ():
            yield {"name": name, "in": place, "required": required, "schema": schema}


def _body(operation: Operation, schemas: _Schemas) -> Json:
    content = {
        media_type: {"schema": schemas.of(kind)}
        for media_type, kind in (("application/json", operation.takes), ("multipart/form-data", operation.form))
        if kind
    }
    if operation.files:
        content["multipart/form-data"] = {"schema": _form(operation, schemas)}
    return {"requestBody": {"required": True, "content": content}} if content else {}


def _form(operation: Operation, schemas: _Schemas) -> Json:
    """The JSON's members as a form's fields, which are never null, some of them as files."""
    members = {name: _not_null(schema) for name, schema, _ in schemas.members(operation.takes)}
    required = [name for name, _, needed in schemas.members(operation.takes) if needed]
    for name in operation.files:
        for other in (name.removesuffix("[]"), name.replace("[]", "s")):
            members.pop(other, None)
        several = name.endswith(("[]", "s"))
        members[name] = _FILE | ({"description": "Once for each file."} if several else {})
        required += [name] if name.endswith("[]") else []
    return {"type": "object", "properties": members, "required": required}


def _not_null(schema: Json) -> Json:
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options})} if options else schema


def _answers(operation: Operation, schemas: _Schemas) -> Json:
    return {
        str(status): _answer(
            HTTPStatus(status).phrase,
            {
                kind if _is_media_type(kind) else "application/json": {}
                if _is_media_type(kind)
                else {"schema": schemas.of(kind)}
                for kind in _several(given)
            },
        )
        for status, given in operation.gives.items()
    }


def _failures(endpoint: Endpoint, path: str, operation: Operation) -> dict[int, Failures]:
    """Those of the operation, and those that follow from its key, its path and what it takes, by status."""
    fails: set[type[EaselError]] = {*_EVERYWHERE, *operation.fails}
    fails |= {errors.Unauthenticated} if endpoint.access not in (Access.ANYONE, Access.ID) else set()
    fails |= {errors.NotFound} if "{" in path or operation.query or endpoint.access is Access.ADMIN else set()
    fails |= {errors.BadRequest} if operation.takes or operation.query or operation.headers else set()
    fails |= {errors.NotFound, errors.TooLarge} if operation.takes else set()
    by_status: dict[int, list[type[EaselError]]] = {}
    for error in sorted(fails, key=lambda error: error.__name__):
        by_status.setdefault(meaning_of_type(error).status, []).append(error)
    return {status: tuple(kinds) for status, kinds in sorted(by_status.items())}


def _name(kinds: Failures) -> str:
    return "-".join(kind.__name__ for kind in kinds)


def _failure(kinds: Failures) -> Json:
    content = {
        "schema": {"$ref": "#/components/schemas/ErrorAnswer"},
        "examples": {kind.__name__: {"value": _example(kind)} for kind in kinds},
    }
    return _answer("; ".join(f"`{kind.code}`: {_cause(kind)}" for kind in kinds), {"application/json": content})


def _cause(kind: type[EaselError]) -> str:
    return str(_CAUSES.get(kind.__name__, "something went wrong here, and it is our fault"))


def _answer(description: str, content: Json) -> Json:
    headers = {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}
    return {"description": description, "headers": headers, "content": content}


def _example(error: type[EaselError]) -> Json:
    return {
        "error": {
            "message": f"{_cause(error).capitalize()}.",
            "type": meaning_of_type(error).type,
            "param": None,
            "code": error.code,
        }
    }


def _several(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return given if isinstance(given, tuple) else (given,)
