"""Bodies that are made while they leave, and what is put aside to be read again and again."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BadRequest
from shared.http import Http, InlineFile, Spool, base64_of, json_body
from shared.requests import InputImage
from tests.http.upstream import Call, serving

BIG = bytes(range(251)) * 20_000


def picture(content: bytes, *, measured: bool = True) -> InputImage:
    spool = Spool()
    spool.write(content)
    return InputImage(spool.read, "image/png", len(content) if measured else None)


async def written(content: object) -> bytes:
    pieces = json_body(content).content
    assert not isinstance(pieces, bytes)
    return b"".join([piece async for piece in pieces])


async def test_pictures_stand_in_json_as_base64() -> None:
    content = {"a": [InlineFile(picture(b"one")), "two"], "b": {"c": InlineFile(picture(BIG))}}
    assert json.loads(await written(content)) == {
        "a": [base64.b64encode(b"one").decode(), "two"],
        "b": {"c": base64.b64encode(BIG).decode()},
    }


@pytest.mark.parametrize("contents", [[], [b""], [b"x"], [b"xy", b"xyz"], [BIG]])
async def test_the_length_is_known_beforehand(contents: list[bytes]) -> None:
    content = {"prompt": "ü", "pictures": [InlineFile(picture(each)) for each in contents]}
    assert json_body(content).length == len(await written(content))


def test_the_length_is_unknown_with_that_of_a_picture() -> None:
    assert json_body([InlineFile(picture(b"x", measured=False))]).length is None


def test_what_is_no_json_is_our_own_fault() -> None:
    with pytest.raises(TypeError):
        json_body({"a": object()})


@given(st.lists(st.binary(max_size=20)))
@settings(derandomize=True, deadline=None, database=None)
def test_base64_does_not_depend_on_how_bytes_arrive(chunks: list[bytes]) -> None:
    async def arriving() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def together() -> bytes:
        return b"".join([piece async for piece in base64_of(arriving())])

    assert asyncio.run(together()) == base64.b64encode(b"".join(chunks))


@pytest.mark.parametrize("measured", [True, False])
async def test_a_body_is_sent_as_it_is_made(http: Http, *, measured: bool) -> None:
    async def takes(call: Call) -> None:
        while not measured and not call.body.endswith(b"0\r\n\r\n"):
            call.body += await call.reader.read(1 << 16)
        await call.answer()

    async with serving(takes) as upstream:
        body = json_body({"data": InlineFile(picture(BIG, measured=measured))})
        assert (await http.send("POST", upstream.url(), body=body)).status == 200
    [call] = upstream.calls
    assert call.headers["content-type"] == "application/json"
    assert ("content-length" in call.headers) is measured
    if measured:
        assert base64.b64decode(json.loads(call.body)["data"]) == BIG
    else:
        assert base64.b64encode(BIG)[:1000] in call.body


async def test_what_goes_wrong_while_it_is_made_starts_nothing(http: Http) -> None:
    async def read() -> AsyncIterator[bytes]:
        yield bytes(1000)
        raise BadRequest("no such picture")

    async with serving(lambda call: call.answer()) as upstream:
        with pytest.raises(BadRequest):
            await http.send("POST", upstream.url(), body=json_body([InlineFile(InputImage(read))]))
        await asyncio.sleep(0.01)
        assert upstream.open_now == 0


async def test_a_spool_is_read_by_several_at_a_time() -> None:
    spool = Spool()
    for start in range(0, len(BIG), 1 << 20):
        spool.write(BIG[start : start + (1 << 20)])

    async def whole() -> bytes:
        return b"".join([piece async for piece in spool.read()])

    assert await asyncio.gather(*(whole() for _ in range(3))) == [BIG] * 3
    assert (spool.size, spool.head) == (len(BIG), BIG[:64])
