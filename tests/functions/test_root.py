"""The paths that belong to no endpoint of their own: /, /ping, /health, prefixes and slashes."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.emulators.zimage import ZImage
from tests.functions.helpers import assert_error, file_url, look, order, start_job
from tests.rig import Gateway

NO_KEY = {"authorization": ""}
PREFIXES = ["hf", "/hf", "/hf/"]


def test_the_root_says_what_this_is(client: httpx.Client, gateway: Gateway) -> None:
    answer = client.get("/", headers=NO_KEY)
    assert answer.status_code == 200
    assert answer.json()["name"] == "Easel"
    assert answer.json()["base_url"] == f"{gateway.url}/v1"
    assert client.get(answer.json()["models"]).json()["object"] == "list"
    assert client.get(answer.json()["health"]).json()["status"] == "healthy"
    assert client.get(answer.json()["docs"]).headers["content-type"].startswith("text/html")


def test_ping(client: httpx.Client) -> None:
    assert client.get("/ping", headers=NO_KEY).text == "pong"


@pytest.mark.parametrize("path", ["/health", "/v1/health", "/health/"])
def test_health_tells_counts_and_no_names(client: httpx.Client, zimage: ZImage, path: str) -> None:
    answer = client.get(path, headers=NO_KEY)
    assert answer.status_code == 200
    health = answer.json()
    assert (health["status"], health["service"]) == ("healthy", "easel")
    assert abs(health["timestamp"] - time.time()) < 60
    assert (health["accounts_total"], health["accounts_available"]) == (2, 2)
    assert zimage.url not in answer.text
    assert zimage.calls == []


def test_an_account_that_rests_is_not_counted_as_available(
    gateway: Gateway, client: httpx.Client, zimage: ZImage
) -> None:
    zimage.auth = "cookie"
    gateway.environment["ZIMAGE_COOKIE"] = "stale=1"
    assert order(client).status_code == 502
    assert client.get("/health").json()["accounts_available"] == 1


@pytest.mark.parametrize("path", ["/", "/ping", "/health", "/v1/health"])
def test_head(client: httpx.Client, path: str) -> None:
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["/", "/ping", "/health", "/v1/models", "/v1/nope", "/v1/models/nope"])
def test_every_answer_has_a_request_id_of_its_own(client: httpx.Client, path: str) -> None:
    first, second = (client.get(path).headers["x-request-id"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize("prefix", PREFIXES)
def test_everything_lies_under_the_prefix(gateway: Gateway, client: httpx.Client, zimage: ZImage, prefix: str) -> None:
    gateway.environment["API_PREFIX"] = prefix
    assert client.get("/hf/").json()["base_url"] == f"{gateway.url}/hf/v1"
    assert client.get("/hf").json()["name"] == "Easel"
    assert client.get("/hf/v1/models").json() == client.get("/hf/models").json()
    picture = client.post("/hf/v1/images/generations", json={"prompt": "a cat"}).json()["data"][0]
    assert picture["url"].startswith(f"{gateway.url}/hf/images/")
    assert client.get(picture["url"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("path", ["/v1/models", "/models", "/v1/health", "/", "/hfv1/models", "/h"])
def test_nothing_lies_beside_the_prefix(gateway: Gateway, client: httpx.Client, prefix: str, path: str) -> None:
    gateway.environment["API_PREFIX"] = prefix
    assert_error(client.get(path), 404, "unknown_url")


@pytest.mark.parametrize("path", ["/ping", "/health", "/hf/ping", "/hf/health", "/hf/v1/health"])
def test_health_checks_find_us_with_and_without_the_prefix(gateway: Gateway, client: httpx.Client, path: str) -> None:
    gateway.environment["API_PREFIX"] = "hf"
    assert client.get(path).status_code == 200


def test_a_location_holds_the_prefix(gateway: Gateway, client: httpx.Client) -> None:
    gateway.environment["API_PREFIX"] = "hf"
    body = {"prompt": "a cat"}
    answer = client.post("/hf/v1/images/generations", json=body, headers={"prefer": "respond-async"})
    assert client.get(answer.headers["location"]).json()["id"] == answer.json()["id"]


@pytest.mark.parametrize("path", ["/images/generations", "/v1/images/generations/", "/images/generations/"])
def test_an_order_with_and_without_v1_and_a_slash_at_the_end(client: httpx.Client, zimage: ZImage, path: str) -> None:
    answer = client.post(path, json={"prompt": "a cat", "response_format": "url"})
    assert answer.status_code == 200, answer.text


def test_configuration_is_read_at_each_request(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    job = start_job(client)
    assert "/hf/" not in file_url(client)
    gateway.environment["API_PREFIX"] = "hf"
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404
    del gateway.environment["API_PREFIX"]
    assert look(client, job["id"])["status"] == "completed"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_WAIT_SECONDS", "long"),
        ("JOB_TTL_HOURS", "-1"),
        ("MODEL_ALIASES", "[]"),
        ("MODEL_ALIASES", '{"fast": 1}'),
        ("ZIMAGE_MODELS", '{"a": {"sizes": ["banana"]}}'),
        ("DEFAULT_RESPONSE_FORMAT", "jpeg"),
        ("PROVIDERS", "nobody"),
        ("ACCOUNTS", '[{"id": "a"}]'),
        ("ACCOUNTS_DIR", "/nowhere"),
        ("MAX_CONCURRENT_TASKS", "few"),
        ("PUBLIC_URL", "example.com"),
    ],
)
def test_a_bad_setting_is_named(gateway: Gateway, client: httpx.Client, name: str, value: str) -> None:
    gateway.environment[name] = value
    answer = client.get("/v1/models", headers={"origin": "https://app.example"})
    error = assert_error(answer, 500, "misconfigured")
    assert error["message"].startswith(f"{name}:")
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["access-control-allow-origin"] == "*"
