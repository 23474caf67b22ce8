"""/openapi.json says what the functions do: every one of their endpoints, and all of it true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import validate

from shared.api import Endpoint
from tests.emulators.ark import Ark
from tests.emulators.gemini import Gemini
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.piclumen import Piclumen
from tests.rig import API_KEY, Gateway

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.stem for path in (ROOT / "functions").glob("[!_]*.py"))
ADMIN_KEY = "an-operators-key"
BOUNDLESS: Any = {
    "ARK_MODELS": '{"seedance-2.0": {"upstream": "ep-boundless", "typical_seconds": 0, "seconds": [],'
    ' "max_inputs": 16, "max_videos": 16}}',
    "OPENAI_COMPATIBLE_MODELS": '{"gpt-image-emulated": {"max_inputs": 16}}',
    "GEMINI_MODELS": '{"gemini-nano-banana-2.1": {"max_inputs": 16}}',
}
"""Models that take whatever the description allows: what else one cannot do, /v1/models says and no schema."""

_SCHEMATHESIS = "from schemathesis.cli import schemathesis; schemathesis()"


def endpoints() -> Iterator[Endpoint]:
    for function in FUNCTIONS:
        yield from import_module(f"functions.{function}").app.routes


OPERATIONS = {
    f"{verb} {endpoint.path.replace(':path', '')}": operation
    for endpoint in endpoints()
    for verb, operation in endpoint.operations.items()
}


@pytest.fixture(scope="module")
def served() -> Iterator[Gateway]:
    """In front of one upstream that edits pictures, of one that talks and of PicLumen, whose clients have endpoints."""
    with (
        Gemini() as gemini,
        OpenAICompatible(unheard_of="ignore", careful=False) as talker,
        Piclumen(steps=0) as piclumen,
        Ark(steps=0) as ark,
    ):
        upstreams: Any = {**gemini.environment(), **talker.environment(), **piclumen.environment(), **ark.environment()}
        with Gateway(ADMIN_KEYS=ADMIN_KEY, MAX_WAIT_SECONDS="10", **BOUNDLESS, **upstreams) as gateway:
            yield gateway


@pytest.fixture(scope="module")
def document(served: Gateway) -> dict[str, Any]:
    answer = httpx.get(f"{served.url}/openapi.json")
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_it_names_every_verb_of_every_endpoint_and_no_others(document: dict[str, Any]) -> None:
    told = {f"{verb.upper()} {path}" for path, item in document["paths"].items() for verb in item}
    there = {
        f"{verb} {endpoint.path.replace(':path', '')}"
        for endpoint in endpoints()
        for verb in endpoint.handlers
        if verb != "HEAD"
    }
    assert told == there


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_is_told_in_words(document: dict[str, Any], name: str) -> None:
    verb, path = name.split()
    assert document["paths"][path][verb.lower()]["summary"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_lists_a_result_and_the_errors_of_every_request(document: dict[str, Any], name: str) -> None:
    """403 is open mode's, 408 and 431 the local server's; the variations are always refused."""
    verb, path = name.split()
    statuses = document["paths"][path][verb.lower()]["responses"].keys()
    assert statuses >= {"403", "408", "431", "500", "503"}
    assert ("200" in statuses) == (path != "/v1/images/variations")


def test_each_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)


def test_it_names_the_address_it_is_asked_at(served: Gateway, serve: Callable[..., Gateway]) -> None:
    assert httpx.get(f"{served.url}/openapi.json").json()["servers"] == [{"url": served.url}]
    elsewhere = serve(PUBLIC_URL="https://easel.example", API_PREFIX="hf")
    answer = httpx.get(f"{elsewhere.url}/hf/openapi.json").json()
    assert answer["servers"] == [{"url": "https://easel.example/hf"}]


def test_every_error_of_the_document_has_a_cause_in_words(document: dict[str, Any]) -> None:
    described = [response["description"] for response in document["components"]["responses"].values()]
    assert described
    assert not [text for text in described if re.search(r"`: (;|$)", text)]


def test_it_names_every_code_that_programs_may_go_by(document: dict[str, Any]) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "shared").rglob("*.py")]
    raised = set(re.findall(r'\bcode ?= ?"(\w+)"', "\n".join(sources))) | {"image_not_ready", "video_not_ready"}
    answers = json.dumps(document["components"]["responses"])
    told = set(
        re.findall(r"`(\w+)`", document["components"]["schemas"]["ErrorObject"]["properties"]["code"]["description"])
    )
    assert told <= raised
    assert {code for code in raised - told if f'"code": "{code}"' not in answers} == {
        "invalid_request",
        "method_not_allowed",
    }


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where each body stands, its media type, and what is said of it."""
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            asked = operation.get("requestBody", {}).get("content", {})
            yield from ((f"{verb} {path}", media_type, content) for media_type, content in asked.items())
            for status, answer in operation["responses"].items():
                answered = answer.get("content", {})
                yield from (
                    (f"{verb} {path} {status}", media_type, content) for media_type, content in answered.items()
                )


