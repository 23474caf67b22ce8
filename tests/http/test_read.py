"""A read is repeated where that may help, and not for long."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time

import pytest

from shared.errors import NotFound, Unavailable
from shared.http import Http, Patience
from tests.http.upstream import Call, Handler, serving


async def cuts(call: Call) -> None:
    call.cut()


async def cuts_in_mid_answer(call: Call) -> None:
    await call.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    call.cut()


async def is_bad_gateway(call: Call) -> None:
    await call.answer(502, b"<html>")


async def is_busy_for_a_moment(call: Call) -> None:
    await call.answer(503, b"", {"retry-after": "1"})


async def stalls(call: Call) -> None:
    await call.gone()


@pytest.mark.parametrize("fault", [cuts, cuts_in_mid_answer, is_bad_gateway, is_busy_for_a_moment, stalls])
async def test_a_read_is_repeated_and_then_fine(http: Http, fault: Handler) -> None:
    async def handler(call: Call) -> None:
        await (fault(call) if call.number < 3 else call.answer(200, b'{"state": "done"}'))

    async with serving(handler) as upstream:
        answer = await http.read("GET", upstream.url("/job?id=7"), timeout=0.6)
        assert (answer.status, answer.json(), answer.sent) == (200, {"state": "done"}, False)
    assert [(call.method, call.target) for call in upstream.calls] == [("GET", "/job?id=7")] * 3


async def test_three_attempts_are_all_and_the_last_answer_is_returned(http: Http) -> None:
    async with serving(is_bad_gateway) as upstream:
        answer = await http.read("GET", upstream.url())
    assert answer.status == 502
    assert isinstance(answer.error(), Unavailable)
    assert len(upstream.calls) == 3


async def test_three_broken_connections_are_unavailable(http: Http) -> None:
    async with serving(cuts) as upstream:
        with pytest.raises(Unavailable, match="broke the connection off"):
            await http.read("GET", upstream.url())
    assert len(upstream.calls) == 3


async def test_a_server_that_comes_up_late_is_found(http: Http) -> None:
    patient = Http(patience=Patience(pause=0.2))

    async def handler(call: Call) -> None:
        await call.answer()

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reading = asyncio.ensure_future(patient.read("GET", f"http://127.0.0.1:{port}/"))
    await asyncio.sleep(0.02)
    async with serving(handler, port=port):
        assert (await reading).status == 200
    await patient.aclose()


@pytest.mark.parametrize("status", [200, 302, 400, 404, 429, 500])
async def test_other_statuses_are_not_asked_for_again(http: Http, status: int) -> None:
    async def handler(call: Call) -> None:
        await call.answer(status)

    async with serving(handler) as upstream:
        assert (await http.read("GET", upstream.url())).status == status
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("wish", [{"retry-after": "5"}, {"retry-after-ms": "5000"}])
async def test_a_long_wish_is_handed_on_instead_of_waited_for(wish: dict[str, str]) -> None:
    async def handler(call: Call) -> None:
        await call.answer(503, b"", wish)

    async with serving(handler) as upstream:
        http = Http()
        answer = await http.read("GET", upstream.url())
        await http.aclose()
    assert len(upstream.calls) == 1
    assert answer.error().retry_after == 5


async def test_a_short_wish_is_honoured() -> None:
    arrived: list[float] = []

    async def handler(call: Call) -> None:
        arrived.append(time.monotonic())
        await call.answer(503 if call.number == 1 else 200, b"", {"retry-after-ms": "300"})

    async with serving(handler) as upstream:
        http = Http(patience=Patience(pause=0.001))
        assert (await http.read("GET", upstream.url())).status == 200
        await http.aclose()
    assert 0.29 <= arrived[1] - arrived[0] < 1


async def test_no_attempt_begins_after_the_time_is_up() -> None:
    async def handler(call: Call) -> None:
        await asyncio.sleep(0.2)
        await call.answer(503)

    async with serving(handler) as upstream:
        http = Http(patience=Patience(attempts=100, seconds=0.5, pause=0.001))
        begun = time.monotonic()
        assert (await http.read("GET", upstream.url())).status == 503
        assert time.monotonic() - begun < 3
        await http.aclose()
    assert 2 <= len(upstream.calls) <= 3


async def test_a_body_goes_out_with_each_attempt(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer(502 if call.number == 1 else 200)

    async with serving(handler) as upstream:
        await http.read("POST", upstream.url(), json={"ids": [1]})
    assert [call.body for call in upstream.calls] == [b'{"ids":[1]}'] * 2


async def test_compressed_and_chunked_answers_are_read(http: Http) -> None:
    packed = gzip.compress(b'{"a": 1}')

    async def handler(call: Call) -> None:
        assert call.headers["accept-encoding"] == "gzip, deflate"
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n"
        await call.write(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed))

    async with serving(handler) as upstream:
        assert (await http.read("GET", upstream.url())).json() == {"a": 1}


async def test_an_answer_without_end_is_given_up(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await call.write(bytes(1 << 20))

    async with serving(handler) as upstream:
        with pytest.raises(Unavailable, match="too large"):
            await http.read("GET", upstream.url(), timeout=5)
    assert len(upstream.calls) == 1


async def test_own_headers_replace_ours_whatever_their_case(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer()

    async with serving(handler) as upstream:
        await http.read("GET", upstream.url(), headers={"User-Agent": "Mozilla/5.0"})
    assert upstream.calls[0].headers["user-agent"] == "Mozilla/5.0"
    assert upstream.calls[0].head.lower().count(b"user-agent") == 1


async def test_ipv6_literals_are_addresses_like_others(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer(404)

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    async with serving(handler, host="::1") as upstream:
        answer = await http.read("GET", upstream.url())
    assert isinstance(answer.error(), NotFound)
    assert upstream.calls[0].headers["host"] == upstream.origin.removeprefix("http://")
