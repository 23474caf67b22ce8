"""Chromium as the machine's packages have it, and a page in it that must not break its own rules."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.conftest import QUICK_MODELS
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.zimage import ZImage
from tests.rig import Gateway

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
LONGEST_WAIT_MS = 15_000
TALLEST = 16_000
"""Pixels, of which Chromium makes one picture."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip("no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A window of a visitor who was never here before. No script may fail in it, or run against the page's policy."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(LONGEST_WAIT_MS)
    wrong: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Answers with a status of 400 and more stand there as well, and are what some tests are about.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert not wrong


@pytest.fixture
def shot(page: Page) -> Callable[[str], None]:
    """Keeps pictures of the page, for people to look at."""

    def take(name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        height = page.evaluate("document.documentElement.scrollHeight")
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=height < TALLEST)

    return take


@pytest.fixture(scope="session")
def running_talker() -> Iterator[OpenAICompatible]:
    with OpenAICompatible() as emulator:
        yield emulator


@pytest.fixture
def talker(running_talker: OpenAICompatible) -> OpenAICompatible:
    """The emulated service that talks, as new."""
    running_talker.reset()
    return running_talker


@pytest.fixture
def laptop(serve: Callable[..., Gateway], zimage: ZImage, talker: OpenAICompatible) -> Gateway:
    """A gateway without keys, in front of every emulator that the pages need."""
    upstreams = {**zimage.environment(), **talker.environment()}
    return serve(open_mode=True, ZIMAGE_MODELS=QUICK_MODELS, **upstreams)
