"""The page that describes the API: all of it, found by a word, and right about itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_looks import grave_problems
from tests.rig import Gateway

pytestmark = pytest.mark.browser


def test_everything_is_there_and_can_be_found(page: Page, laptop: Gateway, shot: Callable[[str], None]) -> None:
    document = page.request.get(f"{laptop.url}/openapi.json").json()
    page.goto(f"{laptop.url}/docs")
    expect(page.get_by_role("region").filter(has=page.get_by_role("heading", level=2))).to_have_count(
        sum(len(item) for item in document["paths"].values())
    )
    page.get_by_label("Find").fill("idempotency-key")
    expect(page.get_by_role("link", name="/v1/images/generations")).to_be_visible()
    expect(page.get_by_role("link", name="/ping")).to_be_hidden()
    page.get_by_role("link", name="/v1/images/generations").click()
    made = page.get_by_role("region", name="POST /v1/images/generations")
    expect(made).to_be_in_viewport()
    made.get_by_text("424").first.click()
    expect(made.get_by_text("generation_failed").last).to_be_visible()
    shot("docs")


def test_its_example_works(page: Page, laptop: Gateway) -> None:
    page.goto(f"{laptop.url}/docs#images_generations_generate")
    made = page.get_by_role("region", name="POST /v1/images/generations")
    made.get_by_role("button", name="Copy").click()
    expect(made.get_by_role("button", name="Copied")).to_be_visible()
    command = page.evaluate("navigator.clipboard.readText()")
    answer = subprocess.run(["bash", "-c", f"{command} -s"], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(answer.stdout)["data"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_read_it(
    page: Page, laptop: Gateway, scheme: str, width: int, shot: Callable[[str], None]
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{laptop.url}/docs")
    for answers in page.get_by_role("region", name="POST /v1/images/edits").locator("summary").all():
        answers.click()
    assert not grave_problems(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    shot(f"docs-{width}-{scheme}")
