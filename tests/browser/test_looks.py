"""The pages for everyone: by keyboard, on a phone, in light and in dark, and without anything jumping about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import make, pictures, visit
from tests.emulators.zimage import Fate, ZImage
from tests.rig import Gateway

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
PHONE = {"width": 390, "height": 844}

_WATCH_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def grave_problems(page: Page) -> list[str]:
    if not AXE.exists():
        pytest.skip("no node modules here")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run()")
    assert found["passes"]
    return [
        f"{violation['id']}: {json.dumps([node['html'] for node in violation['nodes']])}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
    ]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, page: Page) -> str:
    page.emulate_media(color_scheme=request.param, reduced_motion="reduce")
    return str(request.param)


@pytest.fixture(params=["desk", "phone"])
def device(request: pytest.FixtureRequest, page: Page) -> str:
    if request.param == "phone":
        page.set_viewport_size({"width": 390, "height": 844})
    return str(request.param)


def test_everybody_can_use_the_playground(
    page: Page, laptop: Gateway, zimage: ZImage, scheme: str, device: str, shot: Callable[[str], None]
) -> None:
    visit(page, laptop)
    assert not grave_problems(page)
    pictures(make(page, "two boats on a quiet lake"))
    page.get_by_label("Model").select_option("zimage-turbo")
    zimage.next_fate(Fate.FAILS)
    expect(make(page, "a storm").locator(".bad")).to_be_visible()
    zimage.steps = 1000
    expect(make(page, "a fox in the snow").get_by_role("progressbar")).to_be_visible()
    assert not grave_problems(page)
    shot(f"playground-{device}-{scheme}")
    page.get_by_role("button", name="API key").click()
    assert not grave_problems(page)
    page.keyboard.press("Escape")
    page.get_by_label("Model").select_option("parrot")
    page.get_by_label("Message").fill("Hello")
    page.get_by_label("Message").press("Enter")
    expect(page.get_by_role("log")).to_contain_text("You said: Hello")
    assert not grave_problems(page)
    shot(f"conversation-{device}-{scheme}")


def test_nothing_is_wider_than_a_phone(page: Page, laptop: Gateway) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    visit(page, laptop)
    page.get_by_label("How many").fill("2")
    pictures(make(page, "w" * 200), 2)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_nothing_jumps_while_pictures_come(page: Page, laptop: Gateway, zimage: ZImage) -> None:
    page.add_init_script(_WATCH_SHIFTS)
    zimage.steps = 1000
    visit(page, laptop, "zimage-turbo")
    page.get_by_label("Size").select_option("1536x1024")
    page.get_by_label("How many").fill("2")
    card = make(page, "a fox in the snow")
    expect(card.get_by_role("progressbar")).to_be_visible()
    page.evaluate("window.shifts = 0")
    height = card.bounding_box()
    for job in zimage.submits:
        job.course.steps = 0
    pictures(card, 2)
    assert card.bounding_box() == height
    assert page.evaluate("window.shifts") < 0.01
    page.reload()
    pictures(card, 2)
    assert page.evaluate("window.shifts") < 0.05


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    pictures(make(page, "a lighthouse"))
    page.reload()
    pictures(page.get_by_role("article"))
    reached = []
    for _ in range(15):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const at = document.activeElement; const box = at.getBoundingClientRect();"
            "return { name: at.ariaLabel || at.id || at.textContent, outline: getComputedStyle(at).outlineStyle,"
            "seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight }; })()"
        )
        assert focused["outline"] != "none", focused
        assert focused["seen"], focused
        reached.append(focused["name"])
    fields = ["docs", "key-button", "model", "prompt", "size", "n", "seed", "negative_prompt", "go", "forget"]
    assert reached[:10] == fields
    assert reached[11:15] == ["Download", "Copy link", "Copy as curl", "Copy as Python"]


def test_a_picture_can_be_made_without_a_mouse(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    page.get_by_label("Prompt").focus()
    page.keyboard.type("typed alone")
    page.keyboard.press("Control+Enter")
    pictures(page.get_by_role("article", name="typed alone"))
