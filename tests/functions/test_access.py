"""Who may do what: keys and where they stand, ids as permissions, and the open mode of a laptop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, assert_error, finished_job, look, order, start_job, tickets
from tests.rig import API_KEY, OTHER_KEY, Gateway

KEY_ROUTES = [
    ("GET", "/v1/models"),
    ("GET", "/v1/models/sketch"),
    ("POST", GENERATIONS),
    ("GET", "/v1/jobs/{id}"),
    ("DELETE", "/v1/jobs/{id}"),
]
ID_ROUTES = ["/v1/tasks/{id}", "/v1/images/{id}", "/images?id={id}"]
OPEN_ROUTES = ["/", "/ping", "/health", "/v1/health"]

LOCAL_HOSTS = ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]", "[::1]:8000", "LOCALHOST:8000"]
FOREIGN_HOSTS = [
    "easel.example",
    "192.168.0.7:8000",
    "localhost.evil.example",
    "evil.example:8000",
    "localhost@evil.example",
    "127.0.0.1.nip.io",
    "[::2]",
    "[",
    "0.0.0.0:8000",
]
LOCAL_ORIGINS = ["http://localhost:3000", "http://127.0.0.1", "https://localhost", "http://[::1]:5173"]
FOREIGN_ORIGINS = [
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "file://",
]
PROXY_HEADERS = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-forwarded",
    "x-forwarded-for",
    "X-Forwarded-Host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-forwarded-anything-else",
    "CF-Connecting-IP",
    "cf-ray",
    "cf-visitor",
    "cdn-loop",
    "true-client-ip",
    "fly-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-envoy-external-address",
]


@pytest.fixture
def anyone(gateway: Gateway) -> Iterator[httpx.Client]:
    """Somebody without a key."""
    with httpx.Client(base_url=gateway.url, timeout=30, verify=False) as client:
        yield client


@pytest.fixture
def local(serve: Callable[..., Gateway]) -> Iterator[httpx.Client]:
    """A client of a laptop's server that asks for no key."""
    with httpx.Client(base_url=serve(open_mode=True).url, timeout=30, verify=False) as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {API_KEY}"},
        {"authorization": f"bearer   {API_KEY}"},
        {"authorization": f"Token {API_KEY}"},
        {"authorization": f"Basic {API_KEY}"},
        {"authorization": API_KEY},
        {"api-key": API_KEY},
        {"x-api-key": API_KEY},
        {"x-api-key": OTHER_KEY},
    ],
    ids=str,
)
def test_where_a_key_may_stand(anyone: httpx.Client, headers: dict[str, str]) -> None:
    assert anyone.get("/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {API_KEY[:-1]}"},
        {"authorization": f"Bearer {API_KEY}x"},
        {"authorization": f"Bearer {API_KEY},{OTHER_KEY}"},
        {"authorization": f"Bearer {API_KEY.upper()}"},
        {"authorization": "Bearer schön"},
        {"x-api-key": "wrong"},
        {"cookie": f"api_key={API_KEY}"},
    ],
    ids=str,
)
def test_what_is_no_key(anyone: httpx.Client, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = anyone.get(f"/v1/models?api_key={API_KEY}", headers=raw)
    assert_error(answer, 401, "invalid_api_key")
    assert API_KEY not in answer.text


@pytest.mark.parametrize("name", ["API_KEYS", "API_KEY", "BEARER_TOKEN"])
def test_where_keys_are_configured(gateway: Gateway, anyone: httpx.Client, name: str) -> None:
    del gateway.environment["API_KEYS"]
    gateway.environment[name] = "one, two"
    for key in ("one", "two"):
        assert anyone.get("/v1/models", headers={"x-api-key": key}).status_code == 200
    assert anyone.get("/v1/models", headers={"x-api-key": API_KEY}).status_code == 401


@pytest.mark.parametrize(("method", "route"), KEY_ROUTES)
def test_what_needs_a_key(anyone: httpx.Client, client: httpx.Client, method: str, route: str) -> None:
    job_id = start_job(client)["id"]
    answer = anyone.request(method, route.replace("{id}", job_id))
    assert_error(answer, 401, "invalid_api_key")


@pytest.mark.parametrize("route", OPEN_ROUTES)
def test_what_needs_nothing(anyone: httpx.Client, route: str) -> None:
    assert anyone.get(route).status_code == 200


def test_the_address_of_a_file_is_its_own_permission(anyone: httpx.Client, client: httpx.Client) -> None:
    [picture] = finished_job(client)["data"]
    assert anyone.get(picture["url"]).status_code == 200
    assert anyone.get(picture["url"], headers={"authorization": "Bearer wrong"}).status_code == 200


@pytest.mark.parametrize("route", [*ID_ROUTES, "/v1/jobs/{id}"])
def test_a_job_belongs_to_the_key_that_started_it(gateway: Gateway, client: httpx.Client, route: str) -> None:
    path = route.replace("{id}", finished_job(client)["id"])
    assert client.get(path).status_code == 200
    with gateway.client(OTHER_KEY) as other:
        assert_error(other.get(path), 404, "not_found", "id")


@pytest.mark.parametrize("route", ID_ROUTES)
def test_without_a_key_somebodys_job_is_unknown(client: httpx.Client, anyone: httpx.Client, route: str) -> None:
    path = route.replace("{id}", finished_job(client)["id"])
    assert_error(anyone.get(path), 404, "not_found", "id")


@pytest.mark.parametrize("route", ID_ROUTES)
def test_the_id_of_a_job_without_an_owner_is_its_own_permission(
    client: httpx.Client, anyone: httpx.Client, route: str
) -> None:
    job = tickets().job(finished_job(client)["id"])
    path = route.replace("{id}", tickets().job_id(job._replace(owner="")))
    assert anyone.get(path).status_code == 200
    assert anyone.get(path, headers={"authorization": "Bearer wrong"}).status_code == 200


def test_a_job_without_an_owner_still_needs_a_key_elsewhere(client: httpx.Client, anyone: httpx.Client) -> None:
    job = tickets().job(finished_job(client)["id"])
    path = f"/v1/jobs/{tickets().job_id(job._replace(owner=''))}"
    assert_error(anyone.get(path), 401, "invalid_api_key")
    assert client.get(path).status_code == 200


def test_no_id_holds_anything_of_a_key(gateway: Gateway, client: httpx.Client) -> None:
    with gateway.client(OTHER_KEY) as other:
        mine, theirs = (tickets().job(start_job(whose)["id"]) for whose in (client, other))
    assert mine.owner != theirs.owner
    assert len(mine.owner) <= 11
    assert API_KEY not in repr(mine)


# Misconfigured


@pytest.mark.parametrize("path", ["/v1/models", "/", "/health", "/v1/nope"])
def test_without_keys_there_is_no_service(gateway: Gateway, anyone: httpx.Client, path: str) -> None:
    del gateway.environment["API_KEYS"]
    del gateway.environment["SIGNING_KEYS"]
    answer = anyone.get(path, headers={"host": "localhost"})
    assert "API_KEYS" in assert_error(answer, 500, "misconfigured")["message"]


def test_with_signing_keys_alone_nobody_gets_in(gateway: Gateway, anyone: httpx.Client) -> None:
    del gateway.environment["API_KEYS"]
    assert anyone.get("/v1/models", headers={"host": "localhost"}).status_code in (401, 500)
    assert anyone.get("/v1/models", headers={"x-api-key": ""}).status_code in (401, 500)


@pytest.mark.parametrize("keys", ["short", f"{API_KEY},{OTHER_KEY}"], ids=["one short key", "several keys"])
def test_keys_that_sign_nothing_get_a_fresh_signing_key_to_paste(
    gateway: Gateway, anyone: httpx.Client, keys: str
) -> None:
    gateway.environment["API_KEYS"] = keys
    del gateway.environment["SIGNING_KEYS"]
    said = [assert_error(anyone.get("/v1/models"), 500, "misconfigured")["message"] for _ in range(2)]
    fresh = [re.search(r"SIGNING_KEYS=(\S{32,})", message) for message in said]
    assert fresh[0]
    assert fresh[1]
    assert fresh[0][1] != fresh[1][1]
    gateway.environment["SIGNING_KEYS"] = fresh[0][1]
    assert anyone.get("/v1/models", headers={"x-api-key": keys.split(",")[0]}).status_code == 200


def test_one_long_key_signs_as_well(gateway: Gateway, client: httpx.Client) -> None:
    gateway.environment["API_KEYS"] = API_KEY
    del gateway.environment["SIGNING_KEYS"]
    job_id = start_job(client)["id"]
    assert look(client, job_id)["id"] == job_id
    gateway.environment["API_KEYS"] = OTHER_KEY
    with gateway.client(OTHER_KEY) as other:
        assert_error(other.get(f"/v1/jobs/{job_id}"), 404, "not_found", "id")


# Open mode


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer anything"}, {"x-api-key": "x"}], ids=str)
def test_the_laptop_asks_for_no_key(local: httpx.Client, headers: dict[str, str]) -> None:
    answer = order(local, headers, model="sketch", size="64x64")
    assert answer.status_code == 200, answer.text
    assert look(local, answer.json()["job"])["status"] == "completed"


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_the_laptop_under_its_own_names(local: httpx.Client, host: str) -> None:
    assert local.get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/", "/ping", "/v1/nope"])
@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_the_laptop_under_another_name(local: httpx.Client, host: str, path: str) -> None:
    assert_error(local.get(path, headers={"host": host}), 403, "forbidden")


@pytest.mark.parametrize("origin", LOCAL_ORIGINS)
def test_pages_of_the_laptop_itself(local: httpx.Client, origin: str) -> None:
    answer = local.get("/v1/models", headers={"origin": origin})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_pages_from_elsewhere(local: httpx.Client, origin: str) -> None:
    assert_error(order(local, {"origin": origin}, model="sketch"), 403, "forbidden")
    preflight = {"origin": origin, "access-control-request-method": "POST"}
    assert_error(local.options("/v1/images/generations", headers=preflight), 403, "forbidden")


@pytest.mark.parametrize("header", PROXY_HEADERS)
def test_the_laptop_behind_a_proxy(local: httpx.Client, header: str) -> None:
    answer = local.get("/v1/models", headers={header: "127.0.0.1"})
    assert "API_KEYS" in assert_error(answer, 403, "forbidden")["message"]

    assert local.get("/v1/models", headers={"x-forwarding-is-fine": "yes"}).status_code == 200


def test_keys_end_the_open_mode(serve: Callable[..., Gateway], zimage: ZImage) -> None:
    gateway = serve(open_mode=True, API_KEYS=API_KEY)
    with httpx.Client(base_url=gateway.url, verify=False) as anyone, gateway.client() as client:
        assert_error(anyone.get("/v1/models"), 401, "invalid_api_key")
        assert client.get("/v1/models", headers={"host": "easel.example"}).status_code == 200
