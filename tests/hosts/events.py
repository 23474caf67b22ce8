"""Requests as AWS describes them to a function, by each front that it has."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from tests.rig import API_KEY

Event: TypeAlias = dict[str, Any]
Front: TypeAlias = Callable[..., Event]

HOST = "api.example"


def rest(method: str, target: str, body: Any = None, stage: str = "dev", **headers: str) -> Event:
    """API Gateway's REST API: the stage is not in the path, and bodies are base64 with binaryMediaTypes."""
    url = urlsplit(target)
    query = parse_qs(url.query)
    names = _headers(headers)
    return {
        "resource": "/{rest+}",
        "path": url.path,
        "httpMethod": method,
        "headers": names,
        "multiValueHeaders": {name: [value] for name, value in names.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"rest": url.path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/{rest+}",
            "httpMethod": method,
            "path": f"/{stage}{url.path}",
            "protocol": "HTTP/1.1",
            "stage": stage,
            "domainName": HOST,
            "identity": {"sourceIp": "203.0.113.7"},
        },
        **_base64(body),
    }


def http_api(method: str, target: str, body: Any = None, stage: str = "$default", **headers: str) -> Event:
    """API Gateway's HTTP API, payload 2.0: a stage with a name is in the path."""
    url = urlsplit(target)
    path = url.path if stage == "$default" else f"/{stage}{url.path}"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": url.query,
        "headers": _headers(headers),
        "requestContext": {
            "stage": stage,
            "domainName": HOST,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
        },
        **_base64(body),
    }


def custom_domain(method: str, target: str, body: Any = None, **headers: str) -> Event:
    """A REST API at a custom domain with the base path /img: it is in both paths, and the stage in none."""
    event = rest(method, target, body, **headers)
    path = f"/img{event['path']}"
    return event | {"path": path, "requestContext": event["requestContext"] | {"path": path}}


def load_balancer(method: str, target: str, body: Any = None, **headers: str) -> Event:
    """An Application Load Balancer: the query is left encoded, JSON is left as it is."""
    url = urlsplit(target)
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/easel/1"}},
        "httpMethod": method,
        "path": unquote(url.path),
        "queryStringParameters": dict(pair.split("=", 1) for pair in url.query.split("&") if pair),
        "headers": _headers(headers),
        "body": "" if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


FRONTS: tuple[Front, ...] = (rest, custom_domain, http_api, load_balancer)

NO_REQUESTS: dict[str, Any] = {
    "nothing": {},
    "null": None,
    "list": [1, 2],
    "text": "ping",
    "warm-up": {"source": "serverless-plugin-warmup"},
    "schedule": {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
    "queue": {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
    "no records": {"Records": []},
    "null context": {"requestContext": None},
    "socket": {"requestContext": {"routeKey": "$connect", "connectionId": "a"}},
}


def _headers(given: dict[str, str]) -> dict[str, str]:
    own = {name.replace("_", "-"): value for name, value in given.items()}
    return {"Host": HOST, "X-Forwarded-Proto": "https", "Authorization": f"Bearer {API_KEY}", **own}


def _base64(body: Any) -> Event:
    if body is None:
        return {"body": None, "isBase64Encoded": False}
    return {"body": base64.b64encode(json.dumps(body).encode()).decode(), "isBase64Encoded": True}
