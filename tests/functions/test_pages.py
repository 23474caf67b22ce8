"""The pages as they are sent: small, on their own, and with a policy that lets nothing else run in them."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest

from tests.rig import Gateway

LARGEST_PLAYGROUND = 60_000
LARGEST_REFERENCE = 250_000
"""The latter packed, and with the document that it shows."""

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def page(gateway: Gateway, path: str) -> httpx.Response:
    answer = httpx.get(f"{gateway.url}{path}", headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    return answer


def test_the_pages_are_small(gateway: Gateway) -> None:
    assert len(page(gateway, "/").content) < LARGEST_PLAYGROUND
    document = httpx.get(f"{gateway.url}/openapi.json").content
    assert len(gzip.compress(page(gateway, "/docs").content + document)) < LARGEST_REFERENCE


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_nothing_is_fetched_from_elsewhere(gateway: Gateway, path: str) -> None:
    answer = page(gateway, path)
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//|@import|url\(["']?https?:""", answer.text)
    policy = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    for name in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[\w+/]{43}='", policy[name])
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_programs_get_data_where_browsers_get_the_page(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/").json()["name"] == "Easel"
    assert "<title>Easel</title>" in page(gateway, "/").text
