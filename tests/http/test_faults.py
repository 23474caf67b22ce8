"""Every error of httpx becomes one of ours, and ours tell no secrets."""

from __future__ import annotations

import inspect
import re
import traceback
from types import ModuleType

import httpx
import pytest

from shared.errors import EaselError, ResultLost, Unavailable, Uncertain
from shared.http import Http
from shared.http.error_mapping import BROKEN, error_of_send, unavailable
from tests.http.upstream import PNG, Call, Handler, serving

UNSENT = {
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
    "InvalidURL",
}


def exceptions_of(module: ModuleType) -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not issubclass(kind, Warning)
    ]


@pytest.mark.parametrize("kind", exceptions_of(httpx))
def test_httpx_is_mapped(kind: type[Exception]) -> None:
    assert issubclass(kind, BROKEN)
    required = [each for each in inspect.signature(kind).parameters.values() if each.default is each.empty]
    error = kind(**{each.name: "GET https://host/?key=1" for each in required})
    assert type(unavailable(error)) is Unavailable
    assert type(error_of_send(error)) is (Unavailable if kind.__name__ in UNSENT else Uncertain)
    assert "key" not in unavailable(error).message


@pytest.mark.parametrize("kind", [OSError, TimeoutError, ConnectionResetError, BrokenPipeError])
def test_what_asyncio_raises_is_mapped(kind: type[OSError]) -> None:
    assert issubclass(kind, BROKEN)
    assert type(error_of_send(kind())) is Uncertain


async def cuts(call: Call) -> None:
    call.cut()


async def stalls(call: Call) -> None:
    await call.gone()


async def redirects(call: Call) -> None:
    await call.answer(302, b"", {"location": "http://127.0.0.1:1/?token=s3cret"})


async def fails(call: Call) -> None:
    await call.answer(500, b"s3cret")


async def talks_html(call: Call) -> None:
    await call.answer(200, b"s3cret" * 30)


async def breaks_off(call: Call) -> None:
    await call.write(b"HTTP/1.1 200 X\r\ncontent-length: 10000\r\nset-cookie: s3cret\r\n\r\n" + PNG)
    call.cut()


@pytest.mark.parametrize("handler", [cuts, stalls, redirects, fails, talks_html, breaks_off])
@pytest.mark.parametrize("way", ["read", "send", "stream"])
async def test_no_error_tells_a_secret(http: Http, handler: Handler, way: str) -> None:
    headers = {"authorization": "Bearer s3cret"}

    async def go(url: str, origin: str) -> EaselError:
        if way != "stream":
            return (await getattr(http, way)("GET", url, headers=headers, timeout=0.3)).error()  # type: ignore[no-any-return]
        async with http.download(url, origins={origin}, headers=headers, timeout=0.3) as media:
            async for _ in media.chunks:
                pass
        raise AssertionError

    async with serving(handler) as upstream:
        try:
            error = await go(upstream.url("/path?key=s3cret"), upstream.origin)
        except EaselError as raised:
            error = raised
    assert isinstance(error, Unavailable | Uncertain | ResultLost)
    cause = "".join(traceback.format_exception_only(error.__cause__ or error))
    assert not re.search(r"http:|127\.0", f"{error.message} {error.details}")
    assert not re.search(r"s3cret|key=|bearer", f"{error!r} {error.details} {cause}", re.IGNORECASE)
