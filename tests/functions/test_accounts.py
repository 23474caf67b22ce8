"""POST /v1/cookies, the accounts in /v1/health, /v1/cleanup, and a pool of accounts some of which are dead."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from tests.emulators.zimage import ZImage
from tests.emulators.zimage.wire import refused
from tests.functions.helpers import assert_error, order
from tests.rig import API_KEY, Gateway

ADMIN_KEY = "an-operators-key"
ADMIN = {"authorization": f"Bearer {ADMIN_KEY}"}
DONE_AT_ONCE = '{"zimage-turbo": {"typical_seconds": 0}}'
COOKIE = "zi_visitor=fresh; zi_verified=1"


def exported(**cookies: str) -> str:
    """A browser extension's export, with a cookie of another site."""
    own = [{"domain": ".zimage.run", "name": name, "value": value} for name, value in cookies.items()]
    later = {"expirationDate": time.time() + 86_400, "path": "/", "secure": True}
    return json.dumps([{**cookie, **later} for cookie in [*own, {"domain": ".x.org", "name": "a", "value": "b"}]])


NETSCAPE = "".join(
    f".zimage.run\tTRUE\t/\tTRUE\t0\t{name}\t{value}\n"
    for name, value in [("zi_visitor", "fresh"), ("zi_verified", "1")]
)
FRESH = exported(zi_visitor="fresh", zi_verified="1")


@pytest.fixture
def gateway(serve: Callable[..., Gateway], zimage: ZImage) -> Gateway:
    """A gateway whose only account of the upstream has cookies that are refused by now."""
    zimage.auth, zimage.cookie = "cookie", COOKIE
    return serve(
        ZIMAGE_COOKIE="zi_visitor=stale", ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=DONE_AT_ONCE, ADMIN_KEYS=ADMIN_KEY
    )


def bring(client: httpx.Client, export: str = FRESH, name: str | None = "default") -> httpx.Response:
    """As the clients of the Imagen API do it."""
    fields = {} if name is None else {"account_id": name}
    return client.post("/v1/cookies", headers=ADMIN, data=fields, files={"file": ("cookies.json", export)})


def test_new_cookies_are_in_use_at_once_and_the_account_rests_no_more(client: httpx.Client, zimage: ZImage) -> None:
    assert_error(order(client, model="zimage-turbo"), 502, "upstream_account_rejected")
    assert_error(order(client, model="zimage-turbo"), 503, "no_account_available")
    answer = bring(client)
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert answer.json()["cookie_count"] == 2
    assert answer.json()["account_id"] == "default"
    assert "STATE=memory" in answer.json()["message"]
    assert "fresh" not in answer.text
    assert order(client, model="zimage-turbo").status_code == 200
    assert len(zimage.submits) == 1


