"""Each file of functions/ is a handler for Lambda as well, and importing it does nothing but that."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, reload
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from shared.api import App
from tests.functions.helpers import png_size
from tests.rig import API_KEY, SIGNING_KEY

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.stem for path in (ROOT / "functions").glob("[!_]*.py"))

LIGHT_IMPORT = """
import importlib, sys

for name in sys.argv[1:]:
    importlib.import_module(f"functions.{name}")
print(*{"mangum", "boto3", "uvicorn"} & sys.modules.keys())
"""


class Context:
    """What Lambda tells a function of the invocation."""

    aws_request_id = "8f5c6f5e-0000-4000-8000-000000000000"
    function_name = "easel"

    def get_remaining_time_in_millis(self) -> int:
        return 25_000


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """Mangum takes the thread's event loop, or makes one that it never closes."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", API_KEY)
    monkeypatch.setenv("SIGNING_KEYS", SIGNING_KEY)


def function(name: str) -> ModuleType:
    """The module after a cold start: a handler keeps what it has seen of its environment."""
    return reload(import_module(f"functions.{name}"))


def rest_event(method: str, path: str, body: Json | None = None, headers: dict[str, str] | None = None) -> Json:
    """What a REST API of API Gateway sends."""
    sent = {"Host": "easel.example", "X-Forwarded-Proto": "https", "x-api-key": API_KEY} | (headers or {})
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"path": path, "stage": "prod", "httpMethod": method, "identity": {"sourceIp": "1.2.3.4"}},
        "body": json.dumps(body) if body else None,
        "isBase64Encoded": False,
    }


def http_event(method: str, path: str, body: Json | None = None, headers: dict[str, str] | None = None) -> Json:
    """What an HTTP API of API Gateway, or a function URL, sends."""
    sent = {"host": "easel.example", "x-forwarded-proto": "https", "x-api-key": API_KEY} | (headers or {})
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": sent,
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "1.2.3.4", "protocol": "HTTP/1.1"},
            "stage": "$default",
        },
        "body": base64.b64encode(json.dumps(body).encode()).decode() if body else None,
        "isBase64Encoded": body is not None,
    }


EVENTS = pytest.mark.parametrize("event", [rest_event, http_event], ids=["REST API", "HTTP API"])


def headers_of(answer: Json) -> dict[str, str]:
    several: dict[str, list[str]] = answer.get("multiValueHeaders") or {}
    return {name: ", ".join(values) for name, values in several.items()} | dict(answer["headers"])


def body_of(answer: Json) -> bytes:
    body: str = answer["body"]
    return base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_an_app_and_a_handler(name: str) -> None:
    module = function(name)
    assert isinstance(module.app, App)
    assert module.app.routes
    assert callable(module.handler)


@EVENTS
@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("root", "/ping", b"pong"),
        ("root", "/v1/health", b'"healthy"'),
        ("docs", "/", b'"Easel"'),
        ("models", "/v1/models/sketch", b'"sketch"'),
    ],
)
def test_an_event_gets_its_answer(event: Any, name: str, path: str, said: bytes) -> None:
    answer = function(name).handler(event("GET", path), Context())
    assert answer["statusCode"] == 200
    assert said in body_of(answer)
    assert headers_of(answer)["x-request-id"].startswith("req_")


@EVENTS
@pytest.mark.usefixtures("configured")
def test_a_picture_from_order_to_bytes(event: Any) -> None:
    order = {"prompt": "dusk", "model": "sketch", "size": "64x96"}
    answer = function("images_generations").handler(event("POST", "/v1/images/generations", order), Context())
    assert answer["statusCode"] == 200
    [picture] = json.loads(body_of(answer))["data"]
    content = base64.b64decode(picture["b64_json"])
    assert png_size(content) == (64, 96)

    job = function("jobs").handler(event("GET", f"/v1/jobs/{json.loads(body_of(answer))['job']}"), Context())
    assert json.loads(body_of(job))["status"] == "completed"

    path = picture["url"].split("easel.example")[1]
    file = function("files").handler(event("GET", path), Context())
    assert file["isBase64Encoded"]
    assert body_of(file) == content
    assert headers_of(file)["content-type"] == "image/png"


@EVENTS
@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("name", "method", "path", "headers", "status", "code"),
    [
        ("root", "GET", "/v1/nope", {}, 404, "unknown_url"),
        ("models", "GET", "/v1/models", {"x-api-key": "wrong"}, 401, "invalid_api_key"),
        ("models", "POST", "/v1/models", {}, 405, "method_not_allowed"),
        ("images_generations", "POST", "/v1/images/generations", {}, 400, "invalid_value"),
        ("jobs", "GET", "/v1/jobs/nothing", {}, 404, "not_found"),
        ("files", "GET", "/images/nothing.png", {}, 404, "not_found"),
    ],
)
def test_an_error_is_the_envelope(
    event: Any, name: str, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = function(name).handler(event(method, path, headers=headers), Context())
    assert answer["statusCode"] == status
    error = json.loads(body_of(answer))["error"]
    assert error.keys() >= {"message", "type", "param", "code"}
    assert error["code"] == code


@EVENTS
def test_a_function_is_never_in_open_mode(event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEYS", "API_KEY", "BEARER_TOKEN", "SIGNING_KEYS"):
        monkeypatch.delenv(name, raising=False)
    answer = function("models").handler(event("GET", "/v1/models", headers={"host": "localhost"}), Context())
    assert answer["statusCode"] == 500
    assert "API_KEYS" in json.loads(body_of(answer))["error"]["message"]


def test_what_is_heavy_waits_until_it_is_needed() -> None:
    assert run(LIGHT_IMPORT, *FUNCTIONS).split() == []


def run(script: str, *arguments: str) -> str:
    """What the script prints, in a process of its own."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
