"""Compressed request bodies: read like others, within the same limits, and refused by name when they are damaged."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import httpx
import pytest

from tests.emulators.png import png
from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS, assert_error
from tests.rig import Gateway

BODY = json.dumps({"prompt": "a lighthouse at dusk", "size": "256x256"}).encode()
EDITS = "/v1/images/edits"


def post(client: httpx.Client, body: bytes, encoding: str, path: str = GENERATIONS) -> httpx.Response:
    return client.post(path, content=body, headers={"content-type": "application/json", "content-encoding": encoding})


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress)],
)
def test_a_compressed_body(
    client: httpx.Client, zimage: ZImage, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    response = post(client, compress(BODY), encoding)
    assert response.status_code == 200, response.text
    assert [job.order.prompt for job in zimage.submits] == ["a lighthouse at dusk"]


def test_a_compressed_form(client: httpx.Client, zimage: ZImage) -> None:
    files = {"image": ("a.png", png(64, 48), "image/png")}
    form = httpx.Request("POST", "http://x", data={"prompt": "p", "model": "flux2-klein-9b"}, files=files)
    headers = {"content-type": form.headers["content-type"], "content-encoding": "gzip"}
    response = client.post(EDITS, content=gzip.compress(form.read()), headers=headers)
    assert response.status_code == 200, response.text
    assert len(zimage.submits) == 1


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (BODY, "br", 400, "unsupported_encoding"),
        (BODY, "gzip, gzip", 400, "unsupported_encoding"),
        (BODY, "gzip", 400, "invalid_encoding"),
        (gzip.compress(BODY)[:-9], "gzip", 400, "invalid_encoding"),
        (gzip.compress(BODY) + b"more", "gzip", 400, "invalid_encoding"),
        (b"", "gzip", 400, "invalid_encoding"),
        (gzip.compress(b"{"), "gzip", 400, "invalid_json"),
        (gzip.compress(b'{"prompt": "' + b"x" * (5 << 20) + b'"}'), "gzip", 413, "request_too_large"),
        (gzip.compress(bytes(1 << 30), 1), "gzip", 413, "request_too_large"),
    ],
    ids=["br", "chained", "not compressed", "cut off", "more", "empty", "bad JSON", "too large", "bomb"],
)
def test_a_bad_body(client: httpx.Client, zimage: ZImage, body: bytes, encoding: str, status: int, code: str) -> None:
    assert_error(post(client, body, encoding), status, code)
    assert not zimage.submits


def test_the_same_body_is_the_same_request(gateway: Gateway, zimage: ZImage) -> None:
    with gateway.client() as client:
        headers = {"idempotency-key": "one", "content-type": "application/json"}
        plain = client.post(GENERATIONS, content=BODY, headers=headers)
        packed = client.post(GENERATIONS, content=gzip.compress(BODY), headers=headers | {"content-encoding": "gzip"})
    assert plain.headers["easel-job"] == packed.headers["easel-job"]
    assert len(zimage.submits) == 1
