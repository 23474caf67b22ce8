"""The bytes of pictures: ranges, caching, what is never served, and how a transfer breaks, resumes and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from shared.job import ResultFile
from tests.emulators.faults import Cut, Drop, Reply
from tests.emulators.files import CHUNK, Gate
from tests.emulators.png import BigFile, png
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import (
    OUTPUT,
    assert_error,
    eventually,
    fetches,
    file_url,
    finished_job,
    png_size,
    received_until_cut,
    start_job,
    tickets,
)
from tests.rig import Gateway

SIZE = 10 * CHUNK + 7
CONTENT = BigFile(SIZE)[:SIZE]


@pytest.fixture
def url(client: httpx.Client, zimage: ZImage) -> str:
    """A picture of SIZE bytes, at an address that needs no key."""
    zimage.payload = SIZE
    return file_url(client)


@pytest.fixture
def anyone() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, verify=False) as client:
        yield client


def test_the_whole_file(anyone: httpx.Client, url: str, gateway: Gateway) -> None:
    answer = anyone.get(url)
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert url.startswith(f"{gateway.url}/images/")
    assert url.endswith(".png")


def test_the_headers(anyone: httpx.Client, url: str) -> None:
    headers = anyone.get(url, headers={"origin": "https://app.example"}).headers
    assert headers["content-type"] == "image/png"
    assert headers["content-length"] == str(SIZE)
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["etag"].startswith('"')
    public, max_age, immutable = headers["cache-control"].split(", ")
    assert (public, immutable) == ("public", "immutable")
    assert 24 * 3600 - 60 < int(max_age.removeprefix("max-age=")) <= 24 * 3600


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_shared_cache_never_stores_a_file_that_needs_a_key(
    client: httpx.Client, anyone: httpx.Client, gateway: Gateway, method: str
) -> None:
    job_id = finished_job(client)["id"]
    keyed = client.request(method, f"/images?id={job_id}")
    assert (keyed.status_code, keyed.headers["cache-control"].split(", ")[0]) == (200, "private")
    unchanged = client.request(method, f"/images?id={job_id}", headers={"if-none-match": keyed.headers["etag"]})
    assert (unchanged.status_code, unchanged.headers["cache-control"].split(", ")[0]) == (304, "private")
    ownerless = tickets().issue(tickets().job(job_id)._replace(owner="")).id
    shared = anyone.request(method, f"{gateway.url}/images?id={ownerless}")
    assert (shared.status_code, shared.headers["cache-control"].split(", ")[0]) == (200, "public")


def test_max_age_is_the_life_that_is_left(client: httpx.Client, anyone: httpx.Client, gateway: Gateway) -> None:
    job = tickets().job(finished_job(client)["id"])
    old = ResultFile(job._replace(created=job.created - 23 * 3600), 0)
    headers = anyone.head(f"{gateway.url}/images/{tickets().file_id(old)}.png").headers
    assert int(headers["cache-control"].split("=")[1].split(",")[0]) <= 3600


def test_head_tells_all_that_get_would(anyone: httpx.Client, url: str, zimage: ZImage) -> None:
    head, get = anyone.head(url), anyone.get(url)
    assert head.content == b""
    same = ["content-type", "content-length", "etag", "accept-ranges", "content-security-policy"]
    assert {name: head.headers[name] for name in same} == {name: get.headers[name] for name in same}


def test_head_of_a_large_file_reads_next_to_nothing(anyone: httpx.Client, url: str, zimage: ZImage) -> None:
    zimage.gate = Gate(1)
    assert anyone.head(url).headers["content-length"] == str(SIZE)
    assert zimage.gate.passed == 1


@pytest.mark.parametrize("ranges", [True, False], ids=["upstream with ranges", "upstream that ignores them"])
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=0-0", 0, 0),
        (f"bytes={CHUNK}-{2 * CHUNK + 4}", CHUNK, 2 * CHUNK + 4),
        (f"bytes={SIZE - 5}-", SIZE - 5, SIZE - 1),
        ("bytes=0-", 0, SIZE - 1),
        (f"bytes=5-{2**63 - 1}", 5, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        (f"bytes=-{10 * SIZE}", 0, SIZE - 1),
        (f"bytes={SIZE - 5}-{10 * SIZE}", SIZE - 5, SIZE - 1),
        ("Bytes = 5 - 9", 5, 9),
    ],
)
def test_a_range(
    anyone: httpx.Client, url: str, zimage: ZImage, asked: str, first: int, last: int, ranges: bool
) -> None:
    zimage.ranges = ranges
    answer = anyone.get(url, headers={"range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == CONTENT[first : last + 1]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_range_outside_of_the_file(anyone: httpx.Client, url: str, zimage: ZImage, ranges: bool) -> None:
    zimage.ranges = ranges
    answer = anyone.get(url, headers={"range": f"bytes={SIZE}-"})
    assert_error(answer, 416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=-0", "bytes=-00", f"bytes={'9' * 5000}-", f"bytes={10**19}-{10**20}"])
def test_a_range_outside_of_any_file(anyone: httpx.Client, url: str, asked: str) -> None:
    assert_error(anyone.get(url, headers={"range": asked}), 416, "range_not_satisfiable")


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,5-9", "bytes=9-5", "bytes=-", "bytes=x-y", "lines=0-9", "0-9", "bytes=0x1-5"],
)
def test_a_range_that_is_none_gives_the_whole_file(anyone: httpx.Client, url: str, asked: str) -> None:
    answer = anyone.get(url, headers={"range": asked})
    assert answer.status_code == 200
    assert answer.content == CONTENT


def test_if_range_that_matches(anyone: httpx.Client, url: str) -> None:
    etag = anyone.head(url).headers["etag"]
    answer = anyone.get(url, headers={"range": "bytes=5-9", "if-range": etag})
    assert (answer.status_code, answer.content) == (206, CONTENT[5:10])


@pytest.mark.parametrize("condition", ['"another"', "Fri, 20 Nov 2026 10:00:00 GMT"])
def test_if_range_that_does_not_match(anyone: httpx.Client, url: str, condition: str) -> None:
    answer = anyone.get(url, headers={"range": "bytes=5-9", "if-range": condition})
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("condition", ["{etag}", "W/{etag}", '"another", {etag}', "*"])
def test_who_has_the_file_is_told_so_without_a_look(
    anyone: httpx.Client, url: str, zimage: ZImage, condition: str
) -> None:
    etag = anyone.head(url).headers["etag"]
    before = len(zimage.calls)
    answer = anyone.get(url, headers={"if-none-match": condition.replace("{etag}", etag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert "immutable" in answer.headers["cache-control"]
    assert len(zimage.calls) == before


def test_who_has_another_file_gets_this_one(anyone: httpx.Client, url: str) -> None:
    assert anyone.get(url, headers={"if-none-match": '"another"'}).content == CONTENT


def test_every_picture_has_an_etag_of_its_own(client: httpx.Client, anyone: httpx.Client) -> None:
    urls = [picture["url"] for picture in finished_job(client, n=4)["data"]]
    assert len({anyone.head(url).headers["etag"] for url in urls}) == 4


@pytest.mark.parametrize("extension", [".jpg", ".mp4", ".html", ".PNG/"])
def test_the_extension_is_only_a_hint(anyone: httpx.Client, url: str, extension: str) -> None:
    answer = anyone.get(url.removesuffix(".png") + extension)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == CONTENT


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (png(8, 8), "image/png"),
    ],
)
def test_the_type_is_what_the_bytes_say(
    anyone: httpx.Client, url: str, zimage: ZImage, head: bytes, media_type: str
) -> None:
    zimage.payload, zimage.content_type = head + bytes(100), "text/html"
    answer = anyone.get(url)
    assert answer.headers["content-type"] == media_type
    assert answer.content == zimage.payload


@pytest.mark.parametrize("payload", [b"<html><script>alert(1)</script>", b"<svg/>", b"%PDF-1.7", b"", b"x" * 100_000])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_neither_picture_nor_video_is_not_served(
    anyone: httpx.Client, url: str, zimage: ZImage, payload: bytes, method: str
) -> None:
    zimage.payload = payload
    answer = anyone.request(method, url)
    assert answer.status_code == 502
    if method == "GET":
        assert_error(answer, 502, "upstream_unavailable")
        assert b"script" not in answer.content


def test_a_result_on_a_foreign_origin_is_not_fetched(client: httpx.Client, zimage: ZImage) -> None:
    with ZImage() as stranger:
        zimage.files_origin = stranger.url
        [picture] = finished_job(client)["data"]
        answer = client.get(picture["url"])
        assert_error(answer, 502, "upstream_unavailable")
        assert stranger.url not in answer.text
        assert stranger.calls == []


def test_a_result_on_an_origin_that_the_operator_named(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    with ZImage() as friend:
        gateway.environment["ZIMAGE_RESULT_ORIGINS"] = friend.url
        zimage.files_origin = friend.url
        [picture] = finished_job(client)["data"]
        friend.plan(OUTPUT, Reply(200, png(8, 8)))
        assert png_size(client.get(picture["url"]).content) == (8, 8)


def test_a_result_that_the_upstream_does_not_have_any_more(anyone: httpx.Client, url: str, zimage: ZImage) -> None:
    zimage.reset()
    assert_error(anyone.get(url), 404, "not_found")


def test_an_upstream_that_stumbles_is_asked_again(anyone: httpx.Client, url: str, zimage: ZImage) -> None:
    zimage.plan(OUTPUT, Reply(502, "<html>Bad Gateway</html>"), Drop())
    assert anyone.get(url).content == CONTENT
    assert fetches(zimage) == 3


def test_an_upstream_that_cuts_is_taken_up_again(anyone: httpx.Client, url: str, zimage: ZImage) -> None:
    zimage.plan(OUTPUT, Cut(3 * CHUNK + 1))
    answer = anyone.get(url)
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert fetches(zimage) == 2
    assert zimage.calls[-1].headers["range"].startswith("bytes=")


def test_a_range_that_is_cut_is_taken_up_again(anyone: httpx.Client, url: str, zimage: ZImage) -> None:
    zimage.plan(OUTPUT, Cut(CHUNK + 1))
    answer = anyone.get(url, headers={"range": f"bytes=100-{5 * CHUNK}"})
    assert (answer.status_code, answer.content) == (206, CONTENT[100 : 5 * CHUNK + 1])


def test_an_upstream_that_always_cuts_never_gives_a_file_that_looks_whole(
    anyone: httpx.Client, url: str, zimage: ZImage
) -> None:
    zimage.plan(OUTPUT, *[Cut(CHUNK)] * 20)
    received = received_until_cut(anyone, "GET", url)
    assert CHUNK <= len(received) < SIZE
    assert CONTENT.startswith(received)
    assert fetches(zimage) < 20


def test_the_first_bytes_arrive_before_the_upstream_sends_the_second_chunk(
    anyone: httpx.Client, url: str, zimage: ZImage
) -> None:
    zimage.gate = Gate(1)
    with anyone.stream("GET", url) as answer:
        chunks = answer.iter_raw()
        first = next(chunks)
        assert zimage.gate.passed == 1
        zimage.gate.open()
        assert first + b"".join(chunks) == CONTENT


@pytest.mark.parametrize("held", [True, False], ids=["while nothing comes", "while much comes"])
def test_a_client_that_leaves_closes_the_upstream(anyone: httpx.Client, url: str, zimage: ZImage, held: bool) -> None:
    zimage.payload = 200 << 20
    zimage.gate = Gate(1) if held else None
    with anyone.stream("GET", url) as answer:
        chunks = answer.iter_raw()
        next(chunks)
        assert zimage.open_streams == 1
    eventually(lambda: zimage.open_streams == 0 and len(zimage.closed_early) == 1)


# By the job's id


def test_a_picture_by_its_jobs_id(client: httpx.Client, zimage: ZImage) -> None:
    job = finished_job(client, n=3)
    urls = [picture["url"] for picture in job["data"]]
    by_index = [client.get("/images", params={"id": job["id"], "index": index}).content for index in range(3)]
    assert by_index == [client.get(url).content for url in urls]
    assert client.get(f"/images?id={job['id']}").content == by_index[0]
    assert client.get(f"/images/?id={job['id']}").content == by_index[0]


def test_a_picture_by_its_jobs_id_is_a_file_like_any_other(client: httpx.Client) -> None:
    job = finished_job(client)
    by_url, by_id = client.get(job["data"][0]["url"]), client.get("/images", params={"id": job["id"]})
    same = ["etag", "content-type", "accept-ranges", "content-security-policy"]
    assert {name: by_id.headers[name] for name in same} == {name: by_url.headers[name] for name in same}
    part = client.get("/images", params={"id": job["id"]}, headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    assert client.head("/images", params={"id": job["id"]}).headers["content-length"] == str(len(by_url.content))


def test_a_picture_by_its_jobs_id_is_waited_for(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 1
    job = start_job(client)
    assert client.get("/images", params={"id": job["id"]}).headers["content-type"] == "image/png"


def test_a_picture_that_does_not_come(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    gateway.environment["MAX_WAIT_SECONDS"] = "1"
    zimage.next_fate(Fate.NEVER_ENDS, Fate.FAILS)
    for _ in range(2):
        job = start_job(client)
        assert_error(client.get("/images", params={"id": job["id"]}), 404, "not_found", "id")


def test_a_picture_of_a_job_that_the_upstream_has_lost(client: httpx.Client, zimage: ZImage) -> None:
    job = tickets().job(start_job(client)["id"])
    zimage.reset()
    old = tickets().issue(job._replace(created=job.created - 60)).id
    assert_error(client.get("/images", params={"id": old}), 404, "not_found", "id")


@pytest.mark.parametrize("query", ["", "?id=", "?index=1"])
def test_a_picture_of_no_job(client: httpx.Client, query: str) -> None:
    assert_error(client.get(f"/images{query}"), 400, "invalid_value", "id")


# Results without an address of their own


def test_a_sketch_is_a_file_like_any_other(serve: Callable[..., Gateway], anyone: httpx.Client) -> None:
    with serve().client() as client:
        url = file_url(client, model="sketch", size="96x64")
    whole = anyone.get(url)
    assert png_size(whole.content) == (96, 64)
    part = anyone.get(url, headers={"range": "bytes=-4"})
    assert (part.status_code, part.content) == (206, whole.content[-4:])
    assert_error(anyone.get(url, headers={"range": "bytes=99999999-"}), 416, "range_not_satisfiable")


def test_a_link_too_long_for_an_id_is_found_by_a_look(client: httpx.Client, zimage: ZImage) -> None:
    zimage.files_origin = f"{zimage.url}/{'long/' * 30}way"
    zimage.plan("GET /long/", Reply(200, png(8, 8)))
    job = finished_job(client)
    [picture] = job["data"]
    assert len(picture["url"]) < 400
    before = len(zimage.calls)
    assert png_size(client.get(picture["url"]).content) == (8, 8)
    assert ["/task/" in call.path for call in zimage.calls[before:]] == [True, False]


def test_public_url_is_the_base_of_all_links(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    gateway.environment["PUBLIC_URL"] = "https://pictures.example/"
    assert file_url(client).startswith("https://pictures.example/images/")
