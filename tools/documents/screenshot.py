"""`python -m tools.documents.screenshot` takes docs/images/playground.png, with Chromium, of a running `make demo`."""

from __future__ import annotations

import shutil
import sys

from playwright.sync_api import Page, expect, sync_playwright

from tools.documents.page import ROOT

IMAGE = ROOT / "docs" / "images" / "playground.png"
PROMPTS = ("sand dunes at noon", "a lighthouse at dusk")
EACH = 3


def main(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 920, "height": 664}, color_scheme="light")
        page.goto(url)
        page.get_by_label("Model").select_option("sketch")
        page.get_by_label("How many").fill(str(EACH))
        for prompt in PROMPTS:
            _draw(page, prompt)
        page.screenshot(path=IMAGE)
        browser.close()


def _draw(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").fill(prompt)
    page.get_by_role("button", name="Generate", exact=True).click()
    images = page.get_by_role("article", name=prompt).first.locator("img")
    expect(images).to_have_count(EACH)
    for image in images.all():
        expect(image).to_have_js_property("complete", True)


if __name__ == "__main__":
    main(*sys.argv[1:] or ["http://127.0.0.1:8000"])
