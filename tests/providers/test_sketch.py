"""Sketch: images are deterministic, sizes exact, and the ref holds the whole job."""

from __future__ import annotations

import asyncio
import re
import struct
import time
import zlib
from typing import Any

import pytest

from shared.account import Account
from shared.errors import NotFound, RangeInvalid
from shared.http import Http
from shared.media import ByteRange, Media
from shared.models import Model, Size
from shared.providers.sketch import Sketch
from shared.requests import ImageRequest
from shared.results import Output, Queued, Running, Status, Submitted, Succeeded

SMALL = Size(48, 32)


@pytest.fixture
def sketch() -> Sketch:
    return Sketch(Http(), Account("built-in", "sketch", ""))


async def submitted(sketch: Sketch, prompt: str = "a lighthouse at dusk", **changes: Any) -> str:
    [model] = await sketch.models()
    response = await sketch.submit(ImageRequest(model, prompt, SMALL)._replace(**changes))
    assert isinstance(response, Submitted)
    [ref] = response.refs
    return ref


async def outputs(sketch: Sketch, prompt: str = "a lighthouse at dusk", **changes: Any) -> tuple[Output, ...]:
    status = await sketch.poll(await submitted(sketch, prompt, **changes))
    assert isinstance(status, Succeeded)
    return status.outputs


async def opened(sketch: Sketch, output: str, byte_range: ByteRange | None = None) -> tuple[Media, bytes]:
    async with sketch.open(output, byte_range) as media:
        return media, b"".join([chunk async for chunk in media.chunks])


async def image(sketch: Sketch, prompt: str = "a lighthouse at dusk", **changes: Any) -> bytes:
    return (await opened(sketch, (await outputs(sketch, prompt, **changes))[0].ref))[1]


