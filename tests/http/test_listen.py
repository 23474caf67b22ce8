"""An answer that is heard as it comes: whole lines however it is cut, lost where it breaks, closed when one leaves."""

from __future__ import annotations

import asyncio
import gzip
import socket

import pytest

from shared.errors import ResultLost, Unavailable, Uncertain
from shared.http import Http
from tests.http.upstream import Call, Handler, serving

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part)


async def heard_lines(http: Http, url: str, timeout: float = 5) -> list[str]:
    async with http.listen("POST", url, json={}, timeout=timeout) as answer:
        assert answer.status == 200
        return [line.decode() async for line in answer.lines()]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
async def test_lines_are_whole_however_they_are_cut(http: Http, size: int) -> None:
    body = "data: wörld 中文 😀\r\n\ndata: two\nlast".encode()

    async def handler(call: Call) -> None:
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        await call.write(HEAD + b"".join(map(chunk, parts)) + END)

    async with serving(handler) as upstream:
        for _ in range(2):
            lines = await heard_lines(http, upstream.url())
            assert lines == ["data: wörld 中文 😀", "", "data: two", "last"]
        assert upstream.connections == 1
    assert upstream.calls[0].headers["accept-encoding"] == "identity"
    assert upstream.calls[0].body == b"{}"


async def test_a_line_is_heard_before_the_next_one_is_said(http: Http) -> None:
    heard = asyncio.Event()

    async def handler(call: Call) -> None:
        await call.write(HEAD + chunk(b"one\n"))
        await heard.wait()
        await call.write(chunk(b"two\n") + END)

    async with (
        serving(handler) as upstream,
        asyncio.timeout(5),
        http.listen("POST", upstream.url()) as answer,
    ):
        lines = answer.lines()
        assert await anext(lines) == b"one"
        heard.set()
        assert await anext(lines) == b"two"
        assert await anext(lines, None) is None


async def test_leaving_ends_the_upstreams_work(http: Http) -> None:
    gone = asyncio.Event()

    async def handler(call: Call) -> None:
        await call.write(HEAD + chunk(b"one\n"))
        await call.gone()
        gone.set()

    async with serving(handler) as upstream, asyncio.timeout(5):
        async with http.listen("POST", upstream.url()) as answer:
            assert await anext(answer.lines()) == b"one"
        await gone.wait()


@pytest.mark.parametrize("status", [200, 308, 403, 429, 500])
async def test_an_answer_can_be_had_whole(http: Http, status: int) -> None:
    async def handler(call: Call) -> None:
        await call.answer(status, b'{"why":1}', {"x-why": "so"})

    async with serving(handler) as upstream:
        for _ in range(2):
            async with http.listen("POST", upstream.url()) as listening:
                answer = await listening.whole()
            assert (answer.status, answer.json(), answer.sent) == (status, {"why": 1}, True)
            assert answer.headers["x-why"] == "so"
        assert upstream.connections == 1


async def test_an_encoded_answer_is_heard_decoded(http: Http) -> None:
    async def handler(call: Call) -> None:
        headers = {"content-type": "text/event-stream", "content-encoding": "gzip"}
        await call.answer(200, gzip.compress(b"one\ntwo\n"), headers)

    async with serving(handler) as upstream:
        assert await heard_lines(http, upstream.url()) == ["one", "two"]


async def cuts(call: Call) -> None:
    await call.write(HEAD + chunk(b"one\n"))
    call.cut()


async def resets(call: Call) -> None:
    await call.write(HEAD + chunk(b"one\n"))
    call.reset()


async def stalls(call: Call) -> None:
    await call.write(HEAD + chunk(b"one\n"))
    await call.gone()


async def sends_bad_gzip(call: Call) -> None:
    await call.answer(200, b"not gzip", {"content-type": "text/event-stream", "content-encoding": "gzip"})


async def never_ends_a_line(call: Call) -> None:
    await call.write(HEAD)
    for _ in range(20):
        await call.write(chunk(bytes(1 << 20)))


@pytest.mark.parametrize("handler", [cuts, resets, stalls, sends_bad_gzip, never_ends_a_line])
async def test_an_answer_that_breaks_off_is_lost(http: Http, handler: Handler) -> None:
    async with serving(handler) as upstream:
        with pytest.raises(ResultLost):
            await heard_lines(http, upstream.url(), timeout=0.5)
    assert len(upstream.calls) == 1


async def closes(call: Call) -> None:
    call.cut()


async def sleeps(call: Call) -> None:
    await call.gone()


@pytest.mark.parametrize("handler", [closes, sleeps])
async def test_what_breaks_before_the_first_word_is_uncertain_and_not_repeated(http: Http, handler: Handler) -> None:
    async with serving(handler) as upstream:
        with pytest.raises(Uncertain):
            await heard_lines(http, upstream.url(), timeout=0.3)
    assert len(upstream.calls) == 1


async def test_a_refused_port_is_unavailable(http: Http) -> None:
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="could not be reached"):
            await heard_lines(http, f"http://127.0.0.1:{taken.getsockname()[1]}/")
