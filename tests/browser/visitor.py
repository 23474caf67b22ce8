"""What a visitor does on the playground."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.rig import Gateway


def visit(page: Page, gateway: Gateway, model: str = "sketch") -> None:
    """Open the page and choose a model."""
    page.goto(f"{gateway.url}/")
    expect(page.get_by_label("Model").locator("option").first).to_be_attached()
    page.get_by_label("Model").select_option(model)


def make(page: Page, prompt: str, button: str = "Generate") -> Locator:
    """Ask for something; the card of it."""
    page.get_by_label("Prompt").fill(prompt)
    page.get_by_role("button", name=button, exact=True).click()
    return page.get_by_role("article", name=prompt).first


def pictures(card: Locator, count: int = 1) -> list[Locator]:
    """The card's pictures, once they are all there and have been drawn."""
    images = card.locator("img")
    expect(images).to_have_count(count)
    for image in images.all():
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") > 0
    return images.all()


def copied(page: Page) -> str:
    """What the last press on a button has copied."""
    expect(page.get_by_role("status")).to_have_text("Copied.")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text
