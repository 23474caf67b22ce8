"""What every emulator can do: record, go wrong as planned, count its streams, start and stop at will."""

import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.emulators.base import Refused
from tests.emulators.faults import Cut, Drop, Reply, Slow
from tests.emulators.files import CHUNK, Content, FileHost, Gate
from tests.emulators.png import SIGNATURE, BigFile, png

CONTENT = bytes(range(200))


@dataclass(kw_only=True, eq=False)
class Shelf(FileHost):
    """The smallest upstream: it counts what is put on it and hands out one file."""

    limit: int = 99
    stored: int = 0

    def environment(self) -> dict[str, str]:
        return {}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/put", self._put, methods=["POST"]), Route("/file", self._file)]

    async def _put(self, request: Request) -> Response:
        if self.stored >= self.limit:
            raise Refused(JSONResponse({"error": "full"}, 409))
        self.stored += 1
        return JSONResponse({"stored": self.stored})

    async def _file(self, request: Request) -> Response:
        return self.file_response(request, CONTENT, "image/png")


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as emulator:
        yield emulator


@pytest.fixture
def client(shelf: Shelf) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shelf.url) as client:
        yield client


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


def test_every_request_is_recorded_even_a_refused_one(shelf: Shelf, client: httpx.Client) -> None:
    shelf.limit = 0
    shelf.plan("/put", Reply(503))
    client.post("/put?a=1", json={"x": 1}, headers={"X-Mark": "m"})
    client.post("/put")
    client.get("/nowhere")
    assert [(call.method, call.path) for call in shelf.calls] == [
        ("POST", "/put"),
        ("POST", "/put"),
        ("GET", "/nowhere"),
    ]
    first = shelf.calls[0]
    assert (first.query, first.headers["x-mark"], first.json) == ("a=1", "m", {"x": 1})


def test_a_refusal_answers_at_once(shelf: Shelf, client: httpx.Client) -> None:
    shelf.limit = 0
    answer = client.post("/put")
    assert (answer.status_code, answer.json()) == (409, {"error": "full"})


def test_reset_forgets_and_restores(shelf: Shelf, client: httpx.Client) -> None:
    shelf.limit = 1
    shelf.plan("/put", Reply(500), Reply(500))
    client.post("/put")
    shelf.reset()
    assert (shelf.calls, shelf.limit, shelf.stored) == ([], 99, 0)
    assert client.post("/put").status_code == 200


@pytest.mark.parametrize(
    ("fault", "text", "media_type"),
    [
        (Reply(502, "<html>Bad gateway</html>"), "<html>Bad gateway</html>", "text/html"),
        (Reply(429, {"error": "slow"}, {"Retry-After": "2"}), '{"error": "slow"}', "application/json"),
        (Reply(200, b"{", {"Content-Type": "application/json"}), "{", "application/json"),
        (Reply(500), "", "application/octet-stream"),
    ],
)
def test_a_planned_reply_takes_no_work(
    shelf: Shelf, client: httpx.Client, fault: Reply, text: str, media_type: str
) -> None:
    shelf.plan("/put", fault)
    answer = client.post("/put")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (fault.status, text, media_type)
    assert answer.headers.get("retry-after") == fault.headers.get("Retry-After")
    assert shelf.stored == 0


def test_faults_meet_the_requests_they_name_in_order(shelf: Shelf, client: httpx.Client) -> None:
    shelf.plan("POST /put", Reply(500), Reply(503))
    statuses = [client.get("/file").status_code, *(client.post("/put").status_code for _ in range(3))]
    assert statuses == [200, 500, 503, 200]


def test_a_slow_answer_comes_in_the_end(shelf: Shelf, client: httpx.Client) -> None:
    shelf.plan("/put", Slow(0.05))
    before = time.monotonic()
    assert client.post("/put").status_code == 200
    assert time.monotonic() - before >= 0.05


def test_a_client_that_tires_of_a_slow_answer_is_noticed(shelf: Shelf, client: httpx.Client) -> None:
    shelf.plan("/put", Slow(60))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/put", timeout=0.05)
    eventually(lambda: shelf.closed_early == ["/put"])
    assert shelf.stored == 0


@pytest.mark.parametrize("after", [False, True])
def test_a_drop_leaves_no_answer_but_may_leave_work(shelf: Shelf, client: httpx.Client, after: bool) -> None:
    shelf.plan("/put", Drop(after=after))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        client.post("/put")
    assert shelf.stored == int(after)
    assert client.post("/put").status_code == 200
    assert shelf.closed_early == []


@pytest.mark.parametrize("content", [bytes(1000), BigFile(5_000_000)], ids=["small", "big"])
@pytest.mark.parametrize("cut", [0, 1, 999])
def test_a_cut_keeps_the_promised_length_and_breaks_it(
    shelf: Shelf, client: httpx.Client, content: Content, cut: int
) -> None:
    shelf.payload = content
    shelf.plan("/file", Cut(cut))
    chunks: list[bytes] = []
    with client.stream("GET", "/file") as answer:
        assert answer.headers["content-length"] == str(len(content))
        with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
            chunks.extend(answer.iter_raw())
    assert b"".join(chunks) == content[:cut]
    eventually(lambda: shelf.open_streams == 0)
    assert shelf.closed_early == []


