"""Results that are kept in a bucket: files like all others, and no picture lost where the bucket fails."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.artifacts import Decoded, StoredJobs, s3_artifacts
from shared.errors import Misconfigured, NotFound, RangeInvalid, StoreUnavailable
from shared.media import ByteRange
from shared.results import Finished
from tests.aws.front import Front
from tests.emulators.png import BigFile
from tests.functions.helpers import assert_error, decoded, look, order
from tests.functions.studio import PICTURE, Gateway, Studio, made
from tests.hosts.aws.moto import Moto
from tests.rig import Gateway as Configured

Open = Callable[..., Gateway]
BIG = BigFile(300_000)[:]


@pytest.fixture(scope="session")
def s3(moto: Moto) -> Any:
    return moto.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"easel-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def place(bucket: str) -> str:
    return f"s3://{bucket}/some/results"


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def start(studio: Studio, place: str) -> Iterator[Open]:
    gateways: list[Gateway] = []

    def start(**options: Any) -> Gateway:
        gateways.append(Gateway(studio, artifacts=place, **options))
        return gateways[-1]

    yield start
    for gateway in gateways:
        gateway.close()


@pytest.fixture
def client(start: Open) -> Iterator[httpx.Client]:
    with start().client() as client:
        yield client


@pytest.fixture
def other(start: Open) -> Iterator[httpx.Client]:
    """Another instance."""
    with start().client() as client:
        yield client


def keys(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


# What callers see


def test_a_picture_is_a_job_and_a_file_on_every_instance(
    client: httpx.Client, other: httpx.Client, s3: Any, bucket: str
) -> None:
    answer = order(client, response_format=None)
    assert answer.status_code == 200, answer.text
    [picture] = answer.json()["data"]
    assert decoded(picture["b64_json"]) == PICTURE
    job = look(other, answer.json()["job"])
    path = httpx.URL(picture["url"]).path
    assert (job["status"], [httpx.URL(file["url"]).path for file in job["data"]]) == ("completed", [path])
    assert len(answer.json()["job"]) < 200
    file = other.get(path)
    assert (file.status_code, file.content, file.headers["content-type"]) == (200, PICTURE, "image/png")
    [key] = keys(s3, bucket)
    assert re.fullmatch(r"some/results/\d{8}/[\w-]{22}\.png", key)
    assert s3.head_object(Bucket=bucket, Key=key)["ContentType"] == "image/png"


def test_what_is_at_hand_is_not_fetched_again(client: httpx.Client, front: Front) -> None:
    assert order(client, response_format=None).status_code == 200
    assert (front.calls["PUT"], front.calls["GET"]) == (1, 0)


@pytest.mark.parametrize("prefer", ["respond-async", "wait=0"])
def test_there_is_still_no_reason_to_come_back(client: httpx.Client, prefer: str) -> None:
    answer = order(client, {"prefer": prefer})
    assert (answer.status_code, len(answer.json()["data"])) == (200, 1)
    assert "preference-applied" not in answer.headers


def test_a_repeated_request_is_given_the_same_job(client: httpx.Client, studio: Studio) -> None:
    answers = [order(client, {"idempotency-key": "once"}, response_format="b64_json").json() for _ in range(2)]
    assert answers[0]["job"] == answers[1]["job"]
    assert [decoded(answer["data"][0]["b64_json"]) for answer in answers] == [PICTURE] * 2
    assert len(studio.requests) == 1


def test_several_pictures(client: httpx.Client, studio: Studio) -> None:
    answer = order(client, n=10).json()
    assert {client.get(picture["url"]).content for picture in answer["data"]} == {PICTURE}
    assert len({picture["url"] for picture in answer["data"]}) == 10
    assert len(look(client, answer["job"])["data"]) == 10


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-9", 0, 9), ("100-", 100, 299_999), ("-7", 299_993, 299_999), ("9-900000", 9, 299_999)],
)
def test_ranges(client: httpx.Client, studio: Studio, asked: str, first: int, last: int) -> None:
    studio.answers = [Finished((made(BIG),))]
    url = order(client).json()["data"][0]["url"]
    part = client.get(url, headers={"range": f"bytes={asked}"})
    assert (part.status_code, part.content) == (206, BIG[first : last + 1])
    assert part.headers["content-range"] == f"bytes {first}-{last}/300000"
    head = client.head(url)
    assert (head.headers["content-length"], head.headers["content-type"]) == ("300000", "image/png")
    assert client.get(url, headers={"if-none-match": head.headers["etag"]}).status_code == 304
    beyond = client.get(url, headers={"range": "bytes=300000-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */300000")


def test_what_the_lifecycle_has_removed_is_not_found(client: httpx.Client, s3: Any, bucket: str) -> None:
    url = order(client).json()["data"][0]["url"]
    [key] = keys(s3, bucket)
    s3.delete_object(Bucket=bucket, Key=key)
    assert_error(client.get(url), 404, "not_found", "id")


def test_too_much_for_a_host_that_buffers_is_there_by_its_link(start: Open, studio: Studio) -> None:
    studio.answers = [Finished((made(BIG),))]
    with start(largest_response=20_000).client() as client:
        [picture] = order(client, response_format=None).json()["data"]
    assert picture.keys() == {"url"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("trouble", [{"down": True}, {"refusal": "AccessDenied"}])
def test_no_picture_is_lost_where_the_bucket_fails(
    client: httpx.Client, front: Front, trouble: dict[str, Any], stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    vars(front).update(trouble)
    answer = order(client, response_format=None, stream=stream)
    assert answer.status_code == 200, answer.text
    assert "b64_json" in answer.text
    assert '"url"' not in answer.text
    assert '"job"' not in answer.text
    assert "ARTIFACTS" in caplog.text


def test_a_bucket_that_cannot_be_reached_is_told_when_a_file_is_asked_for(client: httpx.Client, front: Front) -> None:
    url = order(client).json()["data"][0]["url"]
    front.down = True
    assert_error(client.get(url), 503, "store_unavailable")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads memory from /proc")
async def test_a_large_picture_is_held_once(place: str, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)  # the front holds what passes
    kept, size = StoredJobs(s3_artifacts(place)), 20 << 20
    await kept.store([made()])
    content = BigFile(size)[:]
    picture, digest = made(content), hashlib.sha256(content).digest()
    del content
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    [output] = await kept.store([picture])
    received, check = 0, hashlib.sha256()
    async with kept.open(output.ref) as media:
        async for chunk in media.chunks:
            received += len(chunk)
            check.update(chunk)
    assert (received, check.digest()) == (size, digest)
    assert _memory("VmHWM") - before < 10 << 20


def _memory(name: str) -> int:
    found = re.search(rf"{name}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


# The place


@pytest.mark.parametrize(
    "setting", ["bucket", "s3://", "s3://B/x", "s3://ab", "s3://bucket/a b", "https://bucket/x", "r2://RESULTS/x"]
)
def test_a_bad_place_is_told_by_the_setting(serve: Callable[..., Configured], setting: str) -> None:
    with serve(ARTIFACTS=setting).client() as client:
        answer = order(client)
    assert assert_error(answer, 500, "misconfigured")["message"].startswith("ARTIFACTS: ")


def test_a_good_place_is_configured(serve: Callable[..., Configured], place: str) -> None:
    with serve(ARTIFACTS=place).client() as client:
        assert order(client, size="64x64").status_code == 200


async def test_a_file_and_its_troubles(place: str, front: Front) -> None:
    artifacts = s3_artifacts(place + "/")
    await artifacts.put("a/b.png", made(BIG))
    async with artifacts.open("a/b.png", ByteRange(2, 4)) as media:
        assert (media.media_type, media.start, media.length, media.total) == ("image/png", 2, 3, 300_000)
        assert b"".join([chunk async for chunk in media.chunks]) == BIG[2:5]
    with pytest.raises(RangeInvalid) as invalid:
        async with artifacts.open("a/b.png", ByteRange(300_000)):
            pass
    assert invalid.value.total == 300_000
    with pytest.raises(NotFound):
        async with artifacts.open("a/c.png"):
            pass
    front.down = True
    with pytest.raises(StoreUnavailable, match="^ARTIFACTS: "):
        await artifacts.put("a/b.png", made(BIG))
    front.down = False
    with pytest.raises(Misconfigured, match="^ARTIFACTS: .*NoSuchBucket"):
        await s3_artifacts("s3://no-such-bucket-here").put("a", made())


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100])
def test_base64_reads_like_the_file_it_stands_for(size: int) -> None:
    content = BIG[:size]
    file = Decoded(made(content).base64)
    assert (file.size, file.seek(0, io.SEEK_END), file.read(5), file.seek(0)) == (size, size, b"", 0)
    assert file.read() == content
    for start in range(0, size, 7):
        file.seek(start)
        pieces = list(iter(lambda: file.read(11), b""))
        assert b"".join(pieces) == content[start:]
