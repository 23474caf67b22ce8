"""Image requests: valid ones, ignored parameters, and BadRequest for everything else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from shared.api.bounds import Bounds
from shared.api.context import Context
from shared.api.requests.images import LONGEST_DELAY, MAX_PROMPT, ImageGenerate
from shared.bootstrap import configure
from shared.errors import BadRequest, TooLarge
from shared.models import MAX_N, Model, Size
from shared.requests import ImageRequest

EASEL = configure({"API_KEYS": "a key", "SIGNING_KEYS": "a signing key"})
PLAIN = Model("plain")
KEEN = Model("keen", knobs=frozenset({"seed", "negative_prompt", "delay"}))
LISTED = Model("listed", sizes=(Size(1024, 1024), Size(1536, 1024)))
BOUNDS = Bounds(1 << 20)

examples = settings(derandomize=True, deadline=None, max_examples=300, database=None)


def post(body: bytes, path: str = "/v1/images/generations", **headers: str) -> Context:
    """A call with this body, in two pieces."""
    half = len(body) // 2
    messages: list[Message] = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:], "more_body": False},
    ]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": raw,
        "scheme": "http",
        "server": ("test", 80),
    }
    return Context(Request(scope, receive), EASEL)


async def parsed(body: Any) -> ImageGenerate:
    return await post(json.dumps(body).encode()).parse(ImageGenerate, BOUNDS)


async def requested(body: Any, model: Model = PLAIN) -> tuple[ImageRequest, list[str]]:
    return (await parsed(body)).to_request(model)


async def test_a_prompt_is_enough() -> None:
    assert await requested({"prompt": "a lighthouse"}) == (
        ImageRequest(PLAIN, "a lighthouse", Size(1024, 1024), size_requested=False),
        [],
    )


async def test_all_that_a_model_can_use() -> None:
    body = {"prompt": "p", "n": 3, "size": "512x256", "seed": 7, "negative_prompt": "rain", "delay": 1.5}
    assert await requested(body, KEEN) == (ImageRequest(KEEN, "p", Size(512, 256), 3, "rain", 7, 1.5), [])


async def test_null_counts_as_absent() -> None:
    names = [name for name in ImageGenerate.model_fields if name != "prompt"]
    assert await requested({"prompt": "p", "style": None, **dict.fromkeys(names)}, KEEN) == await requested(
        {"prompt": "p"}, KEEN
    )


@pytest.mark.parametrize(
    ("members", "ignored"),
    [
        ({"quality": "hd", "style": "vivid", "user": "me"}, ["quality", "style", "user"]),
        ({"moderation": "low", "background": "auto", "x": {"y": [1]}}, ["background", "moderation", "x"]),
        ({"seed": 5, "negative_prompt": "rain"}, ["negative_prompt", "seed"]),
        ({"partial_images": 2, "stream": True}, ["partial_images"]),
        ({"partial_images": 0}, []),
        ({"size": "auto"}, []),
        ({"size": "1500x1000"}, []),
        ({"size": "1440x1000"}, ["size"]),
        ({"width": 1440, "height": 1000}, ["height", "width"]),
        ({"width": 512}, ["width"]),
        ({"size": "1024x1024", "width": 512, "height": 512}, ["height", "width"]),
        ({"size": "1024x1024", "aspect_ratio": "1:1"}, ["aspect_ratio"]),
        ({"aspect_ratio": "3:2"}, []),
        ({"aspect_ratio": "16:9"}, ["aspect_ratio"]),
        ({"resolution": "1K"}, []),
        ({"resolution": "4K"}, ["resolution"]),
        ({"aspect_ratio": "3:2", "resolution": "1K"}, ["resolution"]),
        ({"size": "1024x1024", "resolution": "1K"}, ["resolution"]),
        ({"width": 512, "height": 512, "resolution": "1K"}, ["resolution"]),
        ({"resolution": "sharp"}, ["resolution"]),
        ({"image": None, "mask": "", "images": []}, ["images", "mask"]),
        ({"response_format": "url", "model": "x", "n": 2}, []),
    ],
    ids=json.dumps,
)
async def test_nothing_is_dropped_silently(members: dict[str, Any], ignored: list[str]) -> None:
    model = LISTED._replace(sizes=(*LISTED.sizes, Size(1500, 1000), Size(512, 512)))
    assert (await requested({"prompt": "p", **members}, model))[1] == ignored


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n\t "}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": ["a"]}, "prompt"),
        ({"prompt": {"text": "a"}}, "prompt"),
        ({"prompt": "x" * (MAX_PROMPT + 1)}, "prompt"),
        ({"n": 0}, "n"),
        ({"n": MAX_N + 1}, "n"),
        ({"n": "x"}, "n"),
        ({"n": 1.5}, "n"),
        ({"n": [1]}, "n"),
        ({"size": "0x0"}, "size"),
        ({"size": "banana"}, "size"),
        ({"size": "99999x99999"}, "size"),
        ({"size": 1024}, "size"),
        ({"width": 0, "height": 5}, "width"),
        ({"width": 99999, "height": 99999}, "size"),
        ({"aspect_ratio": "wide"}, "aspect_ratio"),
        ({"aspect_ratio": "9" * 400 + ":1"}, "aspect_ratio"),
        ({"response_format": "png"}, "response_format"),
        ({"stream": "maybe"}, "stream"),
        ({"partial_images": 4}, "partial_images"),
        ({"model": 5}, "model"),
        ({"seed": "x"}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": -2}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"delay": -1}, "delay"),
        ({"delay": LONGEST_DELAY + 1}, "delay"),
        ({"delay": float("inf")}, "delay"),
        ({"delay": float("nan")}, "delay"),
        ({"mask": "data:"}, "mask"),
        ({"image": ["a"]}, "image"),
        ({"input_images": [1]}, "input_images"),
        ({"input_references": [{"image_url": {"url": "data:"}}]}, "input_references"),
        ({"imageUrls": ["data:"]}, "imageUrls"),
        ({"first_frame_image": "data:"}, "first_frame_image"),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
async def test_a_bad_member_is_named(members: dict[str, Any], param: str) -> None:
    body = {"prompt": "p", **members} if members else {}
    with pytest.raises(BadRequest) as caught:
        await requested(body, KEEN)
    assert caught.value.param == param
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("body", [b'{"prompt": "p", "n": true}', b'{"prompt": "p", "n": 0}', b'{"prompt": " "}', b"{"])
async def test_an_error_has_none_of_pydantics_behind_it(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        await post(body).parse(ImageGenerate, BOUNDS)
    assert caught.value.__context__ is None, "it would stay in memory, and the body with it"
    with pytest.raises(BadRequest) as caught:
        post(b"").validate(ImageGenerate, {"prompt": "p", "n": True})
    assert caught.value.__context__ is None


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true", b'[{"prompt": "p"}]'])
async def test_a_body_that_is_no_object(body: bytes) -> None:
    with pytest.raises(BadRequest, match="JSON object"):
        await post(body).parse(ImageGenerate, BOUNDS)


@pytest.mark.parametrize(
    "body",
    [b"{", b"{'prompt': 'p'}", b'{"prompt": "p",}', b"prompt=p", b"\xff\xfe", b'{"prompt": "\xe9"}', b"[" * 9999],
)
async def test_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        await post(body).parse(ImageGenerate, BOUNDS)
    assert caught.value.code == "invalid_json"


async def test_a_body_that_is_no_json_is_told_where() -> None:
    with pytest.raises(BadRequest) as caught:
        await post(b'{"prompt": "p"\n "n": 1}').parse(ImageGenerate, BOUNDS)
    assert caught.value.message == "The body is not valid JSON: expected `,` or `}` at line 2 column 2."


async def test_a_byte_order_mark_is_no_content() -> None:
    assert (await post(b'\xef\xbb\xbf{"prompt": "p"}').parse(ImageGenerate, BOUNDS)).prompt == "p"


async def test_an_empty_body_has_no_prompt() -> None:
    with pytest.raises(BadRequest) as caught:
        await post(b"").parse(ImageGenerate, BOUNDS)
    assert caught.value.param == "prompt"


async def test_a_body_may_be_as_long_as_the_limit_and_no_longer() -> None:
    body = json.dumps({"prompt": "p"}).encode()
    assert (await post(body).parse(ImageGenerate, Bounds(len(body)))).prompt == "p"
    with pytest.raises(TooLarge, match=f"{len(body)} bytes"):
        await post(body).parse(ImageGenerate, Bounds(len(body) - 1))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=10), children, max_size=3),
    max_leaves=8,
)
near_misses = st.sampled_from(
    [
        "1024x1024",
        "auto",
        "0x0",
        "16:9",
        "1:0",
        "9" * 400 + ":1",
        "url",
        "both",
        -1,
        0,
        1,
        10,
        11,
        2**63,
        10**400,
        1e308,
    ]
    + ["3", "true", "x", " ", "\0", "🎨", [], {}, [None], 1.0, True, False, None]
)
names = st.sampled_from([*ImageGenerate.model_fields, "image", "mask", "quality", "x"]) | st.text(max_size=10)
bodies = st.one_of(
    anything,
    st.dictionaries(names, anything | near_misses, max_size=6),
    st.dictionaries(names, near_misses, max_size=8).map(lambda body: {**body, "prompt": "a lighthouse"}),
)


@examples
@given(bodies, st.sampled_from([PLAIN, KEEN, LISTED]))
@example({"prompt": "p", "seed": 10**4000}, KEEN)
@example({"prompt": "p", "width": 10**400, "height": 10**400}, KEEN)
@example({"prompt": "\ud800"}, KEEN)
@example({"\ud800": 1, "prompt": "p"}, KEEN)
async def test_any_json_is_a_valid_request_or_a_bad_one(body: Any, model: Model) -> None:
    try:
        request, ignored = await requested(body, model)
    except BadRequest:
        return
    assert request.prompt.strip()
    assert 1 <= request.n <= MAX_N
    assert request.size in model.sizes if model.sizes else max(request.size) <= model.max_side
    assert 0 <= request.delay <= LONGEST_DELAY
    assert request.seed is None or isinstance(request.seed, int)
    assert ignored == sorted(set(ignored))


@examples
@given(st.binary(max_size=200))
@example(b'{"prompt": "p", "n": %s}' % (b"9" * 5000))
@example(b'{"prompt": "p", "seed": %s}' % (b"9" * 5000))
@example(b'{"prompt": "p", "delay": 1e999}')
async def test_any_bytes_are_a_valid_request_or_a_bad_one(body: bytes) -> None:
    with suppress(BadRequest):
        assert (await post(body).parse(ImageGenerate, BOUNDS)).prompt.strip()


# What makes two requests the same, and what a caller prefers


async def repeat_of(body: bytes = b"{}", path: str = "/v1/images/generations", **headers: str) -> Any:
    call = post(body.replace(b"{}", b'{"prompt": "p"}'), path, **headers)
    await call.parse(ImageGenerate, BOUNDS)
    return call.request_key()


async def test_a_request_is_known_again_by_its_path_and_body() -> None:
    first = await repeat_of()
    assert first == await repeat_of()
    assert first.body != (await repeat_of(path="/v1/images/edits")).body
    assert first.body != (await repeat_of(b'{"prompt":"p"}')).body


@pytest.mark.parametrize(
    ("count", "again"), [("", False), ("0", False), (" 0 ", False), ("1", True), ("2", True), ("many", True)]
)
async def test_an_sdk_says_that_it_comes_again(count: str, again: bool) -> None:
    assert (await repeat_of(x_stainless_retry_count=count)).again is again


@pytest.mark.parametrize(("header", "key"), [("abc", "abc"), (' "abc" ', "abc"), ("", None), ("x" * 255, "x" * 255)])
async def test_a_caller_names_its_request(header: str, key: str | None) -> None:
    assert (await repeat_of(idempotency_key=header)).key == key


@pytest.mark.parametrize("header", ["x" * 256, "x" + " " * 255])
async def test_a_name_that_is_too_long(header: str) -> None:
    with pytest.raises(BadRequest):
        await repeat_of(idempotency_key=header)


@pytest.mark.parametrize(
    ("header", "preferred"),
    [
        ("", (False, None)),
        ("respond-async", (True, None)),
        ("Respond-Async, wait=10", (True, 10.0)),
        ("respond-async; wait=10", (True, 10.0)),
        ('wait = "5"', (False, 5.0)),
        ("wait=0", (False, 0.0)),
        ("wait=-5", (False, None)),
        ("wait=soon", (False, None)),
        ("wait", (False, None)),
        ("return=minimal, handling=lenient", (False, None)),
    ],
)
async def test_what_a_caller_prefers(header: str, preferred: tuple[bool, float | None]) -> None:
    assert post(b"{}", prefer=header).prefer() == preferred


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        ("600", 240),
        ("60", 55),
        ("8", 4),
        ("1", 0.5),
        ("0", 240),
        ("", 240),
        ("-5", 240),
        ("NaN", 240),
        ("9" * 5000, 240),
    ],
)
@pytest.mark.parametrize("name", ["x_stainless_read_timeout", "x_stainless_timeout"])
async def test_our_patience_ends_before_the_callers(name: str, hint: str, seconds: float) -> None:
    assert post(b"{}", **{name: hint}).patience() == pytest.approx(seconds, abs=0.2)


@pytest.mark.parametrize(
    ("members", "size"),
    [
        ({"aspectRatio": "16:9"}, Size(1368, 768)),
        ({"size": "16:9"}, Size(1368, 768)),
        ({"size": "16:9", "aspect_ratio": "1:1"}, Size(1024, 1024)),
        ({"size": "1368\u00d7768"}, Size(1368, 768)),
        ({"aspectRatio": "9:16", "aspect_ratio": "16:9"}, Size(1368, 768)),
        ({"resolution": "2K"}, Size(2048, 2048)),
        ({"resolution": "512"}, Size(512, 512)),
        ({"resolution": "2k", "aspectRatio": "16:9"}, Size(2728, 1536)),
        ({"size": "2K", "aspect_ratio": "16:9"}, Size(2728, 1536)),
        ({"size": " 4k ", "resolution": "1K"}, Size(4096, 4096)),
    ],
    ids=json.dumps,
)
async def test_a_shape_and_a_sharpness_are_a_size(members: dict[str, Any], size: Size) -> None:
    request, ignored = await requested({"prompt": "p", **members}, PLAIN._replace(max_side=4096))
    assert (request.size, request.size_requested, ignored) == (size, True, [])


async def test_a_seed_of_minus_one_is_none() -> None:
    request, ignored = (await parsed({"prompt": "p", "seed": -1})).to_request(KEEN)
    assert request.seed is None
    assert ignored == []
