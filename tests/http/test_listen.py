"""An answer is heard line by line while it comes, however it is cut; and what breaks is told from what ends."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from shared.errors import ResultLost, Unavailable, Uncertain
from shared.http import Http
from tests.http.upstream import Call, Handler, serving

TEXT = 'data: {"a": "wörld 中文 😀"}\r\n\r\n: comment\ndata: one\ndata: two\n\n\nevent: x\ndata:three'.encode()
LINES = ['data: {"a": "wörld 中文 😀"}', "", ": comment", "data: one", "data: two", "", "", "event: x", "data:three"]
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def in_pieces(size: int, end: bytes = b"0\r\n\r\n") -> Handler:
    async def handler(call: Call) -> None:
        await call.write(CHUNKED)
        for start in range(0, len(TEXT), size):
            piece = TEXT[start : start + size]
            await call.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await call.write(end)

    return handler


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_lines_are_whole_however_they_are_cut(http: Http, size: int) -> None:
    headers = {"x-mine": "1"}
    async with (
        serving(in_pieces(size)) as upstream,
        http.stream("POST", upstream.url(), json={"a": 1}, headers=headers) as answer,
    ):
        assert [line.decode() async for line in answer.lines()] == LINES
    [first] = upstream.calls
    assert (first.method, json.loads(first.body), first.headers["x-mine"]) == ("POST", {"a": 1}, "1")
    assert first.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
async def test_lines_end_in_any_way(http: Http, size: int, end: str) -> None:
    text = f"one{end}{end}two{end}three".encode()

    async def handler(call: Call) -> None:
        await call.write(CHUNKED)
        for start in range(0, len(text), size):
            piece = text[start : start + size]
            await call.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await call.write(b"0\r\n\r\n")

    async with serving(handler) as upstream, http.stream("POST", upstream.url()) as answer:
        assert [line async for line in answer.lines()] == [b"one", b"", b"two", b"three"]


async def test_a_line_is_there_before_the_next_one_comes(http: Http) -> None:
    heard = asyncio.Event()

    async def handler(call: Call) -> None:
        await call.write(CHUNKED + b"4\r\none\n\r\n")
        await heard.wait()
        await call.write(b"4\r\ntwo\n\r\n0\r\n\r\n")

    async with serving(handler) as upstream, http.stream("POST", upstream.url()) as answer:
        lines = answer.lines()
        assert await anext(lines) == b"one"
        heard.set()
        assert [line async for line in lines] == [b"two"]


async def test_what_is_compressed_all_the_same_is_understood(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer(200, gzip.compress(TEXT), {"content-encoding": "gzip"})

    async with serving(handler) as upstream, http.stream("POST", upstream.url()) as answer:
        assert [line.decode() async for line in answer.lines()] == LINES


async def test_an_error_is_read_whole(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer(429, b"slow down", {"retry-after": "3"})

    async with serving(handler) as upstream, http.stream("POST", upstream.url()) as listening:
        answer = await listening.read()
    assert (answer.status, answer.body, answer.sent, answer.headers["retry-after"]) == (429, b"slow down", True, "3")
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("end", [b"", b"zz\r\n"])
async def test_a_break_is_no_end(http: Http, end: bytes) -> None:
    async def handler(call: Call) -> None:
        await in_pieces(1000, end)(call)
        call.cut()

    async with serving(handler) as upstream:
        async with http.stream("POST", upstream.url()) as answer:
            with pytest.raises(ResultLost):
                assert [line async for line in answer.lines()] == []
        async with http.stream("POST", upstream.url()) as answer:
            with pytest.raises(Uncertain):
                await answer.read()


async def test_it_is_sent_once_and_nobody_knows_what_became_of_it(http: Http) -> None:
    async def handler(call: Call) -> None:
        call.cut()

    async with serving(handler) as upstream:
        with pytest.raises(Uncertain):
            async with http.stream("POST", upstream.url()):
                pass
        assert len(upstream.calls) == 1
    with pytest.raises(Unavailable):
        async with http.stream("POST", upstream.url()):
            pass


async def test_silence_lasts_so_long(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.write(CHUNKED + b"4\r\none\n\r\n")
        await call.gone()

    async with serving(handler) as upstream:
        with pytest.raises(ResultLost):
            async with http.stream("POST", upstream.url(), timeout=0.1) as answer:
                assert [line async for line in answer.lines()] == []


async def test_leaving_closes_the_connection(http: Http) -> None:
    gone = asyncio.Event()

    async def handler(call: Call) -> None:
        await call.write(CHUNKED + b"4\r\none\n\r\n")
        await call.gone()
        gone.set()

    async with serving(handler) as upstream:
        async with http.stream("POST", upstream.url()) as answer:
            await anext(answer.lines())
        async with asyncio.timeout(2):
            await gone.wait()


async def test_an_endless_line_is_refused(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.write(CHUNKED)
        piece = bytes(1 << 20).replace(b"\0", b"x")
        for _ in range(17):
            await call.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    async with serving(handler) as upstream, http.stream("POST", upstream.url()) as answer:
        with pytest.raises(ResultLost, match="too long"):
            assert [line async for line in answer.lines()] == []


async def test_a_connection_is_used_again(http: Http) -> None:
    async with serving(in_pieces(1000)) as upstream:
        for _ in range(3):
            async with http.stream("POST", upstream.url()) as answer:
                assert [line async for line in answer.lines()]
    assert upstream.connections == 1
