"""Generate /openapi.json from the routes and the annotations of their handlers."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from shared import errors
from shared.api.auth import Access
from shared.api.errors import meaning_of_type
from shared.api.openapi.descriptions import FIELDS, HEADERS, INTRODUCTION, OF_ERRORS, OF_STATUS
from shared.api.openapi.examples import EVENTS, EXAMPLES
from shared.api.openapi.handlers import Returned, body_types, returned_types
from shared.api.openapi.parameters import PARAMETERS
from shared.api.openapi.schemas import Json, Schemas, not_null
from shared.api.responses.types import OpenApi
from shared.api.routing import Endpoint, Failures, Operation
from shared.api.streaming import StreamedResponse
from shared.errors import EaselError

_EVERYWHERE = (
    *(errors.Forbidden, errors.Misconfigured, errors.StoreUnavailable, EaselError),
    *(errors.RequestTimeout, errors.HeadersTooLarge),  # from the server itself, before there is a handler
)
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
"""Descriptions of the errors, parsed from the tree in the docstring of shared.errors."""
_TAGS = {
    **{word: word for word in ("chat", "images", "videos", "models", "jobs")},
    "tasks": "jobs",
    "generate-image": "piclumen",
    "check-image": "piclumen",
}
_TEXT = {"type": "string"}
_BYTES = {"type": "string", "format": "binary"}
_FILE = _BYTES | {"minLength": 1}
_FILES = {
    "type": "array",
    "items": _FILE,
    "minItems": 1,
    "maxItems": 16,
    "description": "Repeat the field for each file.",
}


def document(endpoints: tuple[Endpoint, ...], base_url: str) -> OpenApi:
    """Return the OpenAPI 3.1 document of these endpoints."""
    return {**_document(endpoints), "servers": [{"url": base_url}]}


@functools.cache
def _document(endpoints: tuple[Endpoint, ...]) -> OpenApi:
    operations = [
        (endpoint, verb, operation) for endpoint in endpoints for verb, operation in endpoint.operations.items()
    ]
    handlers = [operation.handler for _, _, operation in operations]
    schemas = Schemas(
        (kind for handler in handlers for kind in body_types(handler)),
        (returned.content for handler in handlers for returned in returned_types(handler) if returned.content),
    )
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
            "summary": "One OpenAI-compatible API for many image, video and chat models.",
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [],  # depends on the request
        "tags": [{"name": name} for name in dict.fromkeys((*_TAGS.values(), "service"))],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "responses": {_name(kinds): _failure(kinds) for kinds in failures},
            "securitySchemes": _SCHEMES,
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()},
        },
    }


def _operation(endpoint: Endpoint, path: str, operation: Operation, schemas: Schemas) -> Json:
    handler = operation.handler
    summary, _, description = (handler.__doc__ or "").strip().partition("\n\n")
    module = handler.__module__.rpartition(".")[2]
    return {
        "operationId": f"{module}_{handler.__name__}" + ("_proxy" if path.startswith("/api/") else ""),
        "summary": summary.strip().rstrip("."),
        **({"description": description.strip()} if description else {}),
        "tags": [_tag(path)],
        "security": _SECURITY[endpoint.access],
        "parameters": list(_parameters(path, operation)),
        **_body(operation, schemas),
        "responses": {
            **{
                str(status): {"$ref": f"#/components/responses/{_name(kinds)}"}
                for status, kinds in _failures(endpoint, path, operation).items()
            },
            **_responses(path, operation, schemas),
        },
    }


def _tag(path: str) -> str:
    return next((tag for word, tag in _TAGS.items() if f"/{word}" in path), "service")


def _parameters(path: str, operation: Operation) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)", path):
        yield {"name": name, "in": "path", "required": True, "description": FIELDS[name], "schema": _TEXT}
    yield from (PARAMETERS[name] for name in operation.parameters)


def _body(operation: Operation, schemas: Schemas) -> Json:
    content: Json = {}
    for kind in body_types(operation.handler):
        media_type = "multipart/form-data" if schemas.is_form(kind) else "application/json"
        content[media_type] = {"schema": schemas.of(kind), **_example(kind)}
        if operation.form_files:
            content["multipart/form-data"] = {"schema": _form(kind, operation.form_files, schemas)}
    return {"requestBody": {"required": True, "content": content}} if content else {}


def _example(kind: Any) -> Json:
    return {"example": EXAMPLES[kind]} if kind in EXAMPLES else {}


def _form(kind: Any, files: tuple[str, ...], schemas: Schemas) -> Json:
    """Return the JSON fields as non-null form fields, some of them files."""
    fields = {name: not_null(schema) for name, schema, _ in schemas.fields(kind)}
    required = [name for name, _, needed in schemas.fields(kind) if needed]
    for name in files:
        for other in (name.removesuffix("[]"), name.replace("[]", "s")):
            fields.pop(other, None)
        several = name.endswith(("[]", "s"))
        fields[name] = _FILES if several else _FILE | {"description": FIELDS[name]}
        required += [name] if name.endswith("[]") else []
    rules = {name: rule for name, rule in schemas.definition(kind).items() if name == "allOf"}
    return {"type": "object", "properties": fields, "required": required, **rules}


def _responses(path: str, operation: Operation, schemas: Schemas) -> Json:
    contents: dict[int, Json] = {}
    for returned in returned_types(operation.handler):
        contents.setdefault(returned.status, {}).update(_content(path, returned, operation, schemas))
    return {
        str(status): _response(status, HTTPStatus(status).phrase, content, *operation.sends)
        for status, content in contents.items()
    }


def _content(path: str, returned: Returned, operation: Operation, schemas: Schemas) -> Json:
    """Return the schema and example of the response by its media type, or by those of the operation's files."""
    if returned.content:
        return {"application/json": {"schema": schemas.of(returned.content), **_example(returned.content)}}
    match returned.response.media_type:
        case "text/event-stream" as events:
            return {events: {"example": next(example for part, example in EVENTS.items() if part in path)}}
        case str(text):
            return {text: {"schema": _TEXT}}
    is_file = issubclass(returned.response, StreamedResponse)
    return dict.fromkeys(operation.media_types, {"schema": _BYTES}) if is_file else {}


