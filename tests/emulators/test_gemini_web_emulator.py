"""The fake gemini.google.com against the requests of the web clients that are known to work with the real one."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.gemini_web import GeminiWeb

CALL = "/_/BardChatUi/data/batchexecute"


@pytest.fixture(scope="module")
def running() -> Iterator[GeminiWeb]:
    with GeminiWeb() as emulator:
        yield emulator


@pytest.fixture
def client(running: GeminiWeb) -> Iterator[httpx.Client]:
    running.reset()
    headers = {"user-agent": "Mozilla/5.0", "cookie": running.cookies, "x-same-domain": "1"}
    with httpx.Client(base_url=running.url, headers=headers) as client:
        yield client


def tokens(client: httpx.Client) -> dict[str, str]:
    """Return the page's tokens as gemini_webapi reads them, which ends a value at the first quote."""
    page = client.get("/app").text
    found = {name: re.search(rf'"{name}":\s*"(.*?)"', page) for name in ("SNlM0e", "cfb2h", "FdrFJe")}
    return {name: match[1] for name, match in found.items() if match}


def called(client: httpx.Client, *calls: tuple[str, str], at: str | None = None) -> httpx.Response:
    page = tokens(client)
    names = ",".join(name for name, _ in calls)
    query = {"rpcids": names, "hl": "en", "_reqid": "12345", "rt": "c", "source-path": "/app"}
    form = {
        "at": page.get("SNlM0e", "") if at is None else at,
        "f.req": json.dumps([[[name, payload, None, "generic"] for name, payload in calls]]),
    }
    headers = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
    params = {**query, "bl": page["cfb2h"], "f.sid": page["FdrFJe"]}
    return client.post(CALL, params=params, headers=headers, content=str(httpx.QueryParams(form)))


def results(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200
    frames = re.findall(r"^\[\[.*$", response.text, re.MULTILINE)
    envelopes = [envelope for frame in frames for envelope in json.loads(frame) if envelope[0] == "wrb.fr"]
    return {envelope[1]: json.loads(envelope[2]) for envelope in envelopes}


@pytest.mark.parametrize(("signed_out", "status"), [("", 1000), ("page", 1016)])
def test_the_status_of_the_user(client: httpx.Client, running: GeminiWeb, signed_out: Any, status: int) -> None:
    running.signed_out = signed_out
    assert ("SNlM0e" in tokens(client)) is not bool(signed_out)
    assert results(called(client, ("otAQ7b", "[]")))["otAQ7b"][14] == status


def test_a_batch_of_calls(client: httpx.Client) -> None:
    found = results(called(client, ("otAQ7b", "[]"), ("ESY5D", '[[["bard_activity_enabled"]]]'), ("MaZiqc", "[]")))
    assert found["ESY5D"] == [[["bard_activity_enabled", None]]]
    assert found["MaZiqc"] == []


def test_an_unknown_call_and_a_wrong_token_are_refused(client: httpx.Client, running: GeminiWeb) -> None:
    assert called(client, ("unknown", "[]")).status_code == 400
    assert called(client, ("otAQ7b", "[]"), at="").status_code == 400
    running.page_token = False
    assert called(client, ("otAQ7b", "[]"), at="").status_code == 200
