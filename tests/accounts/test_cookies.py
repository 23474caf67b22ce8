"""Cookie files as browsers' extensions and tools export them, and the Cookie header made from them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from shared.accounts.cookies import Cookie, cookie_header, parse_cookies
from shared.errors import Misconfigured

LATER = int(time.time()) + 86_400
EARLIER = int(time.time()) - 86_400


def exported(**changes: Any) -> dict[str, Any]:
    """One entry as the extensions Cookie-Editor and EditThisCookie write it."""
    entry = {
        "domain": ".zimage.run",
        "expirationDate": LATER + 0.25,
        "hostOnly": False,
        "httpOnly": True,
        "name": "session",
        "path": "/",
        "sameSite": "lax",
        "secure": True,
        "session": False,
        "storeId": None,
        "value": "secret-value",
    }
    return entry | changes


def netscape(domain: str = ".zimage.run", expires: int = LATER, name: str = "session", value: str = "secret") -> str:
    return "\t".join([domain, "TRUE", "/", "TRUE", str(expires), name, value])


def parsed(text: str) -> list[tuple[str, str, str]]:
    return [(cookie.domain, cookie.name, cookie.value) for cookie in parse_cookies(text, "file")]


ONE = [(".zimage.run", "session", "secret-value")]
TWO = [(".zimage.run", "a", "1"), ("zimage.run", "b", "2")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([exported()]),
        json.dumps([exported()], indent=2).replace("\n", "\r\n"),
        "\ufeff" + json.dumps([exported()]),
        "\n  " + json.dumps([exported()]),
        json.dumps({"url": "https://zimage.run", "cookies": [exported()]}),
        json.dumps({"cookies": [exported(expirationDate=None, expires=LATER)]}),
        json.dumps([{"domain": ".zimage.run", "name": "session", "value": "secret-value"}]),
        json.dumps([exported(expirationDate=None, expires=-1)]),
        json.dumps([exported(), exported(name="old", expirationDate=EARLIER)]),
    ],
    ids=["plain", "crlf", "bom", "blank first", "object", "expires", "bare", "session cookie", "expired beside it"],
)
def test_json_exports(text: str) -> None:
    assert parsed(text) == ONE


@pytest.mark.parametrize(
    "lines",
    [
        [netscape(name="a", value="1"), netscape("zimage.run", name="b", value="2")],
        ["# Netscape HTTP Cookie File", "", netscape(name="a", value="1"), netscape("zimage.run", name="b", value="2")],
        ["#HttpOnly_" + netscape(name="a", value="1"), "#HttpOnly_" + netscape("zimage.run", name="b", value="2")],
        [netscape(expires=0, name="a", value="1"), netscape("zimage.run", name="b", value="2"), "# end", ""],
        [netscape(name="a", value="1"), netscape(expires=EARLIER), netscape("zimage.run", name="b", value="2")],
    ],
    ids=["plain", "with a head", "HttpOnly", "session cookie", "expired between"],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n"], ids=["", "BOM", "blank"])
def test_netscape_files(lines: list[str], line_end: str, start: str) -> None:
    assert parsed(start + line_end.join(lines) + line_end) == TWO


def test_values_may_be_empty_and_hold_equals_signs() -> None:
    text = "\n".join([netscape(name="a", value=""), netscape(name="b", value="x=y==")])
    assert cookie_header(parse_cookies(text, "file"), "zimage.run") == "a=; b=x=y=="


@pytest.mark.parametrize("text", ["", "\n", "# nothing here\n", "[]", '{"cookies": []}'])
def test_files_without_cookies(text: str) -> None:
    assert parsed(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "sk-this-is-a-key",
        "session=secret; other=secret",
        "[",
        '{"cookies": secret}',
        '["secret"]',
        "[1]",
        '{"session": "secret"}',
        '{"cookies": null}',
        '[{"name": "session", "value": "secret"}]',
        '[{"domain": ".zimage.run", "name": "a", "value": "secret", "expirationDate": "soon"}]',
        netscape() + "\tone too many",
        netscape().replace(str(LATER), "soon"),
        netscape().replace("\t", " "),
        "<html><body>secret</body></html>",
        "\x00\x01\x02secret",
        "[" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_garbage_is_refused_by_its_name_alone(text: str) -> None:
    with pytest.raises(Misconfigured, match="^COOKIES_PATH: session.json is neither") as caught:
        parse_cookies(text, "COOKIES_PATH: session.json")
    assert "secret" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("domain", "sent"),
    [
        (".zimage.run", True),
        ("zimage.run", True),
        ("www.zimage.run", False),
        (".run.example", False),
        ("notzimage.run", False),
        ("zimage.run.example", False),
        ("", False),
    ],
)
def test_cookies_go_where_a_browser_sends_them(domain: str, sent: bool) -> None:
    assert cookie_header([Cookie(domain, "a", "1")], "zimage.run") == ("a=1" if sent else "")


def test_cookies_of_a_parent_domain_come_along() -> None:
    cookies = [
        Cookie(".google.com", "SID", "1"),
        Cookie("gemini.google.com", "x", "2"),
        Cookie("mail.google.com", "m", "3"),
    ]
    assert cookie_header(cookies, "gemini.google.com") == "SID=1; x=2"


@pytest.mark.parametrize("reverse", [False, True])
def test_of_one_that_is_there_twice_the_younger_counts(reverse: bool) -> None:
    """As in exports of several profiles together; the site would read the first, or refuse both."""
    pair = [exported(value="old"), exported(value="young", domain="zimage.run", expirationDate=LATER + 60)]
    cookies = parse_cookies(json.dumps(pair[::-1] if reverse else pair), "file")
    assert cookie_header(cookies, "zimage.run") == "session=young"