def test_a_cut_behind_the_end_cuts_nothing(shelf: Shelf, client: httpx.Client) -> None:
    shelf.plan("/file", Cut(1000))
    assert client.get("/file").content == CONTENT


def test_a_gate_holds_chunks_back(shelf: Shelf, client: httpx.Client) -> None:
    shelf.payload, shelf.gate = BigFile(3 * CHUNK), Gate(1)
    with client.stream("GET", "/file") as answer:
        chunks = answer.iter_raw(CHUNK)
        assert next(chunks) == BigFile(3 * CHUNK)[:CHUNK]
        assert (shelf.open_streams, shelf.gate.passed) == (1, 1)
        shelf.gate.allow()
        assert next(chunks) == BigFile(3 * CHUNK)[CHUNK : 2 * CHUNK]
        shelf.gate.open()
        assert len(next(chunks)) == CHUNK
    eventually(lambda: shelf.open_streams == 0)
    assert shelf.closed_early == []


def test_a_client_that_leaves_a_download_is_noticed(shelf: Shelf, client: httpx.Client) -> None:
    shelf.payload, shelf.gate = BigFile(3 * CHUNK), Gate(1)
    with client.stream("GET", "/file"):
        assert shelf.open_streams == 1
    eventually(lambda: shelf.closed_early == ["/file"])
    assert shelf.open_streams == 0


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "part"),
    [
        ("bytes=0-0", 206, "bytes 0-0/200", slice(0, 1)),
        ("bytes=10-19", 206, "bytes 10-19/200", slice(10, 20)),
        ("bytes=190-", 206, "bytes 190-199/200", slice(190, 200)),
        ("bytes=190-999", 206, "bytes 190-199/200", slice(190, 200)),
        ("bytes=-5", 206, "bytes 195-199/200", slice(195, 200)),
        ("bytes=200-", 416, "bytes */200", slice(0, 0)),
        ("bytes=-", 200, None, slice(0, 200)),
        ("lines=1-2", 200, None, slice(0, 200)),
    ],
)
def test_ranges(
    shelf: Shelf, client: httpx.Client, asked: str, status: int, content_range: str | None, part: slice
) -> None:
    answer = client.get("/file", headers={"range": asked})
    assert (answer.status_code, answer.headers.get("content-range")) == (status, content_range)
    assert answer.content == CONTENT[part]


def test_a_range_holds_only_for_the_same_file(shelf: Shelf, client: httpx.Client) -> None:
    etag = client.get("/file").headers["etag"]
    statuses = [
        client.get("/file", headers={"range": "bytes=1-", "if-range": tag}).status_code for tag in (etag, '"x"')
    ]
    assert statuses == [206, 200]


def test_a_host_without_ranges_sends_the_whole(shelf: Shelf, client: httpx.Client) -> None:
    shelf.ranges = False
    answer = client.get("/file", headers={"range": "bytes=1-2"})
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert "accept-ranges" not in answer.headers


def test_head_tells_the_same_headers(client: httpx.Client) -> None:
    told, sent = client.head("/file"), client.get("/file")
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers == sent.headers
    assert told.headers["content-length"] == "200"


@pytest.mark.parametrize("size", [(1, 1), (64, 80), (2048, 2048), (513, 7)])
def test_a_png_is_one(size: tuple[int, int]) -> None:
    picture = png(*size, (1, 2, 3))
    assert picture[:8] == SIGNATURE
    assert struct.unpack(">II", picture[16:24]) == size
    start = picture.index(b"IDAT")
    length = int.from_bytes(picture[start - 4 : start])
    assert len(zlib.decompress(picture[start + 4 : start + 4 + length])) == size[1] * (1 + (size[0] + 7) // 8)


def test_any_slice_of_a_big_file_is_that_part_of_it() -> None:
    size = 300_000
    whole = BigFile(size)[:size]
    assert whole[:8] == SIGNATURE
    assert len(whole) == size
    for start, stop in [(0, 3), (3, 100), (7, 9), (65_000, 200_000), (size - 1, size + 9), (5, 5)]:
        assert BigFile(size)[start:stop] == whole[start:stop]


def test_stopping_waits_for_no_client_and_leaves_no_thread() -> None:
    threads = threading.active_count()
    for _ in range(10):
        with Shelf(payload=10_000_000, gate=Gate(1)) as shelf, httpx.Client() as client:
            request = client.build_request("GET", f"{shelf.url}/file")
            client.send(request, stream=True)
            shelf.stop()
    assert threading.active_count() == threads


def test_the_port_can_be_chosen(shelf: Shelf) -> None:
    port = int(shelf.url.rpartition(":")[2])
    shelf.stop()
    assert shelf.start(port).url.endswith(f":{port}")
    assert httpx.get(f"{shelf.url}/file").status_code == 200
