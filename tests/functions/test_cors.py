"""CORS as browsers need it: preflights with all that the SDKs ask for, exposed headers, errors that can be read."""

from __future__ import annotations

import httpx
import pytest

from tests.emulators.faults import Reply
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import GENERATIONS, SUBMIT, assert_error, file_url, order, start_job
from tests.rig import Gateway

ORIGIN = "https://app.example"
ASKED_FOR = (
    "authorization,content-type,idempotency-key,openai-organization,openai-project,prefer,x-stainless-arch,"
    "x-stainless-custom-poll-interval,x-stainless-helper-method,x-stainless-lang,x-stainless-os,"
    "x-stainless-package-version,x-stainless-poll-helper,x-stainless-retry-count,x-stainless-runtime,"
    "x-stainless-runtime-version,x-stainless-timeout"
)
EXPOSED = {
    *("x-request-id", "retry-after", "retry-after-ms", "x-should-retry", "openai-poll-after-ms", "location"),
    *("preference-applied", "content-range", "etag", "easel-ignored", "easel-job"),
    *("easel-idempotency", "easel-note"),
}
PATHS = [GENERATIONS, "/images/generations", "/v1/models", "/v1/jobs/some-job", "/images/some-file.png", "/v1/nope"]


def preflight(client: httpx.Client, path: str, method: str = "POST", origin: str = ORIGIN) -> httpx.Response:
    """As a browser sends it: without a key."""
    headers = {
        "authorization": "",
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": ASKED_FOR,
    }
    return client.options(path, headers=headers)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_preflight_allows_all_that_the_sdks_send(client: httpx.Client, path: str, method: str) -> None:
    answer = preflight(client, path, method)
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] == "*"
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    allowed = answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert set(allowed) >= set(ASKED_FOR.split(","))
    assert answer.headers["access-control-max-age"] == "7200"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_a_bare_options_is_answered_without_a_key(client: httpx.Client, path: str) -> None:
    answer = client.options(path, headers={"authorization": ""})
    assert (answer.status_code, answer.content) == (204, b"")


def test_what_a_page_needs_to_read_is_exposed(client: httpx.Client) -> None:
    answer = client.get("/v1/models", headers={"origin": ORIGIN})
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert exposed >= EXPOSED
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_page_can_read_every_kind_of_answer(client: httpx.Client, zimage: ZImage) -> None:
    headers = {"origin": ORIGIN}
    url = file_url(client)
    job_id = start_job(client)["id"]
    answers = [
        order(client, headers),
        order(client, headers, response_format="b64_json"),
        order(client, headers, stream=True),
        order(client, headers | {"prefer": "respond-async"}),
        client.get(f"/v1/jobs/{job_id}", headers=headers),
        client.get(url, headers=headers),
        client.get(url, headers=headers | {"range": "bytes=0-1"}),
        client.get(url, headers=headers | {"if-none-match": "*"}),
        client.head(url, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 202, 200, 200, 206, 304, 200]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
    assert all("access-control-expose-headers" in answer.headers for answer in answers)


def test_a_page_can_read_every_kind_of_error(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    headers = {"origin": ORIGIN}
    zimage.next_fate(Fate.FAILS)
    failed = order(client, headers)
    zimage.plan(SUBMIT, Reply(429, {"success": False, "error": "Too many requests"}, {"retry-after": "30"}))
    limited = order(client, headers, prompt="another cat")
    resting = order(client, headers, prompt="a third cat")
    wrong_key = client.get("/v1/models", headers=headers | {"authorization": "Bearer wrong"})
    wrong_method = client.put(GENERATIONS, headers=headers)
    outside = client.get(file_url(client, model="sketch", size="64x64"), headers=headers | {"range": "bytes=999999-"})
    gateway.environment["MAX_WAIT_SECONDS"] = "x"
    misconfigured = client.get("/v1/models", headers=headers)
    answers = [failed, limited, resting, wrong_key, wrong_method, outside, misconfigured]
    assert [answer.status_code for answer in answers] == [424, 429, 503, 401, 405, 416, 500]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
    assert limited.headers["retry-after"] == "30"


def test_origins_may_be_named(gateway: Gateway, client: httpx.Client) -> None:
    gateway.environment["CORS_ORIGINS"] = f"{ORIGIN}, https://other.example"
    mine = client.get("/v1/models", headers={"origin": ORIGIN})
    foreign = client.get("/v1/models", headers={"origin": "https://evil.example"})
    assert mine.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in mine.headers["vary"]
    assert "access-control-allow-origin" not in foreign.headers
    assert preflight(client, GENERATIONS).is_success
    refused = preflight(client, GENERATIONS, origin="https://evil.example")
    assert "access-control-allow-origin" not in refused.headers


def test_without_an_origin_nothing_is_said_of_cors(client: httpx.Client) -> None:
    answer = client.get("/v1/nope")
    assert_error(answer, 404, "unknown_url")
    assert "access-control-allow-origin" not in answer.headers


def test_a_public_page_may_call_a_private_network(client: httpx.Client) -> None:
    headers = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-private-network": "true",
    }
    response = client.options(GENERATIONS, headers=headers)
    assert response.headers["access-control-allow-private-network"] == "true"