def test_every_body_has_an_example_that_is_one(document: dict[str, Any]) -> None:
    told = [body for body in bodies(document) if body[1] in ("application/json", "text/event-stream")]
    without = {where for where, _, content in told if "example" not in content}
    assert without == {"get /openapi.json 200"}
    for where, media_type, content in told:
        if media_type == "application/json" and where not in without:
            whole = {**content["schema"], "components": document["components"]}
            assert not [
                f"{where}: {wrong.message}" for wrong in Draft202012Validator(whole).iter_errors(content["example"])
            ]


def test_everything_that_can_be_sent_is_told_in_words(document: dict[str, Any]) -> None:
    fields: dict[str, Any] = {}
    for where, _, content in bodies(document):
        schema = content.get("schema", {})
        schema = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
        if where.count(" ") == 1:
            fields |= {f"{where} {name}": field for name, field in schema["properties"].items()}
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            fields |= {f"{verb} {path} {parameter['name']}": parameter for parameter in operation["parameters"]}
    assert len(fields) > 100
    assert not [name for name, field in fields.items() if not field.get("description")]


def test_headers_stand_where_they_are_sent(served: Gateway, document: dict[str, Any]) -> None:
    """What programs go by is told of the very answer that has it."""
    with served.client() as client:
        order = {"prompt": "a cat", "model": "sketch", "style": "vivid", "response_format": "url"}
        made = client.post("/v1/images/generations", json=order)
        begun = client.post("/v1/images/generations", json=order, headers={"prefer": "respond-async"})
        late = client.post("/v1/images/generations", json=order | {"delay": 60})
        file = client.get(made.json()["data"][0]["url"], headers={"range": "bytes=0-9"})
        known = client.get(made.json()["data"][0]["url"], headers={"if-none-match": file.headers["etag"]})
        nobody = httpx.post(f"{served.url}/v1/images/generations", json=order)
        listed = client.get("/v1/videos")
    generate = document["paths"]["/v1/images/generations"]["post"]
    show = document["paths"]["/images/{id}.{extension}"]["get"]
    index = document["paths"]["/v1/videos"]["get"]
    for operation, answer, status, names in (
        (generate, made, 200, {"easel-ignored"}),
        (generate, begun, 202, {"location", "preference-applied", "openai-poll-after-ms", "retry-after"}),
        (generate, late, 424, {"location", "x-should-retry"}),
        (generate, nobody, 401, {"www-authenticate", "x-should-retry"}),
        (show, file, 206, {"content-range", "etag", "accept-ranges", "cache-control"}),
        (show, known, 304, {"etag"}),
        (index, listed, 200, {"easel-note"}),
    ):
        assert answer.status_code == status
        told = operation["responses"][str(status)]
        told = document["components"]["responses"].get(told.get("$ref", "").rpartition("/")[2], told)["headers"]
        assert {*names, "x-request-id"} <= {*answer.headers} & {*told}


def test_it_is_true(served: Gateway, tmp_path: Path) -> None:
    """Whatever fits the document is taken, whatever does not is refused, and all answers are as it says."""
    options = ("--config-file", str(Path(__file__).with_name("schemathesis") / "schemathesis.toml"))
    checked = subprocess.run(
        [sys.executable, "-c", _SCHEMATHESIS, *options, "run", f"{served.url}/openapi.json"],
        cwd=tmp_path,
        env={
            **os.environ,
            "NO_COLOR": "1",
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.functions.schemathesis.hooks",
            "API_KEY": API_KEY,
            "ADMIN_KEY": ADMIN_KEY,
        },
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert not checked.returncode, checked.stdout + checked.stderr