def decoded(png: bytes) -> tuple[Size, bytes]:
    """Size and unfiltered-as-written lines of an 8-bit RGB PNG, every checksum verified."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = [], 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        content = png[place + 8 : place + 8 + length]
        [checksum] = struct.unpack(">I", png[place + 8 + length : place + 12 + length])
        assert checksum == zlib.crc32(kind + content)
        chunks.append((kind, content))
        place += 12 + length
    assert [kind for kind, _ in chunks][0 :: len(chunks) - 1] == [b"IHDR", b"IEND"]
    width, height, *form = struct.unpack(">2I5B", chunks[0][1])
    assert form == [8, 2, 0, 0, 0]
    return Size(width, height), zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))


# The image


async def test_the_same_prompt_gives_the_same_bytes(sketch: Sketch) -> None:
    another = Sketch(Http(), Account("open", "sketch", ""))
    first = await image(sketch)
    await asyncio.sleep(0.01)
    assert await image(another) == first


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "a lighthouse at dawn"},
        {"prompt": "A lighthouse at dusk"},
        {"prompt": "a lighthouse at dusk "},
        {"prompt": "图"},
        {"negative_prompt": "rain"},
        {"seed": 0},
        {"seed": 1},
        {"seed": -1},
        {"seed": 2**63},
    ],
    ids=str,
)
async def test_other_prompts_and_seeds_give_other_images(sketch: Sketch, changes: dict[str, Any]) -> None:
    plain = decoded(await image(sketch))[1]
    assert decoded(await image(sketch, **changes))[1] != plain
    assert await image(sketch, **changes) == await image(sketch, **changes)


async def test_a_delay_does_not_change_the_image(sketch: Sketch) -> None:
    delayed = await submitted(sketch, delay=0.01)
    await asyncio.sleep(0.02)
    status = await sketch.poll(delayed)
    assert status == Succeeded(await outputs(sketch))


async def test_several_images_differ_and_the_first_stays(sketch: Sketch) -> None:
    [alone] = await outputs(sketch)
    many = await outputs(sketch, n=10)
    assert many[0] == alone
    assert many[:4] == await outputs(sketch, n=4)
    assert len({(await opened(sketch, output.ref))[1] for output in many}) == 10


async def test_another_seed_changes_all_images(sketch: Sketch) -> None:
    first, second = await outputs(sketch, n=10, seed=1), await outputs(sketch, n=10, seed=2)
    assert not {output.ref for output in first} & {output.ref for output in second}


@pytest.mark.parametrize(
    "size",
    [(1, 1), (1, 3), (3, 1), (2, 2), (7, 5), (8, 8), (9, 16), (63, 21), (64, 64), (100, 300), (257, 129), (512, 512)],
    ids=lambda size: "x".join(map(str, size)),
)
async def test_the_size_is_exact(sketch: Sketch, size: tuple[int, int]) -> None:
    real, lines = decoded(await image(sketch, size=Size(*size)))
    width, height = size
    assert real == size
    assert len(lines) == height * (1 + 3 * width)
    assert {lines[y * (1 + 3 * width)] for y in range(height)} <= set(range(5)), "PNG has five filters"


async def test_the_models_limits(sketch: Sketch) -> None:
    [model] = await sketch.models()
    assert model.id == "sketch"
    assert (model.min_side, model.max_side, model.batch) == (1, 2048, 10)
    assert model.knobs == {"seed", "negative_prompt", "delay"}


# The queue


def aged(ref: str, seconds: float) -> str:
    """Return the ref of the same job, submitted `seconds` ago."""
    size, n, _, rest = ref.split("_", 3)
    return f"{size}_{n}_{int((time.time() - seconds) * 1000):x}_{rest}"


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (0, Queued(1)),
        (-5, Queued(1)),
        (1.9, Queued(1)),
        (2.05, Running(20)),
        (5.05, Running(50)),
        (9.9, Running(99)),
        (10.01, None),
        (86_400, None),
    ],
)
async def test_a_simulated_queue_advances_with_the_clock(sketch: Sketch, age: float, status: Status | None) -> None:
    ref = aged(await submitted(sketch, delay=10), age)
    expected = status or Succeeded(await outputs(sketch))
    assert await sketch.poll(ref) == expected
    assert await Sketch(Http(), Account("another", "sketch", "")).poll(ref) == expected


async def test_without_a_delay_the_job_succeeds_at_once(sketch: Sketch) -> None:
    assert isinstance(await sketch.poll(await submitted(sketch)), Succeeded)


async def test_progress_never_goes_back(sketch: Sketch) -> None:
    ref = await submitted(sketch, delay=0.2)
    seen: list[float] = []
    while not isinstance(status := await sketch.poll(ref), Succeeded):
        seen.append(status.progress or 0 if isinstance(status, Running) else -1)
        await asyncio.sleep(0.005)
    assert seen == sorted(seen)
    assert seen[0] == -1
    assert seen[-1] > 60


# Refs


async def test_a_ref_is_short_and_does_not_contain_the_prompt(sketch: Sketch) -> None:
    ref = await submitted(sketch, "x" * 32_000, n=10, delay=86_400, size=Size(2048, 2048), seed=2**63)
    for text in (ref, (await outputs(sketch))[0].ref):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text)
        assert "lighthouse" not in text


TAMPERING = [
    lambda ref: "",
    lambda ref: "nonsense",
    lambda ref: ref + "A",
    lambda ref: ref[:-1],
    lambda ref: ref[:-1] + "B",
    lambda ref: ref + "=",
    lambda ref: ref + "\n",
    lambda ref: " " + ref,
    lambda ref: ref.replace("48x32", "0x32"),
    lambda ref: ref.replace("48x32", "-48x32"),
    lambda ref: ref.replace("48x32", "048x32"),
    lambda ref: ref.replace("48x32", "48x32x1"),
    lambda ref: ref.replace("48x32", "99999x99999"),
    lambda ref: ref.replace("48x32", "٤x32"),
    lambda ref: ref.replace("_1_", "_0_", 1),
    lambda ref: ref.replace("_1_", "_11_", 1),
    lambda ref: ref.replace("_1_", "_-1_", 1),
    lambda ref: ref.replace("_1_", "_1_-", 1),
    lambda ref: ref.replace("_1_", "_1_0x", 1),
    lambda ref: ref.replace("_1_", "_1_" + "f" * 500, 1),
    lambda ref: ref.replace("_0_", "_-1_", 1),
    lambda ref: ref.rpartition("_")[0],
    lambda ref: ref.replace("_", "~"),
    lambda ref: ref[:-22] + "é" * 22,
    lambda ref: ref[:-22] + "!" * 22,
]


@pytest.mark.parametrize("tamper", TAMPERING)
async def test_an_invalid_ref_is_not_found(sketch: Sketch, tamper: Any) -> None:
    ref = tamper(re.sub(r"_[^_]+_0_.{22}$", "_1a2b3c_0_AAAAAAAAAAAAAAAAAAAAAA", await submitted(sketch)))
    with pytest.raises(NotFound):
        await sketch.poll(ref)
    with pytest.raises(NotFound):
        await opened(sketch, ref)


# Files


@pytest.mark.parametrize(
    ("byte_range", "part"),
    [
        (ByteRange(0), slice(0, None)),
        (ByteRange(0, 0), slice(0, 1)),
        (ByteRange(5, 9), slice(5, 10)),
        (ByteRange(100), slice(100, None)),
        (ByteRange(-10), slice(-10, None)),
        (ByteRange(-10_000_000), slice(0, None)),
        (ByteRange(10, 10_000_000), slice(10, None)),
    ],
    ids=str,
)
async def test_ranges_are_parts_of_the_file(sketch: Sketch, byte_range: ByteRange, part: slice) -> None:
    [output] = await outputs(sketch)
    _, whole = await opened(sketch, output.ref)
    media, content = await opened(sketch, output.ref, byte_range)
    assert content == whole[part]
    assert (media.start, media.length, media.total) == (part.indices(len(whole))[0], len(content), len(whole))


async def test_a_range_outside_of_the_file_names_its_size(sketch: Sketch) -> None:
    [output] = await outputs(sketch)
    _, whole = await opened(sketch, output.ref)
    for byte_range in (ByteRange(len(whole)), ByteRange(10_000_000, 10_000_001), ByteRange(9, 5)):
        with pytest.raises(RangeInvalid) as caught:
            await opened(sketch, output.ref, byte_range)
        assert caught.value.total == len(whole)


async def test_a_file_has_its_media_type_and_is_streamed(sketch: Sketch) -> None:
    [output] = await outputs(sketch, size=Size(512, 512))
    assert output.lasting
    assert output.media_type == "image/png"
    async with sketch.open(output.ref) as media:
        pieces = [piece async for piece in media.chunks]
    assert media.media_type == "image/png"
    assert media.length == media.total == sum(map(len, pieces))
    assert max(map(len, pieces)) <= 64 * 1024 < media.total


async def test_drawing_does_not_block_the_event_loop(sketch: Sketch) -> None:
    drawing = asyncio.ensure_future(image(sketch, "a very large image", size=Size(1024, 1024)))
    ticks = 0
    while not drawing.done():
        await asyncio.sleep(0.001)
        ticks += 1
    assert ticks >= 3


async def test_models_can_be_renamed_without_harm(sketch: Sketch) -> None:
    response = await sketch.submit(ImageRequest(Model("my-sketch"), "a lighthouse at dusk", SMALL))
    assert isinstance(response, Submitted)
    assert await sketch.poll(response.refs[0]) == Succeeded(await outputs(sketch))
