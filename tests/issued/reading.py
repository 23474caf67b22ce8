"""An issued id, and what the upstreams are asked when a client comes back with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from tests.emulators.base import Call, Emulator
from tests.rig import Gateway


class Issued(NamedTuple):
    """An id as a client holds it, and what it says.

    `reading` is the request by which the client reads it, with its API `key`; empty where no test can see what that
    leads to. `account` is the account's name, `output` a file's ref if it has one. `asked` are the requests that are
    sent upstream for it, of which one carries the `credential`; for a file on a host of the upstream's own, what a
    proxy sees of them. `link` is what an output that is a packed link stands for.
    """

    what: str
    gateway: str
    id: str
    reading: str
    key: str
    account: str
    job: Mapping[str, Any]
    number: int | None
    output: str | None
    asked: list[str]
    credential: str
    link: str


def read(gateway: Gateway, reading: str, key: str) -> httpx.Response:
    method, _, path = reading.partition(" ")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=30, trust_env=False) as client:
        return client.request(method, path)


def asked(upstreams: Mapping[str, Emulator]) -> list[str]:
    """The requests that came in: with its query a GET, with its JSON a POST. Signing in is not one of them."""
    calls = [call for upstream in upstreams.values() for call in upstream.calls if call.path != "/app"]
    return sorted({_text(call) for call in calls})


def _text(call: Call) -> str:
    if call.method == "GET":
        return f"GET {call.path}{call.query and f'?{call.query}'}"
    is_json = call.headers.get("content-type", "").startswith("application/json")
    return f"{call.method} {call.path}{f' {call.body.decode()}' if is_json else ''}"


def carries(upstreams: Mapping[str, Emulator], credential: str) -> bool:
    """Whether one of those requests had this credential in its headers."""
    calls = [call for upstream in upstreams.values() for call in upstream.calls]
    return any(credential in value for call in calls for value in call.headers.values())


def forget(upstreams: Mapping[str, Emulator]) -> None:
    for upstream in upstreams.values():
        upstream.calls.clear()
