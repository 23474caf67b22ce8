"""Pictures from pictures, and videos, on the playground."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import make, pictures, visit
from tests.emulators.ark import Ark
from tests.emulators.gemini import Gemini
from tests.emulators.png import png
from tests.rig import Gateway

pytestmark = pytest.mark.browser

DROP = """([type, megabytes]) => {
  const picture = Uint8Array.from(atob("iVBORw0KGgo="), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([picture, new Uint8Array(megabytes << 20)], `${megabytes}.png`, { type }));
  const event = (kind) => new DragEvent(kind, { bubbles: true, dataTransfer });
  for (const kind of ["dragover", "drop"]) document.body.dispatchEvent(event(kind));
}"""
QUICK_FILM = '{"seedance-2.0": {"typical_seconds": 0}}'


@pytest.fixture
def studio(serve: Callable[..., Gateway], gemini: Gemini) -> Iterator[Gateway]:
    with Ark(steps=2) as ark:
        upstreams = {**gemini.environment(), **ark.environment()}
        yield serve(open_mode=True, ARK_MODELS=QUICK_FILM, **upstreams)


def test_a_picture_is_made_from_two_others(
    page: Page, studio: Gateway, gemini: Gemini, tmp_path: Path, shot: Callable[[str], None]
) -> None:
    files = [tmp_path / "red.png", tmp_path / "blue.png", tmp_path / "notes.txt"]
    for path, content in zip(files, (png(64, 64, (200, 0, 0)), png(64, 64, (0, 0, 200)), b"no picture"), strict=True):
        path.write_bytes(content)
    visit(page, studio, "gemini-nano-banana-2.1")
    page.get_by_label("Input images").set_input_files(files[:2])
    expect(page.get_by_alt_text("red.png")).to_be_visible()
    page.get_by_role("button", name="Remove red.png").click()
    expect(page.get_by_alt_text("red.png")).to_have_count(0)
    page.get_by_label("Input images").set_input_files(files[:1])
    shot("edit-form")
    card = make(page, "both of them, side by side", "Edit")
    pictures(card)
    assert gemini.calls[-1].body.lower().replace(b"_", b"").count(b'"inlinedata"') == 2
    expect(card.get_by_text("from 2 images")).to_be_visible()
    shot("edited")


def test_large_pictures_are_dropped_and_larger_ones_refused(
    page: Page, studio: Gateway, gemini: Gemini, shot: Callable[[str], None]
) -> None:
    visit(page, studio, "gemini-nano-banana-2.1")
    page.evaluate(DROP, ["image/png", 25])
    expect(page.get_by_text("25.png has 26 MB; the limit is 20 MB.")).to_be_visible()
    shot("too-large")
    page.evaluate(DROP, ["image/png", 12])
    expect(page.get_by_alt_text("12.png")).to_be_attached()
    expect(page.get_by_text("limit is 20 MB")).to_have_count(0)
    pictures(make(page, "the same in winter", "Edit"))
    assert len(gemini.submits[-1].inputs[0]) == (12 << 20) + 8


def test_a_model_without_eyes_is_not_sent_pictures(page: Page, studio: Gateway) -> None:
    visit(page, studio, "sketch")
    expect(page.get_by_label("Input images")).to_be_hidden()


def test_a_video_that_has_not_begun_is_cancelled(page: Page, serve: Callable[..., Gateway]) -> None:
    with Ark(steps=1000) as ark:
        studio = serve(open_mode=True, ARK_MODELS=QUICK_FILM, **ark.environment())
        visit(page, studio, "seedance-2.0")
        with page.expect_response("**/v1/jobs/*"):
            card = make(page, "waves on a beach")
        card.get_by_role("button", name="Cancel").click()
        expect(card.get_by_text("Cancelled.")).to_be_visible()
        expect(card.get_by_role("button", name="Check again")).to_have_count(0)


def test_a_video_plays_and_seeks(page: Page, studio: Gateway, shot: Callable[[str], None]) -> None:
    visit(page, studio, "seedance-2.0")
    page.get_by_label("Seconds").select_option("5")
    card = make(page, "waves on a beach")
    video = card.locator("video")
    expect(video).to_be_visible()
    expect(video).to_have_js_property("readyState", 4)
    length = video.evaluate("video => video.duration")
    assert length > 0
    video.evaluate(
        "(video, at) => new Promise((done) => { video.addEventListener('seeked', done, { once: true });"
        "video.currentTime = at; })",
        length * 0.8,
    )
    assert video.evaluate("video => video.currentTime") > length * 0.7
    shot("video")
    with page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".mp4")
    page.reload()
    expect(card.locator("video")).to_have_js_property("readyState", 4)
