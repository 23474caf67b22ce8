"""Connections are used again, never when they are dead, and none is left behind."""

from __future__ import annotations

import asyncio
import gc
import queue
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest

from shared.http import Http
from shared.http.transport import MAX_IDLE, ConnectionPool
from tests.http.files import PNG, serve_file
from tests.http.upstream import Call, Handler, Upstream, serving

ROOT = Path(__file__).parents[2]

Way: TypeAlias = Callable[[Http, Upstream], Coroutine[None, None, None]]


async def answers(call: Call) -> None:
    await call.answer(200, b'{"ok": true}')


@contextmanager
def serving_in_a_thread(handler: Handler) -> Iterator[str]:
    """For tests whose loops come and go. Gives the origin."""
    ended = asyncio.Event()
    place: queue.Queue[tuple[str, asyncio.AbstractEventLoop]] = queue.Queue()

    async def serve() -> None:
        async with serving(handler) as upstream:
            place.put((upstream.origin, asyncio.get_running_loop()))
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    origin, loop = place.get(timeout=5)
    yield origin
    loop.call_soon_threadsafe(ended.set)
    thread.join(5)


async def test_many_reads_share_one_connection(http: Http) -> None:
    async with serving(answers) as upstream:
        for _ in range(20):
            assert (await http.read("GET", upstream.url())).json() == {"ok": True}
        await http.send("POST", upstream.url(), json={})
    assert upstream.connections == 1