def _failures(endpoint: Endpoint, path: str, operation: Operation) -> dict[int, Failures]:
    """Return the errors of the operation and those implied by its access, path and body, by status."""
    has_body = bool(body_types(operation.handler))
    has_query = any(PARAMETERS[name]["in"] == "query" for name in operation.parameters)
    fails: set[type[EaselError]] = {*_EVERYWHERE, *operation.fails}
    fails |= {errors.Unauthenticated} if endpoint.access not in (Access.ANYONE, Access.ID) else set()
    fails |= {errors.NotFound} if "{" in path or has_query or endpoint.access is Access.ADMIN else set()
    fails |= {errors.BadRequest} if has_body or operation.parameters else set()
    fails |= {errors.NotFound, errors.TooLarge} if has_body else set()
    by_status: dict[int, list[type[EaselError]]] = {}
    for error in sorted(fails, key=lambda error: error.__name__):
        by_status.setdefault(meaning_of_type(error).status, []).append(error)
    return {status: tuple(kinds) for status, kinds in sorted(by_status.items())}


def _name(kinds: Failures) -> str:
    return "-".join(kind.__name__ for kind in kinds)


def _failure(kinds: Failures) -> Json:
    content = {
        "schema": {"$ref": "#/components/schemas/ErrorAnswer"},
        "examples": {kind.__name__: {"value": _error(kind)} for kind in kinds},
    }
    about = "; ".join(f"`{kind.code}`: {_cause(kind)}" for kind in kinds)
    return _response(meaning_of_type(kinds[0]).status, about, {"application/json": content})


def _cause(kind: type[EaselError]) -> str:
    return str(_CAUSES.get(kind.__name__, "internal error"))


def _response(status: int, description: str, content: Json, *sends: str) -> Json:
    names = ("x-request-id", *(OF_ERRORS if status >= 400 else sends), *OF_STATUS.get(status, ()))
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in dict.fromkeys(names)}
    return {"description": description, "headers": headers, "content": content}


def _error(error: type[EaselError]) -> Json:
    return {
        "error": {
            "message": f"{_cause(error).capitalize()}.",
            "type": meaning_of_type(error).type,
            "param": None,
            "code": error.code,
        }
    }
