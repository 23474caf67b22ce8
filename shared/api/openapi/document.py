"""Generate /openapi.json from the routes and the types of their operations."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from http import HTTPStatus

from shared import errors
from shared.api.auth import Access
from shared.api.errors import meaning_of_type
from shared.api.openapi.descriptions import FIELDS, HEADERS, INTRODUCTION, OF_ERRORS, OF_STATUS
from shared.api.openapi.examples import EVENTS, EXAMPLES
from shared.api.openapi.schemas import Json, Schemas, not_null
from shared.api.routing import STREAM, Endpoint, Failures, Operation
from shared.errors import EaselError

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


def document(endpoints: tuple[Endpoint, ...], base_url: str) -> Json:
    """Return the OpenAPI 3.1 document of these endpoints."""
    return {**_everything(endpoints), "servers": [{"url": base_url}]}


@functools.cache
def _everything(endpoints: tuple[Endpoint, ...]) -> Json:
    operations = [
        (endpoint, verb, operation) for endpoint in endpoints for verb, operation in endpoint.operations.items()
    ]
    bodies = dict.fromkeys(kind for _, _, operation in operations for kind in (operation.takes, operation.form) if kind)
    schemas = Schemas((kind for _, _, operation in operations for kind in _kinds(operation)), iter(bodies))
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
        "tags": [{"name": name} for name in dict.fromkeys((*_TAGS.values(), "service"))],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "responses": {_name(kinds): _failure(kinds) for kinds in failures},
            "securitySchemes": _SCHEMES,
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()},
        },
    }


def _is_media_type(name: str) -> bool:
    return "/" in name


def _kinds(operation: Operation) -> Iterator[str]:
    """Yield the names of all types that an operation uses."""
    yield from filter(None, (operation.takes, operation.form, operation.query, operation.headers))
    for given in operation.gives.values():
        yield from (kind for kind in _several(given) if not _is_media_type(kind))


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
        "parameters": list(_parameters(path, operation, schemas)),
        **_body(operation, schemas),
        "responses": {
            **{
                str(status): {"$ref": f"#/components/responses/{_name(kinds)}"}
                for status, kinds in _failures(endpoint, path, operation).items()
            },
            **_answers(path, operation, schemas),
        },
    }


def _tag(path: str) -> str:
    return next((tag for word, tag in _TAGS.items() if f"/{word}" in path), "service")


def _parameters(path: str, operation: Operation, schemas: Schemas) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)", path):
        yield {"name": name, "in": "path", "required": True, "description": FIELDS[name], "schema": {"type": "string"}}
    for place, kind in (("query", operation.query), ("header", operation.headers)):
        for name, schema, required in schemas.members(kind) if kind else ():
            about = schema.get("description") or FIELDS[name]
            yield {"name": name, "in": place, "required": required, "description": about, "schema": schema}


def _body(operation: Operation, schemas: Schemas) -> Json:
    content = {
        media_type: {"schema": schemas.of(kind), **_example(kind)}
        for media_type, kind in (("application/json", operation.takes), ("multipart/form-data", operation.form))
        if kind
    }
    if operation.files:
        content["multipart/form-data"] = {"schema": _form(operation, schemas)}
    return {"requestBody": {"required": True, "content": content}} if content else {}


def _example(kind: str) -> Json:
    return {"example": EXAMPLES[kind]} if kind in EXAMPLES else {}


def _form(operation: Operation, schemas: Schemas) -> Json:
    """Return the JSON fields as non-null form fields, some of them files."""
    members = {name: not_null(schema) for name, schema, _ in schemas.members(operation.takes)}
    required = [name for name, _, needed in schemas.members(operation.takes) if needed]
    for name in operation.files:
        for other in (name.removesuffix("[]"), name.replace("[]", "s")):
            members.pop(other, None)
        several = name.endswith(("[]", "s"))
        members[name] = _FILES if several else _FILE | {"description": FIELDS[name]}
        required += [name] if name.endswith("[]") else []
    rules = {name: rule for name, rule in schemas.definition(operation.takes).items() if name == "allOf"}
    return {"type": "object", "properties": members, "required": required, **rules}


def _answers(path: str, operation: Operation, schemas: Schemas) -> Json:
    return {
        str(status): _answer(status, HTTPStatus(status).phrase, dict(_content(path, given, schemas)), *operation.sends)
        for status, given in operation.gives.items()
    }


def _content(path: str, given: str | tuple[str, ...], schemas: Schemas) -> Iterator[tuple[str, Json]]:
    for kind in _several(given):
        if not _is_media_type(kind):
            yield "application/json", {"schema": schemas.of(kind), **_example(kind)}
        elif kind == STREAM:
            yield kind, {"example": next(events for part, events in EVENTS.items() if part in path)}
        else:
            yield kind, {"schema": _TEXT if kind.startswith("text/") else _BYTES}


def _failures(endpoint: Endpoint, path: str, operation: Operation) -> dict[int, Failures]:
    """Return the errors of the operation and those implied by its access, path and body, by status."""
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
        "examples": {kind.__name__: {"value": _error(kind)} for kind in kinds},
    }
    about = "; ".join(f"`{kind.code}`: {_cause(kind)}" for kind in kinds)
    return _answer(meaning_of_type(kinds[0]).status, about, {"application/json": content})


def _cause(kind: type[EaselError]) -> str:
    return str(_CAUSES.get(kind.__name__, "internal error"))


def _answer(status: int, description: str, content: Json, *sends: str) -> Json:
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


def _several(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return given if isinstance(given, tuple) else (given,)
