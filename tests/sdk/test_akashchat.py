"""Conversations of the JavaScript clients with AkashChat: what the upstream said, whole, or one clear error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulators.akashchat import WORDS, AkashChat
from tests.rig import Gateway
from tests.sdk.clients import Node, Wish

CHATS = ["js-chat", "js-chat-stream"]


@pytest.fixture
def akashchat() -> Iterator[AkashChat]:
    with AkashChat(cut=3) as emulator:
        yield emulator


@pytest.fixture
def wish(akashchat: AkashChat) -> Iterator[Wish]:
    with Gateway(PROVIDERS="akashchat", AKASHCHAT_BASE_URL=akashchat.url) as gateway:
        yield Wish(f"{gateway.url}/v1", "Hello", "Meta-Llama-3-3-70B-Instruct")


@pytest.mark.parametrize("chat", [*CHATS, "ai-chat"])
def test_a_text_arrives_as_it_was_said(node: Node, wish: Wish, akashchat: AkashChat, chat: str) -> None:
    for akashchat.dialect in ("L", "M", "N"):
        assert node.ask(chat, wish) == {"text": "".join(WORDS), "finish": "stop", "tokens": 16}


@pytest.mark.parametrize("chat", CHATS)
def test_a_refusal_is_one_clear_error(node: Node, wish: Wish, akashchat: AkashChat, chat: str) -> None:
    akashchat.says, akashchat.error = (), "The conversation is too long. Please start a new chat."
    outcome = node.ask(chat, wish)
    assert (outcome["error"], outcome["status"]) == ("BadRequestError", 400)
    assert outcome["code"] == "context_length_exceeded"


@pytest.mark.parametrize("chat", CHATS)
def test_what_breaks_off_is_an_error_and_asked_for_once(
    node: Node, wish: Wish, akashchat: AkashChat, chat: str
) -> None:
    akashchat.error = "terminated"
    outcome = node.ask(chat, wish)
    assert outcome["error"] in ("APIError", "UnprocessableEntityError")
    assert "terminated" in outcome["message"]
    assert len(akashchat.talks) == 1
