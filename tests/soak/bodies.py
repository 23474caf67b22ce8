"""Request bodies: refused ones that must not stay in memory, and huge ones that must not be built."""

from __future__ import annotations

import base64
import http.client
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import png
from tests.local_server import LocalServer
from tests.rig import API_KEY
from tests.soak.watch import MEGABYTE, Watch

REFUSED = 400


ADMIN_KEY = "an-operator-key-of-the-soak-that-is-long-enough"
_JSON = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
_GUEST = {"authorization-token": "invented", "content-type": "application/json"}
_ADMIN = _JSON | {"authorization": f"Bearer {ADMIN_KEY}"}
_FORM = _JSON | {"content-type": "multipart/form-data; boundary=b"}


class Attack(NamedTuple):
    """One body for one route."""

    name: str
    path: str
    body: bytes
    headers: dict[str, str] = _JSON


def attack() -> Iterator[str]:
    """Measure both kinds on servers of their own."""
    with OpenAICompatible(words=("fine",)) as upstream:
        settings = {"API_KEYS": API_KEY, "ADMIN_KEYS": ADMIN_KEY, "PROVIDERS": "openai_compatible,sketch"}
        settings |= upstream.environment()
        for one in _refused():
            server = LocalServer(settings)
            yield _leak(server, one)
            server.stop()
        for one in _huge():
            server = LocalServer(settings)
            yield _cost(server, one)
            server.stop()


def _leak(server: LocalServer, one: Attack) -> str:
    """Send the same refused body many times."""
    _post(server, one)
    before = server.memory("VmRSS") / MEGABYTE
    statuses = {_post(server, one) for _ in range(REFUSED)}
    after = server.memory("VmRSS") / MEGABYTE
    size = len(one.body) / MEGABYTE
    return f"{REFUSED} x {one.name} ({size:.1f} MB): {before:.0f} to {after:.0f} MB, status {statuses}"


def _cost(server: LocalServer, one: Attack) -> str:
    """Send one huge body while others ping."""
    _post(server, one._replace(body=b"{}"))
    with Watch(server) as watch:
        begun = time.monotonic()
        status = _post(server, one)
        seconds = time.monotonic() - begun
    size = len(one.body) / MEGABYTE
    return (
        f"{one.name} ({size:.0f} MB): peak {watch.peak:.0f} MB = {watch.peak / size:.1f} x its size,"
        f" longest ping {watch.longest:.0f} ms, status {status} after {seconds:.1f} s"
    )


def _post(server: LocalServer, one: Attack) -> int:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    connection.request("POST", one.path, one.body, one.headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def _refused() -> Iterator[Attack]:
    filling = b"x" * 900_000
    extra = b',"x":"' + filling + b'"}'
    yield Attack("seed true", "/generate-image", b'{"prompt":"x","seed":true' + extra, _GUEST)
    yield Attack("not JSON", "/generate-image", b'{"prompt":"' + filling, _GUEST)
    yield Attack("unknown role", "/v1/chat/completions", b'{"messages":[{"role":"x"}]' + extra)
    yield Attack("n of 2", "/v1/chat/completions", b'{"messages":[{"role":"user","content":"x"}],"n":2' + extra)
    message = b'"messages":[{"role":"user","unknown":1,"content":"' + filling + b'"}]}'
    yield Attack("refused upstream", "/v1/chat/completions", b'{"model":"parrot",' + message)
    yield Attack("refused upstream, streamed", "/v1/chat/completions", b'{"model":"parrot","stream":true,' + message)
    yield Attack("n of true", "/v1/images/generations", b'{"prompt":"x","n":true' + extra)
    yield Attack("size banana", "/v1/images/generations", b'{"prompt":"x","size":"banana"' + extra)
    yield Attack("n of true", "/v1/images/edits", b'{"prompt":"x","n":true' + extra)
    yield Attack("blank prompt", "/v1/videos", b'{"prompt":" "' + extra)
    yield Attack("n of 2", "/v2/videos/generations", b'{"prompt":"x","n":2' + extra)
    yield Attack("no cookies", "/v1/cookies", b'{"cookies":1' + extra, _ADMIN)
    yield Attack("form", "/v1/images/edits", _form(b"prompt", filling), _FORM)


def _huge() -> Iterator[Attack]:
    picture = b"data:image/png;base64," + base64.b64encode(png(8, 8) + bytes(14 * MEGABYTE))
    user = b'{"messages":[{"role":"user","content":'
    model = b'"model":"parrot",'
    yield Attack(
        "empty messages", "/v1/chat/completions", b'{"messages":[' + b"{}," * (20 * MEGABYTE // 3 - 9) + b"{}]}"
    )
    names = b",".join(b'"name%d":1' % number for number in range(1_000_000))
    yield Attack("a million fields", "/v1/chat/completions", user + b'"x"}],' + names + b"}")
    yield Attack("empty texts", "/v1/chat/completions", user + b'[""' + b',""' * (6 * MEGABYTE) + b"]}]}")
    yield Attack("nested lists", "/v1/chat/completions", user + b"[" * (19 * MEGABYTE))
    emoji = b'"' + "😀".encode()
    yield Attack("too much wide text", "/v1/chat/completions", user + emoji + b"x" * (19 * MEGABYTE) + b'"}]}')
    yield Attack("escapes", "/v1/chat/completions", user + b'"' + b"\\n" * (9 * MEGABYTE) + b'"}]}')
    messages = b'{"model":"parrot","messages":[' + b'{"role":"user","content":"hello"},' * 9_900
    yield Attack("as many messages as may be", "/v1/chat/completions", messages + b'{"role":"user","content":"x"}]}')
    many = b'{"model":"parrot","messages":[{"role":"user","content":[' + b'{"type":"text","text":"hello"},' * 9_900
    yield Attack("as many parts as may be", "/v1/chat/completions", many + b'{"type":"text","text":"x"}]}]}')
    wide = user[1:] + emoji + b"x" * (4 * MEGABYTE - 9) + b'"}]}'
    yield Attack("as much wide text as may be", "/v1/chat/completions", b"{" + model + wide)
    parts = b'[{"type":"image_url","image_url":{"url":"' + picture + b'"}}]'
    yield Attack("picture", "/v1/chat/completions", b"{" + model + user[1:] + parts + b"}]}")
    yield Attack("empty images", "/v1/images/edits", b'{"prompt":"x","images":[' + b"{}," * (16 * MEGABYTE) + b"{}]}")
    yield Attack("empty images", "/v1/videos", b'{"prompt":"x","images":[' + b"{}," * (16 * MEGABYTE) + b"{}]}")
    pictures = b'{"prompt":"x","model":"gpt-image-emulated","image":["%s","%s"]}' % (picture, picture)
    yield Attack("two pictures", "/v1/images/edits", pictures)
    yield Attack("a million fields", "/v1/images/edits", b'{"prompt":"x",' + names + b"}")
    yield Attack("digits", "/v1/images/generations", b'{"prompt":"x","seed":' + b"1" * (3 * MEGABYTE) + b"}")


def _form(name: bytes, value: bytes) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n'
    return head + value + b"\r\n--b--\r\n"