@pytest.mark.parametrize("name", ["default", "Default", "", None])
def test_the_account_is_named_as_clients_of_the_imagen_api_do(
    serve: Callable[..., Gateway], zimage: ZImage, tmp_path: Path, name: str | None
) -> None:
    """To these, one cookie file is an account called `default`, and names are small letters."""
    zimage.auth, zimage.cookie = "cookie", COOKIE
    path = tmp_path / "cookies.json"
    path.write_text(exported(zi_visitor="stale"))
    gateway = serve(
        COOKIES_PATH=str(path), ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=DONE_AT_ONCE, ADMIN_KEYS=ADMIN_KEY
    )
    with gateway.client() as client:
        answer = bring(client, name=name)
        assert (answer.status_code, answer.json()["account_id"].lower()) == (200, "default")
        assert order(client, model="zimage-turbo").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"account_id": "default", "cookies": json.loads(FRESH)},
        {"cookies": FRESH},
        {"cookies": NETSCAPE},
        {"cookies": {"cookies": json.loads(FRESH)}},
    ],
)
def test_cookies_as_json(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post("/v1/cookies", headers=ADMIN, json=body)
    assert (answer.status_code, answer.json()["cookie_count"]) == (200, 2)
    assert order(client, model="zimage-turbo").status_code == 200


def test_a_job_goes_on_with_the_new_cookies(client: httpx.Client, zimage: ZImage) -> None:
    zimage.cookie = "zi_visitor=stale"
    zimage.steps = 2
    job = order(client, {"prefer": "respond-async"}, model="zimage-turbo").json()
    zimage.cookie = COOKIE
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 502
    bring(client)
    assert client.get(f"/v1/jobs/{job['id']}").json()["status"] == "queued"


BAD = [
    ("not an export", "default", 400, "invalid_format", "file"),
    ("[]", "default", 400, "invalid_format", "file"),
    (exported(), "default", 400, "invalid_format", "file"),
    (FRESH, "nobody", 404, "not_found", "account_id"),
    (FRESH, "built-in", 404, "not_found", "account_id"),
]


@pytest.mark.parametrize(("export", "name", "status", "code", "param"), BAD)
def test_what_is_no_export_changes_nothing(
    client: httpx.Client, zimage: ZImage, export: str, name: str, status: int, code: str, param: str
) -> None:
    zimage.cookie = "zi_visitor=stale"
    answer = bring(client, export, name)
    assert_error(answer, status, code, param)
    assert answer.json()["detail"]["error"]["code"] == code
    assert order(client, model="zimage-turbo").status_code == 200


BODIES = [
    (b"{", "application/json", "invalid_json", None),
    (b"[]", "application/json", "invalid_format", "cookies"),
    (b'{"cookies": 7}', "application/json", "invalid_format", "cookies"),
    (b'{"cookies": [], "account_id": 7}', "application/json", "invalid_account_id", "account_id"),
    (b"--x", "multipart/form-data", "invalid_form", None),
    (b"--x--\r\n", "multipart/form-data; boundary=x", "missing_file", "file"),
    (b"x" * (1 << 20) + b"x", "application/json", "request_too_large", None),
]


@pytest.mark.parametrize(("body", "media_type", "code", "param"), BODIES, ids=[code for _, _, code, _ in BODIES])
def test_bad_bodies(client: httpx.Client, body: bytes, media_type: str, code: str, param: str | None) -> None:
    answer = client.post("/v1/cookies", headers=ADMIN | {"content-type": media_type}, content=body)
    assert_error(answer, 413 if code == "request_too_large" else 400, code, param)


def test_only_operators_bring_cookies(gateway: Gateway, client: httpx.Client) -> None:
    assert_error(client.post("/v1/cookies"), 401, "invalid_api_key")
    assert_error(client.post("/v1/cookies", headers={"authorization": ""}), 401, "invalid_api_key")
    assert_error(order(client, ADMIN), 401, "invalid_api_key")
    del gateway.environment["ADMIN_KEYS"]
    for key in (ADMIN_KEY, API_KEY, "wrong"):
        assert_error(client.post("/v1/cookies", headers={"authorization": f"Bearer {key}"}), 404, "unknown_url")


def test_without_api_keys_a_laptop_has_no_operator_either(serve: Callable[..., Gateway]) -> None:
    with httpx.Client(base_url=serve(open_mode=True).url, verify=False) as client:
        assert_error(client.post("/v1/cookies", headers=ADMIN), 404, "unknown_url")


def test_health_tells_an_operator_of_each_account(client: httpx.Client) -> None:
    order(client, model="zimage-turbo")
    assert "accounts" not in client.get("/v1/health").json()
    health = client.get("/v1/health", headers=ADMIN).json()
    assert (health["accounts_total"], health["accounts_available"]) == (2, 1)
    built_in, default = health["accounts"]
    assert built_in["provider"] == "sketch"
    assert (built_in["in_cooldown"], built_in["last_error"], built_in["cooldown_remaining"]) == (False, None, 0)
    assert (default["provider"], default["account_id"]) == ("zimage", "default")
    assert (default["in_cooldown"], default["last_error"]) == (True, "upstream_account_rejected")
    assert 590 < default["cooldown_remaining"] <= 600
    assert "stale" not in json.dumps(health)


def test_cleanup_has_nothing_to_do(client: httpx.Client) -> None:
    answer = client.post("/v1/cleanup", params={"max_age_hours": 1})
    assert answer.status_code == 200
    assert (answer.json()["deleted_count"], answer.json()["deleted_files"]) == (0, [])
    assert client.post("/v1/cleanup", headers={"authorization": ""}).status_code == 401


# A pool with dead accounts


class ThreeVisitors(ZImage):
    """Of three visitors one is no longer known, and one has used up its quota."""

    def _admit(self, request: Request) -> None:
        match request.headers.get("cookie"):
            case "visitor=alive":
                return
            case "visitor=spent":
                raise refused(429, "Daily limit reached")
            case _:
                raise refused(401, "Verification required")


@pytest.fixture
def visitors() -> Iterator[ThreeVisitors]:
    with ThreeVisitors(steps=0) as emulator:
        yield emulator


def test_a_hundred_requests_find_the_one_account_that_lives(
    serve: Callable[..., Gateway], visitors: ThreeVisitors
) -> None:
    names = ("alive", "dead", "spent")
    accounts = [{"id": name, "provider": "zimage", "key": f"visitor={name}"} for name in names]
    gateway = serve(
        ACCOUNTS=json.dumps(accounts),
        ZIMAGE_BASE_URL=visitors.url,
        ZIMAGE_MODELS=DONE_AT_ONCE,
        ADMIN_KEYS=ADMIN_KEY,
    )
    with gateway.client() as client, ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: order(client, prompt=f"a cat, {number}"), range(100)))
        health = client.get("/v1/health", headers=ADMIN).json()
    assert Counter(answer.status_code for answer in answers) == {200: 100}
    assert len(visitors.submits) == 100
    tried = Counter(call.headers["cookie"] for call in visitors.calls if call.path.endswith("/generate"))
    # Whoever comes while the first try is under way cannot know yet; nobody who comes later tries again.
    assert 1 <= tried["visitor=dead"] <= 10
    assert 1 <= tried["visitor=spent"] <= 10
    assert {account["account_id"]: account["in_cooldown"] for account in health["accounts"][1:]} == {
        "alive": False,
        "dead": True,
        "spent": True,
    }


def test_the_accounts_of_a_folder_as_the_imagen_api_has_them(
    serve: Callable[..., Gateway], visitors: ThreeVisitors, tmp_path: Path
) -> None:
    for name, file in [("first", "cookies.txt"), ("second", "cookies.json")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(exported(visitor="alive"))
    (tmp_path / "empty").mkdir()
    gateway = serve(
        ACCOUNTS_DIR=str(tmp_path), ZIMAGE_BASE_URL=visitors.url, ZIMAGE_MODELS=DONE_AT_ONCE, ADMIN_KEYS=ADMIN_KEY
    )
    with gateway.client() as client:
        accounts = client.get("/v1/health", headers=ADMIN).json()["accounts"]
        assert [account["account_id"] for account in accounts if account["provider"] == "zimage"] == ["first", "second"]
        assert order(client).status_code == 200