async def test_a_connection_that_the_server_closed_is_not_used_again(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer()
        call.cut()

    async with serving(handler) as upstream:
        for _ in range(3):
            assert (await http.send("POST", upstream.url(), json={})).status == 200
            await asyncio.sleep(0.02)
    assert (upstream.connections, len(upstream.calls)) == (3, 3)


async def test_the_kernel_knows_of_the_end_before_the_loop_does(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer()
        await asyncio.sleep(0.05)
        call.cut()

    with serving_in_a_thread(handler) as origin:
        assert (await http.send("POST", origin, json={})).status == 200
        time.sleep(0.2)  # the loop is frozen, as functions are between two requests
        assert (await http.send("POST", origin, json={})).status == 200


async def test_a_connection_on_which_the_server_spoke_unasked_is_not_used_again(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer(200, b'{"n": %d}' % call.number)
        await asyncio.sleep(0.02)
        await call.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")

    async with serving(handler) as upstream:
        for number in (1, 2):
            assert (await http.send("POST", upstream.url(), json={})).json() == {"n": number}
            await asyncio.sleep(0.05)


async def test_connection_close_is_obeyed(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer(200, b"{}", {"connection": "close"})
        await asyncio.wait_for(call.gone(), 1)

    async with serving(handler) as upstream:
        for _ in range(2):
            await http.read("GET", upstream.url())
    assert upstream.connections == 2


async def test_parallel_requests_do_not_mix(http: Http) -> None:
    async def handler(call: Call) -> None:
        await asyncio.sleep(0.01)
        await call.answer(200, call.target.encode())

    async with serving(handler) as upstream:
        for _ in range(3):
            answers = await asyncio.gather(*(http.read("GET", upstream.url(f"/{n}")) for n in range(32)))
            assert [answer.body for answer in answers] == [b"/%d" % n for n in range(32)]
    assert upstream.connections == 32


async def test_no_more_than_so_many_connections_are_kept(http: Http) -> None:
    async def handler(call: Call) -> None:
        await asyncio.sleep(0.1)
        await call.answer()

    async with serving(handler) as upstream:
        await asyncio.gather(*(http.read("GET", upstream.url()) for _ in range(MAX_IDLE + 6)))
        await asyncio.sleep(0.05)
        assert upstream.open_now == MAX_IDLE
        await http.aclose()
        await asyncio.sleep(0.05)
        assert upstream.open_now == 0


async def test_what_is_idle_for_too_long_is_closed_when_the_next_connection_is_made() -> None:
    async def handler(call: Call) -> None:
        await call.answer()
        await call.gone()

    async def ask(pool: ConnectionPool, upstream: Upstream) -> None:
        response = await pool.handle_async_request(httpx.Request("GET", upstream.url()))
        await response.aread()

    async with serving(handler) as upstream, serving(handler) as other, ConnectionPool(keep_alive=0.05) as pool:
        await asyncio.gather(ask(pool, upstream), ask(pool, upstream))
        await asyncio.sleep(0.06)
        assert upstream.open_now == 2
        await ask(pool, other)
        await asyncio.sleep(0.05)
        assert (upstream.open_now, other.open_now) == (0, 1)


@pytest.mark.parametrize("method", ["read", "send"])
async def test_cancelling_closes_the_connection(http: Http, method: str) -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def handler(call: Call) -> None:
        arrived.set()
        await call.gone()
        gone.set()

    async with serving(handler) as upstream:
        task = asyncio.ensure_future(getattr(http, method)("POST", upstream.url()))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 1)
    assert len(upstream.calls) == 1


async def test_what_is_in_use_while_it_is_closed_is_closed_afterwards(http: Http) -> None:
    async def handler(call: Call) -> None:
        await asyncio.sleep(0.1)
        await call.answer()

    async with serving(handler) as upstream:
        reading = asyncio.ensure_future(http.read("GET", upstream.url()))
        await asyncio.sleep(0.05)
        await http.aclose()
        assert (await reading).status == 200
        await asyncio.sleep(0.05)
        assert upstream.open_now == 0


async def test_it_works_after_being_closed(http: Http) -> None:
    async with serving(answers) as upstream:
        for _ in range(2):
            await http.read("GET", upstream.url())
            await http.aclose()
    assert upstream.connections == 2


def test_one_http_serves_several_loops_and_leaves_nothing_open() -> None:
    http = Http()
    with serving_in_a_thread(answers) as origin:
        for _ in range(2):
            assert asyncio.run(http.read("GET", origin)).status == 200
    gc.collect()


def test_a_loop_that_was_closed_in_bad_order_is_forgotten() -> None:
    http = Http()
    # The warnings are asyncio's own, about what such a loop leaves open.
    with serving_in_a_thread(answers) as origin, warnings.catch_warnings(action="ignore"):
        loop = asyncio.new_event_loop()
        closed = weakref.ref(loop)
        loop.run_until_complete(http.read("GET", origin))
        loop.close()
        del loop
        assert asyncio.run(http.read("GET", origin)).status == 200
        gc.collect()
        assert closed() is None


async def test_dropping_it_closes_its_connections() -> None:
    gone = asyncio.Event()

    async def handler(call: Call) -> None:
        await call.answer()
        await call.gone()
        gone.set()

    async with serving(handler) as upstream:
        await Http().read("GET", upstream.url())
        await asyncio.wait_for(gone.wait(), 1)


@pytest.mark.parametrize("run", ["asyncio.run", "uvloop.run"])
def test_a_process_ends_without_a_word(run: str) -> None:
    code = f"""
import asyncio, sys, uvloop
from shared.http import Http
http = Http()
async def main():
    print((await http.read("GET", sys.argv[1])).status)
{run}(main())
"""
    with serving_in_a_thread(answers) as origin:
        command = [sys.executable, "-W", "error", "-c", code, origin]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("200\n", "", 0)


def test_importing_it_does_nothing() -> None:
    code = """
import sys
def audit(event, arguments):
    assert event not in ("socket.__new__", "socket.getaddrinfo", "os.putenv"), event
sys.addaudithook(audit)
import ssl
class Never(ssl.SSLContext):
    def __new__(cls, *arguments):
        raise AssertionError("a TLS context was made")
ssl.SSLContext = Never
import shared.http
shared.http.Http()
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


async def reads(http: Http, upstream: Upstream) -> None:
    await http.read("GET", upstream.url())


async def sends(http: Http, upstream: Upstream) -> None:
    await http.send("POST", upstream.url(), json={"image": "x" * (1 << 20)})


async def streams(http: Http, upstream: Upstream) -> None:
    async with http.download(upstream.url(), origins={upstream.origin}) as media:
        async for _ in media.chunks:
            pass


@pytest.mark.parametrize("idle", [False, True])
@pytest.mark.parametrize("way", [reads, sends, streams])
@pytest.mark.parametrize("rounds", range(40))
async def test_whenever_a_call_is_cancelled_its_connection_is_closed(rounds: int, way: Way, idle: bool) -> None:
    async def handler(call: Call) -> None:
        await serve_file(call, PNG if way is streams else b"{}")

    http = Http()
    async with serving(handler) as upstream:
        if idle:
            await way(http, upstream)
        calling = asyncio.create_task(way(http, upstream))
        for _ in range(rounds):
            await asyncio.sleep(0)
        calling.cancel()
        await asyncio.wait([calling])
        await http.aclose()
        async with asyncio.timeout(5):
            while upstream.open_now:
                await asyncio.sleep(0.001)
