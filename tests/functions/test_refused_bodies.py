"""A refused body leaves nothing behind: memory of the real local server over a thousand of them, on every route."""

from __future__ import annotations

import http.client
import itertools
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from shared.api.openapi.handlers import body_types
from shared.hosts.bundle import whole_app
from tests.local_server import LocalServer
from tests.rig import API_KEY

SIZE = 64 << 10
REQUESTS = 1000
MOST_GROWTH = SIZE * REQUESTS // 8
"""Half of what would stay if one of four bodies did."""

ADMIN_KEY = "an-operator-key-of-the-tests-that-is-long-enough"
JSON = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
ADMIN = JSON | {"authorization": f"Bearer {ADMIN_KEY}"}
GUEST = {"authorization-token": "invented", "content-type": "application/json"}
FORM = JSON | {"content-type": "multipart/form-data; boundary=b"}


class Refused(NamedTuple):
    """A body that is refused whatever fills it."""

    start: bytes
    headers: dict[str, str] = JSON
    end: bytes = b'"}'

    @property
    def body(self) -> bytes:
        return self.start + b"x" * SIZE + self.end


def field(name: str) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()


A_FORM = field("prompt") + b"a cat\r\n" + field("n") + b"0\r\n" + field("x")
CHAT = [
    Refused(b'{"messages":[{"role":"x"}],"x":"'),
    Refused(b'{"messages":[{"role":"user","content":"', JSON, b""),
    Refused(b'{"messages":[{"role":"user","content":" "}],"x":"'),
    Refused(b'{"model":"sketch","size":5,"messages":[{"role":"user","content":"x"}],"x":"'),
]
VIDEO = [
    Refused(b'{"prompt":" ","x":"'),
    Refused(b'{"prompt":"a cat","seed":true,"x":"'),
    Refused(b'{"prompt":"a cat","images":"'),
    Refused(A_FORM, FORM, b"\r\n--b--\r\n"),
]
BODIES = {
    "/generate-image": [
        Refused(b'{"prompt":"a cat","seed":true,"x":"', GUEST),
        Refused(b'{"prompt":"a cat","cfg":"', GUEST),
        Refused(b'{"prompt":"', GUEST, b""),
    ],
    "/v1/chat/completions": CHAT,
    "/api/v1/chat/completions": CHAT,
    "/v1/images/generations": [
        Refused(b'{"prompt":"a cat","n":true,"x":"'),
        Refused(b'{"prompt":"a cat","size":"banana","x":"'),
        Refused(b'{"prompt":"'),
    ],
    "/v1/images/edits": [
        Refused(b'{"prompt":"a cat","width":true,"x":"'),
        Refused(b'{"prompt":"a cat","image":"data:image/png;base64,-'),
        Refused(A_FORM, FORM, b"\r\n--b--\r\n"),
        Refused(A_FORM, FORM, b""),
    ],
    "/v1/videos": VIDEO,
    "/v1/videos/generations": VIDEO,
    "/v2/videos/generations": VIDEO,
    "/v1/cookies": [
        Refused(b'{"cookies":5,"x":"', ADMIN),
        Refused(b'{"account_id":5,"cookies":"', ADMIN),
        Refused(b'{"cookies":"', ADMIN, b""),
    ],
}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    server = LocalServer({"API_KEYS": API_KEY, "ADMIN_KEYS": ADMIN_KEY, "PROVIDERS": "sketch"})
    yield server
    server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
@pytest.mark.parametrize("path", BODIES)
def test_memory_does_not_grow_with_refused_bodies(server: LocalServer, path: str) -> None:
    address = urlsplit(server.url)
    refused = itertools.cycle(BODIES[path])
    with closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)) as connection:
        statuses = {post(connection, path, next(refused)) for _ in range(REQUESTS // 10)}
        before = server.memory("VmRSS")
        statuses |= {post(connection, path, next(refused)) for _ in range(REQUESTS)}
        growth = server.memory("VmRSS") - before
    assert statuses <= {400, 404}
    assert growth < MOST_GROWTH, f"{growth >> 20} MB"


def post(connection: http.client.HTTPConnection, path: str, refused: Refused) -> int:
    connection.request("POST", path, refused.body, refused.headers)
    answer = connection.getresponse()
    assert b'"error"' in answer.read()
    return answer.status


def test_every_route_that_takes_a_body_is_here() -> None:
    operations = {route.path: route.operations.get("POST") for route in whole_app().routes}
    takes = {path for path, operation in operations.items() if operation and body_types(operation.handler)}
    assert takes == BODIES.keys()
