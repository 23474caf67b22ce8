"""From the size in a request to the model's nearest one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.api.requests.image_size import WIDEST, fit, parse_size, size_of_ratio, within
from shared.errors import BadRequest
from shared.models import Model, Size

FREE = Model("free", min_side=64, max_side=2048)
LISTED = Model(
    "listed",
    max_side=4096,
    sizes=(Size(1024, 1024), Size(512, 512), Size(1536, 1024), Size(1024, 1536), Size(1792, 1024), Size(1024, 1792)),
)

examples = settings(derandomize=True, deadline=None, max_examples=200, database=None)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1024x768", Size(1024, 768)),
        ("1024X768", Size(1024, 768)),
        ("1024*768", Size(1024, 768)),
        ("1024×768", Size(1024, 768)),
        (" 1024 x 768 ", Size(1024, 768)),
        ("01024x768", Size(1024, 768)),
        ("1x1", Size(1, 1)),
        ("auto", None),
        (" AUTO ", None),
        ("", None),
    ],
)
def test_sizes_as_clients_write_them(text: str, size: Size | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "0x0",
        "0x10",
        "10x0",
        "banana",
        "1024",
        "x",
        "1024x",
        "x1024",
        "1024x1024x1024",
        "-1x1",
        "+5x5",
        "1.5x2",
        "1e3x1e3",
        "0x10x10",
        "1_0x10",
        "10:10",
        "٣x٣",
        "²x²",
        "10✕10",
    ]
    + ["10 24x10", "9" * 5000 + "x1", "1x" + "9" * 5000, "\0x1"],
    ids=lambda text: text[:12],
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_size(text)
    assert caught.value.param == "size"


@examples
@given(st.text(max_size=20))
def test_any_text_is_a_size_or_a_bad_request(text: str) -> None:
    try:
        size = parse_size(text)
    except BadRequest:
        return
    assert size is None or min(size) > 0


@pytest.mark.parametrize("text", ["99999x99999", "2049x2048", "64x2049", "9999999999999999999x9999999999999999999"])
def test_beyond_the_models_maximum(text: str) -> None:
    with pytest.raises(BadRequest, match="2048") as caught:
        fit(Size.parse(text), FREE)
    assert caught.value.param == "size"


@pytest.mark.parametrize(
    ("size", "fits"), [((900, 300), True), ((901, 300), False), ((300, 900), True), ((300, 901), False)]
)
def test_beyond_three_to_one(size: tuple[int, int], fits: bool) -> None:
    if fits:
        assert fit(Size(*size), FREE) == size
    else:
        with pytest.raises(BadRequest) as caught:
            fit(Size(*size), FREE)
        assert caught.value.param == "size"


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        ((1024, 1024), (1024, 1024)),
        ((1000, 1000), (1024, 1024)),
        ((600, 600), (512, 512)),
        ((2048, 2048), (1024, 1024)),
        ((1, 1), (512, 512)),
        ((300, 200), (1536, 1024)),
        ((200, 300), (1024, 1536)),
        ((1920, 1080), (1792, 1024)),
        ((1080, 1920), (1024, 1792)),
        ((3000, 1000), (1792, 1024)),
        ((1025, 1024), (1024, 1024)),
    ],
)
def test_the_nearest_by_ratio_then_by_area(wanted: tuple[int, int], size: tuple[int, int]) -> None:
    assert fit(Size(*wanted), LISTED) == size


@pytest.mark.parametrize(
    ("wanted", "size"), [((1000, 1001), (1000, 1001)), ((10, 20), (64, 64)), ((2048, 2048), (2048, 2048))]
)
def test_a_model_of_any_size_makes_it_exactly_or_as_small_as_it_can(
    wanted: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fit(Size(*wanted), FREE) == size


sides = st.integers(1, 4200)


@examples
@given(sides, sides, st.sampled_from([FREE, LISTED]))
def test_what_fits_is_a_size_of_the_model_and_fits_again(width: int, height: int, model: Model) -> None:
    wanted = Size(width, height)
    try:
        size = fit(wanted, model)
    except BadRequest:
        assert max(wanted) > model.max_side or max(wanted) > WIDEST * min(wanted)
        return
    assert size in model.sizes if model.sizes else model.min_side <= min(size) <= max(size) <= model.max_side
    assert fit(size, model) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("1:1", (1024, 1024)), ("16:9", (1368, 768)), ("9:16", (768, 1368)), ("3:1", (1776, 592)), ("2:4", (728, 1448))],
)
def test_a_ratio_keeps_the_area_of_the_models_default(text: str, size: tuple[int, int]) -> None:
    found = size_of_ratio(text, FREE)
    assert found == size
    assert math.prod(found) == pytest.approx(1024 * 1024, rel=0.03)
    assert fit(found, FREE) == found


@pytest.mark.parametrize(
    ("ratio", "side", "size"),
    [
        ("1:1", 512, (512, 512)),
        ("16:9", 1024, (1368, 768)),
        ("3:2", 1500, (1840, 1224)),
        (None, 1024, (1024, 1024)),
        (None, 4096, (2048, 2048)),
        ("16:9", 4096, (2048, 1152)),
        ("1:3", 2048, (688, 2048)),
    ],
)
def test_a_sharpness_goes_as_far_as_the_model_does(ratio: str | None, side: int, size: tuple[int, int]) -> None:
    found = within(size_of_ratio(ratio, FREE, side), FREE)
    assert found == size
    assert fit(found, FREE) == found


def test_a_sharpness_alone_keeps_the_shape_of_the_models_default() -> None:
    wide = FREE._replace(default_size=Size(1500, 1000))
    assert size_of_ratio(None, wide, 512) == Size(624, 416)


@pytest.mark.parametrize(
    "text",
    ["", "16", "16:", ":9", "16/9", "16x9", "0:1", "1:0", "-1:1", "1.5:1", "a:b", "16:9:1", "4:1", "1:4", "٣:١"]
    + ["9" * 5000 + ":1", "1:" + "9" * 400, "1" + "0" * 400 + ":1"],
    ids=lambda text: text[:12],
)
def test_what_is_no_ratio(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        size_of_ratio(text, FREE)
    assert caught.value.param == "aspect_ratio"


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (Size(1024, 1024), Size(1920, 1920)),
        (Size(1792, 1024), Size(2544, 1456)),
        (Size(1000, 3000), Size(1112, 3328)),
        (Size(2048, 2048), Size(2048, 2048)),
        (Size(1, 1), Size(1920, 1920)),
    ],
)
def test_a_picture_with_too_few_pixels_grows_in_its_shape(wanted: Size, got: Size) -> None:
    model = Model("large", min_side=64, max_side=4096, min_pixels=2560 * 1440)
    assert fit(wanted, model) == got
    assert math.prod(got) >= model.min_pixels
