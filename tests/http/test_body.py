"""Bodies that are made while they leave, and what is put aside to be read again and again."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.errors import BadRequest, Unavailable
from shared.http import Http, Spool, json_body
from shared.http.request_body import large_json_body
from shared.json_stream import Base64, base64_of
from shared.requests import InputImage
from tests.event_loop import counted_turns
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
    content = {"a": [Base64(picture(b"one")), "two"], "b": {"c": Base64(picture(BIG))}}
    assert json.loads(await written(content)) == {
        "a": [base64.b64encode(b"one").decode(), "two"],
        "b": {"c": base64.b64encode(BIG).decode()},
    }


@pytest.mark.parametrize("contents", [[], [b""], [b"x"], [b"xy", b"xyz"], [BIG]])
async def test_the_length_is_known_beforehand(contents: list[bytes]) -> None:
    content = {"prompt": "ü", "pictures": [Base64(picture(each)) for each in contents]}
    assert json_body(content).length == len(await written(content))


def test_the_length_is_unknown_with_that_of_a_picture() -> None:
    assert json_body([Base64(picture(b"x", measured=False))]).length is None


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
        body = json_body({"data": Base64(picture(BIG, measured=measured))})
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
            await http.send("POST", upstream.url(), body=json_body([Base64(InputImage(read))]))
        await asyncio.sleep(0.01)
        assert upstream.open_now == 0


texts = st.text(alphabet='a"\\\n/\u00fc\u2028中😀', max_size=40).map(lambda text: text * 40_000)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(documents)
@example({"a": ["\\" * 300_000, "short", {"b": "😀" * 300_000}]})
@settings(derandomize=True, deadline=None, database=None, max_examples=40)
def test_a_large_body_is_plain_json(content: object) -> None:
    async def whole() -> tuple[bytes, int | None]:
        body = await large_json_body(content)
        whole = body.content if isinstance(body.content, bytes) else b"".join([piece async for piece in body.content])
        return whole, body.length

    expected = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    assert asyncio.run(whole()) == (expected, len(expected))


async def test_the_loop_runs_while_a_large_body_is_made() -> None:
    async with counted_turns() as turns:
        await large_json_body({"messages": [{"image": "A" * (10 << 20)}]})
    assert turns.count > 30


@pytest.mark.parametrize("content", [{"a": float("nan")}, {"a": "\ud800" * 300_000}, {"a": object()}])
async def test_what_cannot_be_written_is_not_sent(http: Http, content: object) -> None:
    async with serving(lambda call: call.answer()) as upstream:
        with pytest.raises(Unavailable, match="could not be written"):
            async with http.stream("POST", upstream.url(), json=content):
                pass
        assert upstream.calls == []


async def test_a_spool_is_read_by_several_at_a_time() -> None:
    spool = Spool()
    for start in range(0, len(BIG), 1 << 20):
        spool.write(BIG[start : start + (1 << 20)])

    async def whole() -> bytes:
        return b"".join([piece async for piece in spool.read()])

    assert await asyncio.gather(*(whole() for _ in range(3))) == [BIG] * 3
    assert (spool.size, spool.head) == (len(BIG), BIG[:64])
