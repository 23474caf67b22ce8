"""The playground as visitors use it: pictures, their files and how else to get them; what goes wrong; what stays."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import copied, make, pictures, visit
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import SIGNATURE
from tests.emulators.zimage import Fate, ZImage
from tests.rig import API_KEY, Gateway

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[1]


def test_a_picture_is_drawn_opened_and_downloaded(
    page: Page, laptop: Gateway, shot: Callable[[str], None], tmp_path: Path
) -> None:
    visit(page, laptop)
    shot("first-visit")
    card = make(page, "a lighthouse at dusk")
    [picture] = pictures(card)
    expect(picture).to_have_js_property("naturalWidth", 1024)
    shot("one-picture")
    with page.context.expect_page() as opened:
        picture.click()
    expect(opened.value.locator("img")).to_have_js_property("naturalWidth", 1024)
    with page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".png")
    download.value.save_as(tmp_path / "picture")
    assert (tmp_path / "picture").read_bytes().startswith(SIGNATURE)


def test_what_is_chosen_is_what_is_asked_for(page: Page, laptop: Gateway, shot: Callable[[str], None]) -> None:
    visit(page, laptop)
    page.get_by_label("Size").select_option("512x512")
    page.get_by_label("How many").fill("3")
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Leave out").fill("boats")
    with page.expect_request("**/v1/images/generations") as asked:
        card = make(page, "a quiet lake")
    choice = {"size": "512x512", "n": 3, "seed": 7, "negative_prompt": "boats"}
    assert asked.value.post_data_json == {
        "model": "sketch",
        "prompt": "a quiet lake",
        "response_format": "url",
        **choice,
    }
    for picture in pictures(card, 3):
        expect(picture).to_have_js_property("naturalWidth", 512)
    shot("three-pictures")
    page.get_by_label("Prompt").fill("")
    page.get_by_label("Seed").fill("8")
    card.get_by_role("button", name="Use again").click()
    expect(page.get_by_label("Prompt")).to_have_value("a quiet lake")
    expect(page.get_by_label("Prompt")).to_be_focused()
    expect(page.get_by_label("Seed")).to_have_value("7")


def test_what_is_copied_works_elsewhere(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    page.get_by_label("Seed").fill("7")
    card = make(page, 'a lamp\'s "light" & $(echo 1) `shadow`')
    pictures(card)
    card.get_by_role("button", name="Copy link").click()
    link = copied(page)
    assert link.startswith(f"{laptop.url}/images/")
    card.get_by_role("button", name="Copy as curl").click()
    answer = json.loads(_output("bash", "-c", copied(page).replace("curl ", "curl -s ", 1)))
    assert answer["data"][0]["url"].startswith(laptop.url)
    card.get_by_role("button", name="Copy as Python").click()
    assert _output(sys.executable, "-P", "-c", copied(page)).startswith(laptop.url)


@pytest.mark.skipif(not (TESTS / "node_modules" / "openai").exists(), reason="no node modules here")
def test_what_is_copied_works_in_javascript(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    card = make(page, 'a lamp\'s "light"')
    pictures(card)
    card.get_by_role("button", name="Copy as JavaScript").click()
    assert _output("node", "--input-type=module", "--eval", copied(page)).startswith(laptop.url)


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=60, check=True).stdout


def test_an_empty_prompt_asks_nobody(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for prompt in ("", "   "):
        page.get_by_label("Prompt").fill(prompt)
        page.get_by_role("button", name="Generate").click()
        expect(page.get_by_label("Prompt")).to_be_focused()
        assert page.get_by_label("Prompt").evaluate("field => !field.validity.valid")
    assert not asked
    pictures(make(page, "not empty any more"))


def test_a_long_job_shows_how_it_is_doing_and_goes_on_after_a_reload(
    page: Page, laptop: Gateway, zimage: ZImage, shot: Callable[[str], None]
) -> None:
    zimage.steps = 1000
    visit(page, laptop, "zimage-turbo")
    with page.expect_response("**/v1/jobs/*"):
        card = make(page, "a fox in the snow")
    expect(card.get_by_role("progressbar")).to_be_visible()
    expect(card.get_by_text("Queued")).to_be_visible()
    shot("going-on")
    page.reload()
    card = page.get_by_role("article", name="a fox in the snow")
    expect(card.get_by_role("progressbar")).to_be_visible()
    for job in zimage.submits:
        job.course.steps = 0
    pictures(card)
    assert len(zimage.submits) == 1
    page.reload()
    pictures(card)


def test_a_failing_job_says_why_in_a_sentence(
    page: Page, laptop: Gateway, zimage: ZImage, shot: Callable[[str], None]
) -> None:
    zimage.next_fate(Fate.FAILS)
    visit(page, laptop, "zimage-turbo")
    card = make(page, "a storm")
    expect(card.locator(".bad")).to_have_text("The generation failed at zimage.run: Image generation failed.")
    shot("failed-job")
    page.reload()
    expect(card.locator(".bad")).to_have_text("The generation failed at zimage.run: Image generation failed.")


def test_a_refusal_is_told_as_the_server_words_it(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    page.get_by_label("How many").evaluate("field => field.removeAttribute('max')")
    page.get_by_label("How many").fill("11")
    card = make(page, "far too many")
    expect(card.locator(".bad")).to_contain_text("'n'")


def _lose_the_answer(route: Route) -> None:
    route.fetch()
    route.abort()


def test_a_server_that_is_gone_is_told_from_a_broken_one(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    page.context.set_offline(True)
    card = make(page, "nobody is there")
    expect(card.locator(".bad")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    card.get_by_role("button", name="Try again").click()
    pictures(card)


def test_who_leaves_before_the_answer_asks_again_and_nothing_is_begun_twice(
    page: Page, laptop: Gateway, zimage: ZImage
) -> None:
    zimage.steps = 1000
    visit(page, laptop, "zimage-turbo")
    page.route("**/v1/jobs/*", lambda route: route.abort())
    page.route("**/v1/images/generations", _lose_the_answer)
    card = make(page, "a fox in the snow")
    expect(card.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute_all()
    for job in zimage.submits:
        job.course.steps = 0
    card.get_by_role("button", name="Try again").click()
    pictures(card)
    assert len(zimage.submits) == 1


def test_files_that_have_no_address_stay_in_the_browser(
    page: Page, laptop: Gateway, talker: OpenAICompatible, tmp_path: Path
) -> None:
    talker.pictures = "b64_json"
    visit(page, laptop, "flux-emulated")
    card = make(page, "a blue square")
    [picture] = pictures(card)
    expect(card.get_by_role("button", name="Copy link")).to_have_count(0)
    page.reload()
    [picture] = pictures(card)
    assert (picture.get_attribute("src") or "").startswith("blob:")
    with page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "picture")
    assert (tmp_path / "picture").read_bytes().startswith(SIGNATURE)
    page.get_by_role("button", name="Clear history").click()
    page.reload()
    expect(page.get_by_text("Your results appear here.")).to_be_visible()


def test_the_key_is_asked_for_and_stays_in_the_browser(
    page: Page, gateway: Gateway, shot: Callable[[str], None]
) -> None:
    page.goto(f"{gateway.url}/")
    dialog = page.get_by_role("dialog", name="API key")
    expect(dialog).to_be_visible()
    shot("key")
    page.keyboard.type("a wrong one")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("An API key is needed")).to_be_visible()
    page.get_by_role("button", name="API key").click()
    expect(page.get_by_label("The key you were given")).to_have_value("")
    page.keyboard.type("a wrong one")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("This API key is not known here.")).to_be_visible()
    page.get_by_label("The key you were given").fill(API_KEY)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Model").locator("option").first).to_be_attached()
    page.get_by_label("Model").select_option("sketch")
    pictures(make(page, "with a key"))
    assert API_KEY not in page.url
    page.reload()
    pictures(make(page, "with the same key"))


def test_the_first_press_of_the_button_makes_a_picture(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    page.get_by_role("button", name="Generate").click()
    pictures(page.get_by_role("article", name="a lighthouse at dusk"))
    page.get_by_role("button", name="Clear history").click()
    page.get_by_role("button", name="a fox in the snow").click()
    pictures(page.get_by_role("article", name="a fox in the snow"))


def test_who_is_tired_of_waiting_can_look_again_later(page: Page, laptop: Gateway, zimage: ZImage) -> None:
    """Z-Image finishes what it has begun."""
    zimage.steps = 1000
    visit(page, laptop, "zimage-turbo")
    with page.expect_response("**/v1/jobs/*"):
        card = make(page, "a fox in the snow")
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("it is still running")).to_be_visible()
    page.reload()
    for job in zimage.submits:
        job.course.steps = 0
    card.get_by_role("button", name="Check again").click()
    pictures(card)
    assert len(zimage.submits) == 1


def test_an_answer_that_does_not_come_need_not_be_waited_for(page: Page, laptop: Gateway) -> None:
    visit(page, laptop, "flux-emulated")
    page.route("**/v1/images/generations", lambda route: None)
    card = make(page, "a blue square")
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("The server may still finish this request.")).to_be_visible()
    page.unroute_all()
    card.get_by_role("button", name="Try again").click()
    pictures(card)


def test_one_of_several_is_removed_for_good(page: Page, laptop: Gateway, zimage: ZImage) -> None:
    zimage.steps = 1000
    visit(page, laptop)
    pictures(make(page, "a lighthouse"))
    page.get_by_label("Model").select_option("zimage-turbo")
    card = make(page, "a fox in the snow")
    expect(card.get_by_role("progressbar")).to_be_visible()
    card.get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)
    expect(page.get_by_role("article").get_by_role("link").first).to_be_focused()
    page.reload()
    pictures(page.get_by_role("article", name="a lighthouse"))
    expect(page.get_by_role("article")).to_have_count(1)


def test_ten_pictures_stand_side_by_side(page: Page, laptop: Gateway, shot: Callable[[str], None]) -> None:
    visit(page, laptop)
    page.get_by_label("How many").fill("10")
    card = make(page, "a quiet lake, " * 100)
    boxes = [picture.bounding_box() for picture in pictures(card, 10)]
    assert len({box["y"] for box in boxes if box}) == 2
    shot("ten-pictures")


def test_a_picture_that_the_host_does_not_let_in_is_told_in_a_sentence(page: Page, laptop: Gateway) -> None:
    visit(page, laptop)
    page.route("**/v1/images/generations", lambda route: route.fulfill(status=413, body="Request Entity Too Large"))
    expect(make(page, "too much").locator(".bad")).to_have_text("The request is too large for this server.")


def test_everything_works_under_a_prefix(page: Page, serve: Callable[..., Gateway]) -> None:
    gateway = serve(open_mode=True, API_PREFIX="hf")
    page.goto(f"{gateway.url}/hf/")
    page.get_by_role("button", name="Generate").click()
    card = page.get_by_role("article")
    pictures(card)
    card.get_by_role("button", name="Copy as curl").click()
    assert f"{gateway.url}/hf/v1/images/generations" in copied(page)
    page.get_by_role("link", name="API reference").click()
    expect(page.get_by_role("region", name="POST /v1/images/generations")).to_be_attached()
    page.get_by_role("link", name="Playground").click()
    pictures(card)
