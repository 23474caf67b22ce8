"""Text models on the playground: what they say appears while they say it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import visit
from tests.emulators.faults import Reply
from tests.emulators.files import Gate
from tests.emulators.openai_compatible import OpenAICompatible
from tests.rig import Gateway

pytestmark = pytest.mark.browser


def test_an_answer_appears_as_it_comes(
    page: Page, laptop: Gateway, talker: OpenAICompatible, shot: Callable[[str], None]
) -> None:
    talker.words = ("The sea ", "was never ", "so blue.")
    talker.gate = Gate(2)
    visit(page, laptop, "parrot")
    page.get_by_label("Message").fill("How was the sea?")
    page.get_by_label("Message").press("Enter")
    log = page.get_by_role("log")
    expect(log).to_contain_text("How was the sea?")
    expect(log).to_contain_text("The sea")
    expect(log).not_to_contain_text("so blue")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    shot("talking")
    talker.gate.open()
    expect(log).to_contain_text("The sea was never so blue.")
    talker.gate = None
    page.get_by_label("Message").fill("And now?")
    page.get_by_role("button", name="Send").click()
    expect(log).to_contain_text("And now?")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert [message.role for message in talker.talks[-1].messages] == ["user", "assistant", "user"]
    shot("talked")
    page.reload()
    expect(log).to_contain_text("The sea was never so blue.")
    page.get_by_role("button", name="New conversation").click()
    expect(log).to_be_empty()


def test_an_answer_can_be_stopped(page: Page, laptop: Gateway, talker: OpenAICompatible) -> None:
    talker.words = ("Once ", "upon ", "a time")
    talker.gate = Gate(2)
    visit(page, laptop, "parrot")
    page.get_by_label("Message").fill("A story")
    page.get_by_label("Message").press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Once")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.get_by_role("log")).not_to_contain_text("a time")


def test_a_message_that_is_not_answered_can_be_sent_again(
    page: Page, laptop: Gateway, talker: OpenAICompatible, shot: Callable[[str], None]
) -> None:
    visit(page, laptop, "parrot")
    talker.plan("chat/completions", Reply(500, "broken"))
    page.get_by_label("Message").fill("Hello")
    page.get_by_label("Message").press("Enter")
    expect(page.get_by_role("log").locator(".bad")).not_to_be_empty()
    expect(page.get_by_label("Message")).to_have_value("Hello")
    shot("not-answered")
    page.get_by_label("Message").press("Enter")
    expect(page.get_by_role("log")).to_contain_text("You said: Hello")
