"""Requests to gemini.google.com: the tokens in its page, and the queries and forms its frontend sends."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

_SLOTS = 81
_MEMBER = r'"{}"\s*:\s*"((?:[^"\\]|\\.)*)"'
_PUSH_ID = "feeds/mcudyrk2a4khkz"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Page(NamedTuple):
    """The tokens in the site's page. `at` is empty for guests, and for some signed-in users."""

    at: str
    build: str
    session: str
    push_id: str

    @classmethod
    def read(cls, html: str) -> Page | None:
        """Return the tokens in the page, or None if it has none."""
        at, build = _member(html, "SNlM0e"), _member(html, "cfb2h")
        if not at and not build:
            return None
        return cls(at, build, _member(html, "FdrFJe"), _member(html, "qKIAYe") or _PUSH_ID)


def generate_query(page: Page) -> str:
    return urlencode({**_query(page), "f.sid": page.session})


def call_query(page: Page, name: str) -> str:
    return urlencode({"rpcids": name, **_query(page), "source-path": "/app", "f.sid": page.session})


def generate_form(page: Page, prompt: str, files: Sequence[tuple[str, str]], turn: str) -> bytes:
    """Return the form for a new chat. `files` are (upload reference, file name) pairs; `turn` is an id we generate."""
    slots: list[Any] = [None] * _SLOTS
    attached = [[[reference], name] for reference, name in files] or None
    slots[0] = [prompt, 0, None, attached, None, None, 0]
    slots[1] = ["en"]
    slots[2] = ["", "", "", None, None, None, None, None, None, ""]
    for slot, value in {6: [1], 7: 1, 10: 1, 11: 0, 17: [[0]], 18: 0, 27: 1, 30: [4], 41: [1]}.items():
        slots[slot] = value
    for slot, value in {53: 0, 59: turn, 61: [], 68: 1, 79: 1, 80: 1}.items():
        slots[slot] = value
    return _form(page, [None, json.dumps(slots)])


def call_form(page: Page, name: str, payload: Any) -> bytes:
    return _form(page, [[[name, json.dumps(payload), None, "generic"]]])


def full_size_payload(image: str, chat: tuple[str, str, str]) -> Any:
    conversation, turn, candidate = chat
    asked = [[None, None, None, [None, None, None, None, None, ""]], [image, 0], None, [19, ""]]
    return [[*asked, None, None, None, None, None, ""], [turn, candidate, conversation, None, ""], 1, 0, 1]


def turn_id() -> str:
    return str(uuid.uuid4()).upper()


def _query(page: Page) -> dict[str, str]:
    return {"hl": "en", "_reqid": str(random.randint(10_000, 99_999)), "rt": "c", "bl": page.build}


def _form(page: Page, content: Any) -> bytes:
    return urlencode({"at": page.at, "f.req": json.dumps(content)}).encode()


def _member(html: str, name: str) -> str:
    found = re.search(_MEMBER.format(name), html)
    return str(json.loads(f'"{found[1]}"')) if found else ""
