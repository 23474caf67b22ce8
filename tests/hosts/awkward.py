"""An application that a runtime has to bear: each of its paths does something that a good one would not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NoReturn

from starlette.types import Message, Receive, Scope, Send

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


class Broken(Exception):
    """What goes wrong here."""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await PATHS[scope["path"]](receive, send)


async def before_the_start(receive: Receive, send: Send) -> NoReturn:
    raise Broken


async def before_the_first_byte(receive: Receive, send: Send) -> NoReturn:
    await send(START)
    await send(_body(b"", more=True))
    raise Broken


async def after_the_first_byte(receive: Receive, send: Send) -> NoReturn:
    await send(START)
    await send(_body(b"half of ", more=True))
    raise Broken


async def after_the_end(receive: Receive, send: Send) -> NoReturn:
    await send(START)
    await send(_body(b"whole"))
    raise Broken


async def without_an_end(receive: Receive, send: Send) -> None:
    await send(START)
    await send(_body(b"half of ", more=True))


async def without_a_word(receive: Receive, send: Send) -> None:
    pass


async def without_a_start(receive: Receive, send: Send) -> None:
    await send(_body(b"whole"))


async def cancelled(receive: Receive, send: Send) -> NoReturn:
    raise asyncio.CancelledError


async def many_headers(receive: Receive, send: Send) -> None:
    names = [(b"Set-Cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2"), (b"Vary", b"Accept"), (b"vary", b"Origin")]
    dropped = [(b"Connection", b"close"), (b"Transfer-Encoding", b"chunked")]
    await send({"type": "http.response.start", "status": 204, "headers": [*names, *dropped]})
    await send(_body(b""))


async def listening(receive: Receive, send: Send) -> None:
    """Says what it hears: before its answer nothing but the request, after it that nobody listens."""
    heard = b""
    more = True
    while more:
        request = await receive()
        heard, more = heard + request["body"], request["more_body"]
    early = asyncio.ensure_future(receive())
    await asyncio.sleep(0.05)
    assert not early.done()
    await send(START)
    await send(_body(heard))
    assert (await early)["type"] == "http.disconnect"
    assert (await receive())["type"] == "http.disconnect"
    print("heard it all", flush=True)


async def stubborn(receive: Receive, send: Send) -> None:
    """Does not mind that its answer is not taken, and waits to be told that nobody listens."""
    await receive()
    await send(START)
    with suppress(OSError):
        while True:
            await send(_body(b"on and on", more=True))
    assert (await receive())["type"] == "http.disconnect"


PATHS = {
    "/before-the-start": before_the_start,
    "/before-the-first-byte": before_the_first_byte,
    "/after-the-first-byte": after_the_first_byte,
    "/after-the-end": after_the_end,
    "/without-an-end": without_an_end,
    "/without-a-word": without_a_word,
    "/without-a-start": without_a_start,
    "/cancelled": cancelled,
    "/many-headers": many_headers,
    "/listening": listening,
    "/stubborn": stubborn,
}


def _body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
