"""API Gateway's REST API in front of deployed functions: its routes, events, limits, and answers of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.emulators.server import Server, line_of
from tests.hosts.aws.deployment import Deployment, Route, segments
from tests.hosts.aws.environments import Environment, Environments
from tests.hosts.runtime_api import Answer

LARGEST_BODY = 10 << 20
LARGEST_PAYLOAD = 6 << 20
LARGEST_STREAM = 200 << 20
_DELIMITER = bytes(8)
_BODILESS = (204, 304)


class Refusal(Exception):
    """The gateway answers by itself."""

    def __init__(self, status: int, message: str, kind: str | None = None) -> None:
        self.status = status
        self.message = message
        self.kind = kind or f"DEFAULT_{status // 100}XX"


class Broken(Exception):
    """The answer has begun and cannot be ended."""


class Gateway:
    """Serves a deployment until `close`. Its address is `url`, the stage included."""

    def __init__(self, deployment: Deployment, environments: Environments) -> None:
        self.environments = environments
        self._deployment = deployment
        self._server = Server(self._serve)
        self.url = f"{self._server.url}/{deployment.stage}"

    def close(self) -> None:
        self._server.stop()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            route, parameters = self._route(request)
            event = _event(request, await _body(request), self._deployment.stage, route, parameters)
            await self._invoke(route, event, send)
        except Refusal as refusal:
            await self._refuse(refusal)(scope, receive, send)
        except Broken:
            await line_of(scope).hang_up()

    def _route(self, request: Request) -> tuple[Route, dict[str, str]]:
        stage, *path = segments(request.scope["path"])
        if stage != self._deployment.stage:
            raise Refusal(403, "Forbidden")
        for route in self._deployment.routes:
            parameters = route.parameters(tuple(path))
            if parameters is not None:
                return route, parameters
        raise Refusal(403, "Missing Authentication Token", "MISSING_AUTHENTICATION_TOKEN")

    async def _invoke(self, route: Route, event: dict[str, Any], send: Send) -> None:
        function = self._deployment.functions[route.function]
        if len(json.dumps(event)) > LARGEST_PAYLOAD:
            raise Refusal(413, "Request Too Long")
        async with self.environments.take(function) as environment:
            try:
                answer = environment.send(event, self.environments.seconds)
                await (_stream if route.streams else _whole)(environment, answer, send)
            except TimeoutError:
                environment.kill()
                raise Refusal(504, "Endpoint request timed out", "INTEGRATION_TIMEOUT") from None

    def _refuse(self, refusal: Refusal) -> Response:
        """By the deployed templates, the special ones before the general."""
        responses = self._deployment.gateway_responses
        chosen = responses.get(refusal.kind) or responses[f"DEFAULT_{refusal.status // 100}XX"]
        [(media_type, template)] = chosen["ResponseTemplates"].items()
        content = template.replace("$context.error.messageString", json.dumps(refusal.message))
        headers = {
            re.sub("^gatewayresponse.header.", "", name): value.strip("'")
            for name, value in chosen["ResponseParameters"].items()
        }
        return Response(content, int(chosen.get("StatusCode", refusal.status)), headers, media_type)


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise Refusal(413, "Request Too Long", "REQUEST_TOO_LARGE")
    return body


def _event(request: Request, body: bytes, stage: str, route: Route, parameters: dict[str, str]) -> dict[str, Any]:
    full = request.scope["path"]
    query = parse_qs(request.url.query, keep_blank_values=True)
    headers: dict[str, list[str]] = {}
    for name, value in [*request.headers.items(), ("X-Forwarded-Proto", "http"), ("X-Forwarded-For", "203.0.113.7")]:
        headers.setdefault(name, []).append(value)
    return {
        "resource": route.resource,
        "path": full.removeprefix(f"/{stage}") or "/",
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route.resource,
            "httpMethod": request.method,
            "path": full,
            "protocol": "HTTP/1.1",
            "stage": stage,
            "domainName": request.headers["host"],
            "identity": {"sourceIp": "203.0.113.7", "userAgent": request.headers.get("user-agent")},
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


async def _stream(environment: Environment, answer: Answer, send: Send) -> None:
    """Pass on what comes, once the head is there."""
    pieces = _pieces(environment, answer)
    head = b""
    async for piece in pieces:
        head += piece
        if _DELIMITER in head:
            break
    else:
        raise Refusal(502, "Internal server error")
    prelude, _, first = head.partition(_DELIMITER)
    await send(_start(json.loads(prelude)))
    sent = 0
    async for piece in _joined(first, pieces):
        sent += len(piece)
        if sent > LARGEST_STREAM:
            raise Broken
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if not answer.whole:
        raise Broken
    await send({"type": "http.response.body"})


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _pieces(environment: Environment, answer: Answer) -> AsyncIterator[bytes]:
    """An answer's chunks as they come, until it is over or the process dies; TimeoutError when that takes too long."""
    passed, until = 0, time.monotonic() + environment.function.timeout
    while True:
        over = answer.over.is_set() or not environment.alive
        while passed < len(answer.chunks):
            yield answer.chunks[passed].data
            passed += 1
        if over:
            return
        if time.monotonic() > until:
            raise TimeoutError
        # Looked at rather than woken: the Runtime API is in another thread.
        await asyncio.sleep(0.001)


async def _whole(environment: Environment, answer: Answer, send: Send) -> None:
    """Wait for all of it, as one JSON text with the body inside."""
    payload = b"".join([piece async for piece in _pieces(environment, answer)])
    if not answer.whole or answer.kind == "error" or len(payload) > LARGEST_PAYLOAD:
        raise Refusal(502, "Internal server error")
    content = json.loads(payload)
    body = content.get("body") or ""
    await send(_start(content))
    await send(
        {"type": "http.response.body", "body": base64.b64decode(body) if content["isBase64Encoded"] else body.encode()}
    )


def _start(head: dict[str, Any]) -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in _headers(head)]
    if head["statusCode"] in _BODILESS:
        raw = [(name, value) for name, value in raw if name != b"content-length"]
    return {"type": "http.response.start", "status": head["statusCode"], "headers": raw}


def _headers(head: dict[str, Any]) -> Iterable[tuple[str, str]]:
    many = head.get("multiValueHeaders") or {}
    yield from ((name, value) for name, values in many.items() for value in values)
    yield from ((name, value) for name, value in (head.get("headers") or {}).items() if name not in many)
    yield from (("set-cookie", cookie) for cookie in head.get("cookies") or [])
