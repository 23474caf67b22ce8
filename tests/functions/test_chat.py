"""Conversations with text models: whole and streamed, with everything that can go wrong in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.faults import Drop, Endless, Fault, Reply
from tests.emulators.files import Gate
from tests.emulators.openai_compatible import OpenAICompatible
from tests.functions.helpers import Json, assert_error, eventually, leaving_post
from tests.rig import Gateway

CHAT = "/v1/chat/completions"
TALK = "POST /v1/chat/completions"
HELLO = [{"role": "user", "content": "hello"}]
ODD_TEXT = 'wörld 中文 😀\n\n"quoted" back\\slash \u2028 \x0b data: [DONE]\r\n</s>'
SSE = "text/event-stream"


@pytest.fixture
def gateway(serve: Callable[..., Gateway], service: OpenAICompatible) -> Gateway:
    return serve(**service.environment())


def talk(client: httpx.Client, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return client.post(CHAT, json={"model": "parrot", "messages": HELLO} | body, headers=headers)


def said(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    message: Json = answer.json()["choices"][0]["message"]
    return message


def events(text: str) -> list[Any]:
    """The data of the events; every line is either that, a comment, or empty."""
    lines = [line for line in text.split("\n") if line]
    assert all(line.startswith(("data: ", ":")) for line in lines), lines
    data = [line[6:] for line in lines if line.startswith("data: ")]
    return [part if part == "[DONE]" else json.loads(part) for part in data]


def streamed_text(chunks: Sequence[Any]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])


def test_an_answer_in_one_piece(client: httpx.Client, service: OpenAICompatible) -> None:
    answer = talk(client)
    body = answer.json()
    assert body["id"].startswith("chatcmpl-")
    assert (body["object"], body["model"]) == ("chat.completion", "parrot")
    assert body["usage"] == {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    [choice] = body["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"] == {"role": "assistant", "content": "You said: hello", "refusal": None}
    assert answer.headers["cache-control"] == "no-store"


def test_a_stream_is_made_of_chunks_as_openais_are(client: httpx.Client) -> None:
    answer = talk(client, stream=True)
    assert answer.headers["content-type"].startswith(SSE)
    *chunks, done = events(answer.text)
    assert done == "[DONE]"
    assert {(chunk["id"], chunk["object"], chunk["created"], chunk["model"]) for chunk in chunks} == {
        (chunks[0]["id"], "chat.completion.chunk", chunks[0]["created"], "parrot")
    }
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert chunks[-1]["choices"][0]["delta"] == {}
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert all("usage" not in chunk for chunk in chunks)
    assert streamed_text(chunks) == "You said: hello"


def test_the_usage_has_a_chunk_of_its_own_for_who_asks(client: httpx.Client) -> None:
    *chunks, last, _ = events(talk(client, stream=True, stream_options={"include_usage": True}).text)
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 16)


DIALECTS: dict[str, dict[str, Any]] = {
    "one byte at a time": {"cut": 1},
    "in odd pieces": {"cut": 7, "comments": True},
    "with CR and LF": {"newline": "\r\n", "comments": True, "cut": 3},
    "usage in the last chunk": {"usage_with": "last"},
    "no usage": {"usage": None},
    "no DONE": {"ends": "no-done"},
    "never closed after DONE": {"ends": "done-and-silence"},
    "no finish reason, but DONE": {"finish_reason": None},
    "not streamed at all": {"streams": False},
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
def test_every_dialect_gives_the_same_text(
    client: httpx.Client, service: OpenAICompatible, dialect: str, stream: bool
) -> None:
    for name, value in DIALECTS[dialect].items():
        setattr(service, name, value)
    service.words = [ODD_TEXT[:3], *ODD_TEXT[3:]]
    answer = talk(client, stream=stream)
    if stream:
        *chunks, done = events(answer.text)
        assert (streamed_text(chunks), done) == (ODD_TEXT, "[DONE]")
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    else:
        assert said(answer)["content"] == ODD_TEXT


def test_each_word_leaves_before_the_next_one_comes(gateway: Gateway, service: OpenAICompatible) -> None:
    service.words, service.gate = ["one", "two", "three"], (gate := Gate(2))  # the role, and the first word
    with gateway.client() as client, client.stream("POST", CHAT, json=request(stream=True)) as answer:
        lines = answer.iter_lines()
        for number, word in enumerate(service.words):
            assert streamed_text([first_with_text(lines)]) == word
            assert gate.passed == number + 2
            gate.allow()
        gate.open()
        assert "data: [DONE]" in list(lines)


def first_with_text(lines: Iterator[str]) -> Any:
    for line in lines:
        if line.startswith("data: {") and (chunk := json.loads(line[6:]))["choices"][0]["delta"].get("content"):
            return chunk
    raise AssertionError("the stream is over")


def request(**body: Any) -> Json:
    return {"model": "parrot", "messages": HELLO} | body


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("words", [0, 2])
def test_a_disconnect_cancels_the_upstream_request(
    gateway: Gateway, service: OpenAICompatible, stream: bool, words: int
) -> None:
    service.words, service.gate = ["one", "two", "three"], Gate(1 + words if stream else words // 2)
    with leaving_post(gateway, CHAT, request(stream=stream)):
        eventually(lambda: service.open_streams == 1)
    eventually(lambda: len(service.closed_early) == 1)
    assert service.open_streams == 0


def test_what_is_sent_upstream(client: httpx.Client, service: OpenAICompatible) -> None:
    service.unheard_of = "ignore"
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "developer", "content": "be kind"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "tool_call_id": "1", "content": "42"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:"}}],
        },
    ]
    tools = [{"type": "function", "function": {"name": "f"}}]
    answer = talk(
        client,
        messages=messages,
        temperature=0,
        topP=0.5,
        max_completion_tokens=9,
        tools=tools,
        waitForImage=True,
        extra_body={"steps": 9},
        odd=1,
        guided_json={"type": "object"},
    )
    assert said(answer)
    sent = json.loads(service.calls[-1].body)
    assert sent == {
        "model": "parrot",
        "messages": messages,
        "temperature": 0.0,
        "top_p": 0.5,
        "max_completion_tokens": 9,
        "tools": tools,
        "odd": 1,
        "guided_json": {"type": "object"},
    }
    assert answer.headers["easel-ignored"] == "extra_body"


@pytest.mark.parametrize("stream", [True, False])
def test_tools_are_called(client: httpx.Client, service: OpenAICompatible, stream: bool) -> None:
    function = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    pieces = [{"tool_calls": [{"index": 0, "function": {"arguments": text}}]} for text in ('{"at":', ' "sea"}')]
    second = {"tool_calls": [{**function, "index": 1, "id": "call_2"}]}
    service.deltas, service.finish_reason = [{"tool_calls": [function]}, *pieces, second], "tool_calls"
    answer = talk(client, stream=stream, tools=[{"type": "function", "function": {"name": "weather"}}])
    if stream:
        *chunks, _ = events(answer.text)
        assert [chunk["choices"][0]["delta"] for chunk in chunks[1:-1]] == service.deltas
        assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    else:
        message = said(answer)
        assert message["content"] is None
        assert [call["id"] for call in message["tool_calls"]] == ["call_1", "call_2"]
        assert message["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"at": "sea"}'}


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_is_passed_on(client: httpx.Client, service: OpenAICompatible, name: str) -> None:
    service.deltas = [{name: "hmm, "}, {name: "yes"}, {"content": "Yes."}]
    assert said(talk(client)) == {
        "role": "assistant",
        "content": "Yes.",
        "refusal": None,
        "reasoning_content": "hmm, yes",
    }
    *chunks, _ = events(talk(client, stream=True).text)
    assert chunks[1]["choices"][0]["delta"] == {"reasoning_content": "hmm, "}


BAD: dict[str, tuple[Any, str | None]] = {
    "no messages": ({"messages": None}, "messages"),
    "empty messages": ({"messages": []}, "messages"),
    "messages as text": ({"messages": "hello"}, "messages"),
    "message as text": ({"messages": ["hello"]}, "messages"),
    "no role": ({"messages": [{"content": "hello"}]}, "messages"),
    "odd role": ({"messages": [{"role": "king", "content": "hello"}]}, "messages"),
    "no content": ({"messages": [{"role": "user"}]}, "messages"),
    "number as content": ({"messages": [{"role": "user", "content": 5}]}, "messages"),
    "part without type": ({"messages": [{"role": "user", "content": [{"text": "hello"}]}]}, "messages"),
    "part as text": ({"messages": [{"role": "user", "content": ["hello"]}]}, "messages"),
    "text part without text": ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages"),
    "hot": ({"temperature": 3}, "temperature"),
    "word as temperature": ({"temperature": "warm"}, "temperature"),
    "top_p of 2": ({"top_p": 2}, "top_p"),
    "topP of 2": ({"topP": 2}, "top_p"),
    "no tokens": ({"max_tokens": 0}, "max_tokens"),
    "no choices": ({"n": 0}, "n"),
    "unclear stream": ({"stream": "maybe"}, "stream"),
    "odd stream_options": ({"stream_options": True}, "stream_options"),
    "odd modality": ({"modalities": ["smell"]}, "modalities"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("stream", [True, False])
def test_a_bad_request_is_refused_here(
    client: httpx.Client, service: OpenAICompatible, name: str, stream: bool
) -> None:
    change, param = BAD[name]
    answer = talk(client, **({"stream": stream} | change))
    error = assert_error(answer, 400, "invalid_value", param)
    assert answer.json()["details"] == error["message"]
    assert (answer.json()["code"], answer.json()["data"]) == (400, {"msg": error["message"]})
    assert not service.talks


def test_an_unknown_model_and_no_key(gateway: Gateway, client: httpx.Client) -> None:
    for model in ("nope", "gpt-4o", "gpt-5"):
        assert_error(talk(client, model=model), 404, "model_not_found", "model")
    with gateway.client("wrong") as stranger:
        assert_error(talk(stranger), 401, "invalid_api_key")


def test_without_a_name_the_first_text_model_answers(client: httpx.Client, service: OpenAICompatible) -> None:
    assert talk(client, model=None).json()["model"] == "parrot"


def test_null_is_as_good_as_absent(client: httpx.Client, service: OpenAICompatible) -> None:
    names = (
        "temperature",
        "top_p",
        "topP",
        "max_tokens",
        "tools",
        "stop",
        "n",
        "stream",
        "stream_options",
        "extra_body",
    )
    assert said(talk(client, **dict.fromkeys(names)))
    assert json.loads(service.calls[-1].body).keys() == {"model", "messages"}


def data(*chunks: Any) -> bytes:
    return b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks)


def word(text: str, finish_reason: str | None = None) -> Json:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}]}


def stream_of(*chunks: Any) -> Reply:
    return Reply(200, data(*chunks), {"content-type": SSE})


def envelope(code: str | int, message: str = "no such luck", **members: Any) -> Json:
    return {"error": {"message": message, "type": "some_error", "code": code, **members}}


# What the upstream does before it says a word; the status, and the code.
AT_FIRST: dict[str, tuple[Fault, int, str]] = {
    "400": (Reply(400, envelope("invalid_value")), 400, "invalid_value"),
    "too long": (Reply(400, envelope("context_length_exceeded")), 400, "context_length_exceeded"),
    "400 by number": (Reply(400, envelope("400")), 400, "invalid_value"),
    "refused": (Reply(400, envelope("content_policy_violation")), 400, "moderation_blocked"),
    "refused by 403": (Reply(403, envelope("moderation")), 400, "moderation_blocked"),
    "401": (Reply(401, envelope("invalid_api_key")), 502, "upstream_account_rejected"),
    "402": (Reply(402, {"detail": "Insufficient credits"}), 402, "upstream_out_of_credit"),
    "out of quota by 429": (Reply(429, envelope("insufficient_quota")), 402, "upstream_out_of_credit"),
    "404": (Reply(404, envelope("model_not_found")), 502, "upstream_failed"),
    "429": (Reply(429, envelope("rate_limit_exceeded"), {"retry-after": "1"}), 429, "rate_limit_exceeded"),
    "503 in words": (Reply(503, envelope("overloaded")), 502, "upstream_unavailable"),
    "529 in words": (Reply(529, envelope("no_backend")), 502, "upstream_unavailable"),
    "408": (Reply(408, envelope("timeout")), 424, "upstream_failed"),
    "500": (Reply(500, envelope("server_error")), 424, "upstream_failed"),
    "502 page": (Reply(502, "<html>"), 424, "upstream_failed"),
    "504": (Reply(504, envelope("timeout")), 424, "upstream_failed"),
    "dropped": (Drop(), 424, "upstream_failed"),
    "a page": (Reply(200, "<html>"), 424, "upstream_failed"),
    "no JSON": (Reply(200, b"data: {oops\n\n", {"content-type": SSE}), 424, "upstream_failed"),
    "a list": (Reply(200, b"data: []\n\n", {"content-type": SSE}), 424, "upstream_failed"),
    "nothing": (Reply(200, b"", {"content-type": SSE}), 424, "upstream_failed"),
    "DONE alone": (Reply(200, b"data: [DONE]\n\n", {"content-type": SSE}), 424, "generation_failed"),
    "a role and DONE": (
        Reply(200, data(word("")) + b"data: [DONE]\n\n", {"content-type": SSE}),
        424,
        "generation_failed",
    ),
    "an error first": (stream_of(envelope("server_error")), 424, "upstream_failed"),
    "a limit first": (stream_of(envelope(429)), 429, "rate_limit_exceeded"),
    "an error as text": (stream_of({"error": "boom"}), 424, "upstream_failed"),
}


@pytest.mark.parametrize(
    ("said", "param"),
    [("messages", "messages"), ("tools[0].function", "tools[0].function"), (None, None), (7, None), ("a b", None)],
)
def test_the_field_at_fault_is_the_one_that_the_upstream_names(
    client: httpx.Client, service: OpenAICompatible, said: Any, param: str | None
) -> None:
    service.plan(TALK, Reply(400, envelope("invalid_value", param=said)))
    assert_error(talk(client), 400, "invalid_value", param)


@pytest.mark.parametrize("name", AT_FIRST)
@pytest.mark.parametrize("stream", [True, False])
def test_what_fails_before_the_first_word_has_a_status(
    client: httpx.Client, service: OpenAICompatible, name: str, stream: bool
) -> None:
    fault, status, code = AT_FIRST[name]
    service.plan(TALK, fault)
    answer = talk(client, stream=stream)
    error = assert_error(answer, status, code, None)
    assert (
        answer.headers["x-should-retry"]
        == str(name in ("429", "a limit first", "503 in words", "529 in words")).lower()
    )
    assert error["message"].endswith(".")
    assert sum(call.path == CHAT for call in service.calls) == 1


# What the upstream does after a word, and the code.
IN_THE_MIDST: dict[str, tuple[Fault, str]] = {
    "ends": (stream_of(word("Well")), "upstream_failed"),
    "cut": (Reply(200, data(word("Well")), {"content-type": SSE, "content-length": "9999"}), "upstream_failed"),
    "garbage": (Reply(200, data(word("Well")) + b"data: {oops\n\n", {"content-type": SSE}), "upstream_failed"),
    "error": (stream_of(word("Well"), envelope("server_error")), "upstream_failed"),
    "limit": (stream_of(word("Well"), envelope(429)), "rate_limit_exceeded"),
    "refusal": (stream_of(word("Well"), envelope("content_filter")), "moderation_blocked"),
}


@pytest.mark.parametrize("name", IN_THE_MIDST)
def test_what_fails_in_the_midst_is_one_error_at_the_end(
    client: httpx.Client, service: OpenAICompatible, name: str
) -> None:
    fault, code = IN_THE_MIDST[name]
    service.plan(TALK, fault)
    *chunks, last = events(talk(client, stream=True).text)
    assert chunks
    assert streamed_text(chunks)
    assert last["error"]["code"] == code
    assert last["error"].keys() >= {"message", "type", "param", "code"}


@pytest.mark.parametrize("name", IN_THE_MIDST)
def test_what_fails_in_the_midst_is_nothing_to_repeat(
    client: httpx.Client, service: OpenAICompatible, name: str
) -> None:
    fault, code = IN_THE_MIDST[name]
    service.plan(TALK, fault)
    answer = talk(client)
    assert_error(answer, 424, code)
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("name", IN_THE_MIDST)
def test_the_sdk_raises_what_comes_in_the_midst(sdk: openai.OpenAI, service: OpenAICompatible, name: str) -> None:
    fault, code = IN_THE_MIDST[name]
    service.plan(TALK, fault)
    with pytest.raises(openai.APIError) as raised:
        for _ in sdk.chat.completions.create(model="parrot", messages=[{"role": "user", "content": "hi"}], stream=True):
            pass
    assert raised.value.code == code


def test_the_time_there_is_ends_an_answer(serve: Callable[..., Gateway], service: OpenAICompatible) -> None:
    gateway = serve(**service.environment(), MAX_WAIT_SECONDS="1")
    service.plan(TALK, *[Endless(data(word("Well")), SSE)] * 2)
    with gateway.client() as client:
        *_, last = events(talk(client, stream=True).text)
        assert last["error"]["code"] == "deadline_exceeded"
        assert_error(talk(client), 424, "deadline_exceeded")
    eventually(lambda: len(service.closed_early) == 2)


def test_an_answer_may_be_asked_for_once_by_its_key(client: httpx.Client, service: OpenAICompatible) -> None:
    once = {"idempotency-key": "mine"}
    assert said(talk(client, once))
    assert_error(talk(client, once), 424, "upstream_failed")
    assert_error(talk(client, once, temperature=1), 422, "idempotency_key_reused", "Idempotency-Key")
    assert said(talk(client, {"x-stainless-retry-count": "1"}))
    assert len(service.talks) == 2


def account(name: str, service: OpenAICompatible, **members: Any) -> Json:
    return {"id": name, "provider": "openai_compatible", "base_url": f"{service.url}/v1", "key": service.key, **members}


@pytest.fixture
def second() -> Iterator[OpenAICompatible]:
    with OpenAICompatible(key="sk-second", listed=({"id": "parrot"}, {"id": "owl"}, {"id": "dall-e-9"})) as emulator:
        yield emulator


def test_the_next_account_answers_where_one_refuses(
    serve: Callable[..., Gateway], service: OpenAICompatible, second: OpenAICompatible
) -> None:
    gateway = serve(ACCOUNTS=json.dumps([account("a", service), account("b", second)]))
    for emulator in (service, second):
        emulator.plan(TALK, *[Reply(429, envelope("rate_limit_exceeded"))] * 3)
    second._planned.clear()
    with gateway.client() as client:
        for _ in range(4):
            assert said(talk(client, stream=False))
    assert len(second.talks) == 4
    assert not service.talks


def test_a_model_is_asked_for_where_it_is(
    serve: Callable[..., Gateway], service: OpenAICompatible, second: OpenAICompatible
) -> None:
    gateway = serve(ACCOUNTS=json.dumps([account("a", service), account("b", second, models=["raven"])]))
    with gateway.client() as client:
        names = {entry["id"]: entry["kind"] for entry in client.get("/v1/models").json()["data"]}
        assert {"parrot", "owl", "raven", "org/parrot-large"} <= names.keys()
        assert (names["owl"], names["dall-e-9"], names["flux-emulated"]) == ("chat", "image", "image")
        assert "text-embedding-3-small" not in names
        for _ in range(3):
            assert said(talk(client, model="owl"))
            assert said(talk(client, model="org/parrot-large"))
        assert_error(talk(client, model="raven"), 502, "upstream_failed")
    assert [talk.model for talk in second.talks] == ["owl"] * 3
    assert [talk.model for talk in service.talks] == ["org/parrot-large"] * 3


def test_a_list_that_fails_removes_no_configured_model(
    serve: Callable[..., Gateway], service: OpenAICompatible
) -> None:
    service.plan("GET /v1/models", *[Reply(500, "<html>")] * 5)
    gateway = serve(**service.environment(), OPENAI_COMPATIBLE_MODELS='{"parrot": {}}')
    with gateway.client() as client:
        assert said(talk(client))
        assert_error(talk(client, model="owl"), 404, "model_not_found", "model")
        assert sum(call.path == "/v1/models" for call in service.calls) == 1


def test_a_models_settings_go_along(serve: Callable[..., Gateway], service: OpenAICompatible) -> None:
    models = {
        "parrot": {"settings": {"temperature": 0.2, "reasoning_effort": "low"}},
        "flux-emulated": {"settings": {"response_format": "b64_json"}},
    }
    gateway = serve(**service.environment(), OPENAI_COMPATIBLE_MODELS=json.dumps(models))
    with gateway.client() as client:
        assert said(talk(client, temperature=1))
        assert client.post("/v1/images/generations", json={"model": "flux-emulated", "prompt": "x"}).status_code == 200
    assert (service.talks[-1].temperature, service.talks[-1].reasoning_effort) == (1, "low")
    assert service.orders[-1].response_format == "b64_json"


def test_only_what_is_configured_is_offered_without_discovery(
    serve: Callable[..., Gateway], service: OpenAICompatible
) -> None:
    models = '{"parrot": {}, "painter": {"kind": "image"}}'
    gateway = serve(**service.environment(), OPENAI_COMPATIBLE_MODELS=models, OPENAI_COMPATIBLE_DISCOVER="false")
    with gateway.client() as client:
        entries = client.get("/v1/models").json()["data"]
        offered = [(entry["id"], entry["kind"]) for entry in entries if entry["owned_by"] == "openai_compatible"]
    assert offered[:2] == [("parrot", "chat"), ("painter", "image")]
    assert not service.calls
