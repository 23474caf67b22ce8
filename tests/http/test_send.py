"""A send goes out once, and what becomes of it is never guessed."""

from __future__ import annotations

import asyncio
import socket

import pytest

from shared.errors import EaselError, Unavailable, Uncertain
from shared.http import Http
from tests.http.upstream import Call, Handler, listening, serving


async def closes(call: Call) -> None:
    call.cut()


async def cuts_in_mid_answer(call: Call) -> None:
    await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    call.cut()


async def talks_garbage(call: Call) -> None:
    await call.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    call.cut()


async def sends_bad_gzip(call: Call) -> None:
    await call.answer(200, b"not gzip", {"content-encoding": "gzip"})


async def resets(call: Call) -> None:
    call.reset()


async def sleeps(call: Call) -> None:
    await call.gone()


async def drips(call: Call) -> None:
    await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while True:
        await call.write(b"x")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("handler", [closes, resets, cuts_in_mid_answer, talks_garbage, sends_bad_gzip, sleeps, drips])
async def test_whatever_breaks_after_connecting_is_uncertain_and_not_repeated(http: Http, handler: Handler) -> None:
    async with serving(handler) as upstream:
        with pytest.raises(Uncertain) as caught:
            await http.send("POST", upstream.url("/generate"), json={"prompt": "a fox"}, timeout=0.6)
    assert len(upstream.calls) == 1
    assert upstream.connections == 1
    assert "not started again" in caught.value.message


async def test_a_refused_port_is_unavailable(http: Http) -> None:
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="could not be reached"):
            await http.send("POST", f"http://127.0.0.1:{taken.getsockname()[1]}/", json={})


async def test_a_name_that_does_not_exist_is_unavailable(http: Http) -> None:
    with pytest.raises(Unavailable, match="could not be reached"):
        await http.send("POST", "http://nowhere.invalid/", json={})


async def test_a_connection_that_is_never_made_is_unavailable_and_not_uncertain(http: Http) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        fillers = [socket.socket() for _ in range(4)]  # the queue is full: the kernel drops what comes now
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        with pytest.raises(Unavailable, match="could not be reached"):
            await http.send("POST", f"http://127.0.0.1:{address[1]}/", json={}, timeout=0.4)
        for filler in fillers:
            filler.close()


async def test_accepted_and_closed_at_once_is_uncertain(http: Http) -> None:
    accepted = 0

    async def slam(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        writer.transport.abort()

    async with listening(slam) as origin:
        with pytest.raises(Uncertain):
            await http.send("POST", origin, json={})
    assert accepted == 1


@pytest.mark.parametrize("status", [200, 429, 500, 502, 503, 504])
async def test_every_status_is_an_answer(http: Http, status: int) -> None:
    async def handler(call: Call) -> None:
        await call.answer(status, b'{"id": 7}', {"retry-after": "0"})

    async with serving(handler) as upstream:
        answer = await http.send(
            "POST", upstream.url(), json={"prompt": "Füchse"}, headers={"Authorization": "Bearer k"}
        )
        assert (answer.status, answer.json(), answer.sent) == (status, {"id": 7}, True)
    assert len(upstream.calls) == 1
    assert upstream.calls[0].body == '{"prompt":"Füchse"}'.encode()
    assert upstream.calls[0].headers["authorization"] == "Bearer k"
    assert upstream.calls[0].headers["content-type"] == "application/json"


async def test_an_answer_that_comes_before_the_body_is_read_is_heard(http: Http) -> None:
    async def too_large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)

    async with listening(too_large) as origin:
        answer = await http.send("POST", origin, json={"image": "x" * (20 << 20)}, timeout=5)
    assert answer.status == 413


async def test_a_large_body_reaches_a_slow_reader(http: Http) -> None:
    async def reads_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.05)
        body = await reader.readexactly((8 << 20) + len('{"image":""}'))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + body[:1] + body[-1:])
        await writer.drain()

    async with listening(reads_slowly) as origin:
        assert (await http.send("POST", origin, json={"image": "x" * (8 << 20)})).json() == {}


@pytest.mark.parametrize("headers", [{"authorization": "Bearer k\r\nx: y"}, {"authorization": "Bearer ключ"}])
async def test_what_cannot_be_written_down_is_not_sent(http: Http, headers: dict[str, str]) -> None:
    async def handler(call: Call) -> None:
        await call.answer()

    async with serving(handler) as upstream:
        with pytest.raises(EaselError, match="malformed") as caught:
            await http.send("POST", upstream.url(), headers=headers, json={})
        assert isinstance(caught.value, Unavailable)
    assert not upstream.calls


async def test_an_idle_connection_is_too_old_for_a_send_before_a_server_would_close_it(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer()

    async with serving(handler) as upstream:
        await http.read("GET", upstream.url())
        await http.send("POST", upstream.url(), json={})
        assert upstream.connections == 1
        await asyncio.sleep(3.1)
        await http.send("POST", upstream.url(), json={})
        assert upstream.connections == 2
