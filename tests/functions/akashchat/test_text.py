"""Text: byte by byte what the upstream said, as it says it; and whatever goes wrong is one clear error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from tests.emulators.akashchat import WORDS, AkashChat
from tests.emulators.faults import Cut, Drop, Reply
from tests.emulators.files import Gate
from tests.functions.akashchat.conftest import TEXT_MODEL
from tests.functions.helpers import eventually
from tests.rig import Gateway

Json = dict[str, Any]
Arrange = Callable[[AkashChat], object]

HELLO: Json = {"model": TEXT_MODEL, "messages": [{"role": "user", "content": "hi"}]}
STREAM = {"content-type": "text/plain; charset=utf-8"}
CHALLENGE = Reply(403, "<!DOCTYPE html><title>Just a moment...</title>")


def streamed(sdk: openai.OpenAI, **more: Any) -> list[ChatCompletionChunk]:
    return list(sdk.chat.completions.create(**{**HELLO, **more}, stream=True))


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


@pytest.mark.parametrize("cut", [0, 1, 5, 4096])
def test_a_text_arrives_as_it_was_said_however_it_is_cut(
    sdk: openai.OpenAI, each_akashchat: AkashChat, cut: int
) -> None:
    each_akashchat.cut = cut
    whole = sdk.chat.completions.create(**HELLO)
    assert whole.choices[0].message.content == "".join(WORDS)
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.usage.total_tokens) == (11, 5, 16)
    chunks = streamed(sdk)
    assert text_of(chunks) == "".join(WORDS)
    assert [choice.finish_reason for choice in chunks[-1].choices] == ["stop"]


def test_what_a_model_thinks_is_told_as_the_site_tells_it(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    akashchat.says = ("<think>\nstep one.\n</think>\n\n", "four")
    assert text_of(streamed(sdk)) == "<think>\nstep one.\n</think>\n\nfour"


@pytest.mark.parametrize(
    ("reason", "told"),
    [("length", "length"), ("content-filter", "content_filter"), ("other", "stop")],
)
def test_finish_reasons_are_openais(sdk: openai.OpenAI, akashchat: AkashChat, reason: str, told: str) -> None:
    akashchat.finish_reason, akashchat.usage = reason, None
    assert sdk.chat.completions.create(**HELLO).choices[0].finish_reason == told


def test_an_unknown_finish_reason_with_usage_is_stop(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    akashchat.finish_reason = "unknown"
    assert sdk.chat.completions.create(**HELLO).choices[0].finish_reason == "stop"


def test_parts_of_other_kinds_do_no_harm(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    parts = ['2:[{"x":1}]', 'g:"let me see"', '0:"four"', "8:[]", 'd:{"finishReason":"stop"}', ""]
    akashchat.plan("POST /api/chat", Reply(200, "\n".join(parts).encode(), STREAM))
    answer = sdk.chat.completions.create(**HELLO)
    assert answer.choices[0].message.content == "four"
    assert answer.choices[0].message.model_dump()["reasoning_content"] == "let me see"


def test_a_word_leaves_before_the_upstream_says_the_next(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    akashchat.gate = Gate(2)
    with sdk.chat.completions.create(**HELLO, stream=True) as chunks:
        heard = ""
        for chunk in chunks:
            heard += chunk.choices[0].delta.content or ""
            if heard == "Hello" and akashchat.gate.passed == 2:
                akashchat.gate.open()
    assert heard == "".join(WORDS)


def test_a_client_that_leaves_closes_the_upstream(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    akashchat.gate = Gate(2)
    with sdk.chat.completions.create(**HELLO, stream=True) as chunks:
        next(iter(chunks))
    eventually(lambda: akashchat.closed_early == ["/api/chat/"], seconds=5)


def test_what_is_asked_is_what_the_site_understands(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    sdk.chat.completions.create(
        model=TEXT_MODEL,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
            {"role": "assistant", "content": "three"},
            {"role": "user", "content": "four"},
        ],
        temperature=0,
        extra_body={"topP": 0.5},
    )
    sdk.chat.completions.create(**HELLO)
    first, second = akashchat.talks
    spoken = [(message.role, message.content) for message in first.messages]
    assert spoken == [("user", "one\ntwo"), ("assistant", "three"), ("user", "four")]
    assert (first.system, first.temperature, first.top_p, first.context) == ("Be brief.", 0.01, 0.5, [])
    assert second.system  # else the site speaks as a persona of its own
    assert (second.temperature, second.top_p) == (0.6, 0.95)


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}],
        [{"role": "user", "content": "hi"}, {"role": "tool", "tool_call_id": "1", "content": "42"}],
        [{"role": "system", "content": "Be brief."}],
    ],
)
def test_what_the_site_cannot_take_does_not_go_there(client: httpx.Client, akashchat: AkashChat, messages: Any) -> None:
    answer = client.post("/v1/chat/completions", json={**HELLO, "messages": messages})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "messages"
    assert not akashchat.talks


def plan(*faults: Any) -> Arrange:
    return lambda akashchat: akashchat.plan("POST /api/chat", *faults)


def says(error: str, *before: str) -> Arrange:
    def arrange(akashchat: AkashChat) -> None:
        akashchat.says, akashchat.error = before, error

    return arrange


def breaks_off(akashchat: AkashChat) -> None:
    akashchat.ends = False


def says_nothing(akashchat: AkashChat) -> None:
    akashchat.says = ()


def is_over_quota(akashchat: AkashChat) -> None:
    akashchat.quota_reset = int(time.time()) + 30


def knows_nobody(akashchat: AkashChat) -> None:
    akashchat.session_seconds = 0


def gives_no_session(akashchat: AkashChat) -> None:
    akashchat.sets_cookie = False


def is_shut(akashchat: AkashChat) -> None:
    akashchat.plan("GET /api/auth/session", CHALLENGE)


def is_sent_in_circles(akashchat: AkashChat) -> None:
    akashchat.plan("GET /api/auth/session", *[Reply(308, "", {"location": "/api/auth/session/"})] * 3)


def ends_with_an_error(akashchat: AkashChat) -> None:
    akashchat.finish_reason = "error"


TOO_LONG = "[Message too long for this model. Please try with a shorter message or a different model.]"
NOT_A_NUMBER = "Invalid argument for parameter temperature: temperature must be a number"
FAILURES: dict[str, tuple[Arrange, int, str]] = {
    "quota": (is_over_quota, 429, "rate_limit_exceeded"),
    "browser check": (plan(CHALLENGE), 502, "upstream_unavailable"),
    "browser check before the session": (is_shut, 502, "upstream_unavailable"),
    "no session": (gives_no_session, 502, "upstream_unavailable"),
    "a session that never counts": (knows_nobody, 502, "upstream_unavailable"),
    "access token": (plan(Reply(403, {"error": "Access token required"})), 502, "upstream_account_rejected"),
    "broken": (plan(Reply(500, {"error": "Internal server error"})), 502, "upstream_unavailable"),
    "broken without a word": (plan(Reply(500)), 424, "upstream_failed"),
    "gateway's page": (plan(Reply(502, "<html>")), 424, "upstream_failed"),
    "page instead of a stream": (plan(Reply(200, "<html>")), 424, "upstream_failed"),
    "object instead of a stream": (plan(Reply(200, {"message": "hi"})), 424, "upstream_failed"),
    "too long": (plan(Reply(400, TOO_LONG.encode(), {"content-type": "text/plain"})), 400, "context_length_exceeded"),
    "too long, told within": (says("The conversation is too long. Please start."), 400, "context_length_exceeded"),
    "bad argument": (says(NOT_A_NUMBER), 400, "invalid_value"),
    "error before all": (says("Failed after 3 attempts. Last error: boom"), 502, "upstream_unavailable"),
    "limit before all": (says("Rate limit exceeded. Please try again later."), 429, "rate_limit_exceeded"),
    "hung up": (plan(Drop()), 424, "upstream_failed"),
    "redirected for ever": (plan(*[Reply(308, "", {"location": "/api/chat/"})] * 3), 502, "upstream_unavailable"),
    "sent in circles before the session": (is_sent_in_circles, 502, "upstream_unavailable"),
    "redirected away": (plan(Reply(308, "", {"location": "http://127.0.0.2:1/"})), 502, "upstream_unavailable"),
    "empty": (says_nothing, 424, "generation_failed"),
}
LATE_FAILURES: dict[str, tuple[Arrange, str]] = {
    "error": (says("terminated", "Hello"), "upstream_unavailable"),
    "no end": (breaks_off, "upstream_failed"),
    "cut": (plan(Cut(60)), "upstream_failed"),
    "nonsense": (
        plan(Reply(200, b'0:"Hello"\n0:oops\nd:{"finishReason":"stop"}\n', STREAM)),
        "upstream_failed",
    ),
    "nonsense for an end": (plan(Reply(200, b'0:"Hello"\nd:7\n', STREAM)), "upstream_failed"),
    "bad end": (ends_with_an_error, "generation_failed"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_before_the_first_word_has_its_status(
    sdk: openai.OpenAI, akashchat: AkashChat, name: str, stream: bool
) -> None:
    arrange, status, code = FAILURES[name]
    arrange(akashchat)
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.chat.completions.create(**HELLO, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (status, code), caught.value.message


@pytest.mark.parametrize("name", LATE_FAILURES)
def test_a_failure_in_mid_answer_is_an_error_and_no_end(sdk: openai.OpenAI, akashchat: AkashChat, name: str) -> None:
    arrange, code = LATE_FAILURES[name]
    arrange(akashchat)
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.chat.completions.create(**HELLO)
    assert (caught.value.status_code, caught.value.code) == (424, code)
    arrange(akashchat)
    with pytest.raises(openai.APIError) as late:
        streamed(sdk)
    assert late.value.code == code


@pytest.mark.parametrize("name", ["quota", "limit before all"])
def test_a_limit_says_when_it_ends(client: httpx.Client, akashchat: AkashChat, name: str) -> None:
    FAILURES[name][0](akashchat)
    answer = client.post("/v1/chat/completions", json=HELLO)
    assert answer.status_code == 429
    if name == "quota":
        assert 20 <= int(answer.headers["retry-after"]) <= 30


def test_a_model_that_the_site_has_given_up_is_not_found(sdk: openai.OpenAI, each_akashchat: AkashChat) -> None:
    each_akashchat.plan("GET /api/models", *[Reply(500, {"error": "Failed to fetch models"})] * 3)
    for gone in ("gone", "gone/with-a-slash"):
        each_akashchat.plan("POST /api/chat", *_unknown(each_akashchat, gone))
        with pytest.raises(openai.NotFoundError) as caught:
            sdk.chat.completions.create(**HELLO)
        assert caught.value.code == "model_not_found"


def _unknown(akashchat: AkashChat, model: str) -> list[Reply]:
    from tests.emulators.akashchat.wire import INVALID_MODEL, line

    if akashchat.dialect == "N":
        return [Reply(403, {"error": "Model not available", "message": f'The model "{model}" is not available'})]
    return [Reply(200, line("3", INVALID_MODEL % model).encode(), STREAM)]


def test_nobody_else_is_given_the_session(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    with AkashChat() as stranger:
        akashchat.plan("POST /api/chat", Reply(308, "", {"location": f"{stranger.url}/api/chat/"}))
        with pytest.raises(openai.InternalServerError):
            sdk.with_options(max_retries=0).chat.completions.create(**HELLO)
        assert stranger.calls == []


def test_redirects_are_repeated_with_the_session(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    akashchat.dialect = "M"
    akashchat.plan("POST /api/chat", Reply(308, "", {"location": "/api/chat"}))
    assert sdk.chat.completions.create(**HELLO).choices[0].message.content == "".join(WORDS)
    posts = [call for call in akashchat.calls if call.method == "POST"]
    assert [call.path for call in posts] == ["/api/chat/", "/api/chat", "/api/chat/"]
    assert len({(call.headers["cookie"], call.body) for call in posts}) == 1


def test_a_gateway_is_switched_on_by_the_old_names(serve: Callable[..., Gateway], akashchat: AkashChat) -> None:
    token = akashchat.new_session()
    gateway = serve(SESSION_TOKEN=token, AKASH_BASE_URL=akashchat.url)
    with gateway.openai() as sdk:
        assert text_of(streamed(sdk)) == "".join(WORDS)
    assert not any("session" in call.path for call in akashchat.calls)
    assert akashchat.calls[-1].headers["cookie"] == f"session_token={token}"
