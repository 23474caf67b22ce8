"""Results that came inside of an answer, in the R2 bucket that is bound to the Worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import BigFile
from tests.functions.helpers import assert_error, decoded, eventually, look, order, png_size, received_until_cut
from tests.hosts.workers.front import Front

pytestmark = pytest.mark.hosts

SIZE = 300_000

BUCKET = (
    'from workers import import_from_javascript\nbucket = import_from_javascript("cloudflare:workers").env.RESULTS\n'
)


@pytest.fixture
def bound(front: Front, upstream: dict[str, str], service: OpenAICompatible) -> Iterator[Front]:
    """The Worker with an empty bucket, in front of a service whose pictures come inside of its answers."""
    service.pictures = "b64_json"
    front.configure(upstream | {"ARTIFACTS": "r2://RESULTS/some/results"}, forgetful=True)
    front.run(f"{BUCKET}bucket.reset()")
    yield front
    front.run(f"{BUCKET}bucket.reset()")


def breaks(front: Front, operation: str) -> None:
    front.run(f"{BUCKET}bucket.broken = {operation!r}")


def keys(front: Front) -> list[str]:
    found: list[str] = front.run(f"{BUCKET}list(bucket.objects.keys())")
    return found


def picture(client: httpx.Client, **body: Any) -> httpx.Response:
    return order(client, model="flux-emulated", **body)


def test_a_picture_is_a_job_and_a_file(bound: Front, client: httpx.Client) -> None:
    answer = picture(client, response_format=None)
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["data"]
    job = look(client, answer.json()["job"])
    assert (job["status"], [file["url"] for file in job["data"]]) == ("completed", [item["url"]])
    file = client.get(item["url"])
    assert file.content == decoded(item["b64_json"])
    assert png_size(file.content) == (1024, 1024)
    assert (file.headers["content-type"], file.headers["content-length"]) == ("image/png", str(len(file.content)))
    [key] = keys(bound)
    assert re.fullmatch(r"some/results/\d{8}/[\w-]{22}\.png", key)


def test_several_pictures(bound: Front, client: httpx.Client) -> None:
    links = [item["url"] for item in picture(client, n=4).json()["data"]]
    assert len({client.get(link).content for link in links}) == 4
    assert len(keys(bound)) == 4


@pytest.fixture
def url(bound: Front, client: httpx.Client, service: OpenAICompatible) -> str:
    """The address of a larger file."""
    service.payload = SIZE
    link: str = picture(client).json()["data"][0]["url"]
    return link


def test_a_larger_file(client: httpx.Client, url: str) -> None:
    answer = client.get(url)
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.content == BigFile(SIZE)[slice(None)]


def test_ranges_and_heads(client: httpx.Client, url: str) -> None:
    whole, length = BigFile(SIZE)[slice(None)], SIZE
    for asked, part in [("0-9", whole[:10]), ("9-900000000", whole[9:]), ("-7", whole[-7:]), ("100-", whole[100:])]:
        answer = client.get(url, headers={"range": f"bytes={asked}"})
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["content-range"].endswith(f"/{length}")
    head = client.head(url)
    assert (head.content, head.headers["content-length"]) == (b"", str(length))
    beyond = client.get(url, headers={"range": f"bytes={length}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{length}")


def test_what_is_gone_is_not_found(bound: Front, client: httpx.Client, url: str) -> None:
    bound.run(f"{BUCKET}bucket.reset()")
    assert_error(client.get(url), 404, "not_found", "id")
    assert_error(client.get(url, headers={"range": "bytes=0-9"}), 404, "not_found", "id")


def test_no_picture_is_lost_where_the_bucket_fails(bound: Front, client: httpx.Client) -> None:
    breaks(bound, "put")
    answer = picture(client, response_format="b64_json")
    assert answer.status_code == 200
    assert png_size(decoded(answer.json()["data"][0]["b64_json"])) == (1024, 1024)
    assert not keys(bound)


def test_a_bucket_that_does_not_answer(bound: Front, client: httpx.Client, url: str) -> None:
    breaks(bound, "get")
    assert_error(client.get(url), 503, "store_unavailable")


def test_a_file_that_breaks_off_is_cut(bound: Front, client: httpx.Client, url: str) -> None:
    breaks(bound, "body")
    assert len(received_until_cut(client, "GET", url)) <= 4 << 10


def test_a_file_leaves_as_it_comes(bound: Front, client: httpx.Client, url: str) -> None:
    """Who leaves in the midst of it ends the reading as well."""
    bound.run(f"{BUCKET}bucket.broken = 'endless'")
    with client.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        assert next(pieces).startswith(b"\x89PNG")
        assert not bound.run(f"{BUCKET}bucket.cancelled")
    eventually(lambda: bool(bound.run(f"{BUCKET}bucket.cancelled")), seconds=5)


def test_a_bucket_that_is_not_bound(bound: Front, client: httpx.Client, upstream: dict[str, str]) -> None:
    bound.configure(upstream | {"ARTIFACTS": "r2://NOWHERE"}, forgetful=True)
    answer = picture(client, response_format="b64_json")
    assert answer.status_code == 200
    assert "no bucket that is bound as NOWHERE" in bound.output


@pytest.mark.parametrize("bad", ["s3://bucket/prefix", "r2://", "r2://a-b/prefix", "r2://RESULTS//prefix", "RESULTS"])
def test_a_place_that_is_none(bound: Front, client: httpx.Client, upstream: dict[str, str], bad: str) -> None:
    bound.configure(upstream | {"ARTIFACTS": bad})
    message = assert_error(client.get("/v1/models"), 500, "misconfigured")["message"]
    assert message.startswith("ARTIFACTS: ")
