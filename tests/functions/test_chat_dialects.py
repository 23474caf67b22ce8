"""Chats with services whose requests and responses differ from OpenAI's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.faults import Cut, Fault, Reply
from tests.emulators.openai_compatible import OpenAICompatible
from tests.functions.helpers import Json, assert_error
from tests.functions.test_chat import CHAT, HELLO, SSE, TALK, data, events, said, streamed_text, talk
from tests.rig import Gateway

DONE = b"data: [DONE]\n\n"


@pytest.fixture
def gateway(serve: Callable[..., Gateway], service: OpenAICompatible) -> Gateway:
    return serve(**service.environment())


def chunk(delta: Json | None = None, finish_reason: Any = None, index: int = 0, **fields: Any) -> Json:
    return {"choices": [{"index": index, "delta": delta or {}, "finish_reason": finish_reason}], **fields}


def content(text: str, finish_reason: Any = None) -> Json:
    return chunk({"content": text}, finish_reason)


def call(piece: Json, finish_reason: Any = None) -> Json:
    return chunk({"tool_calls": [piece]}, finish_reason)


def sse(*chunks: Any, done: bool = True, content_type: str = SSE) -> Reply:
    return Reply(200, data(*chunks) + (DONE if done else b""), {"content-type": content_type})


def whole(
    message: Json, finish_reason: Any = "stop", *, content_type: str = "application/json", **fields: Any
) -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    return Reply(200, json.dumps({"choices": [choice], **fields}).encode(), {"content-type": content_type})


def sent(service: OpenAICompatible) -> list[Json]:
    return [json.loads(each.body) for each in service.calls if each.path == CHAT]


def streamed(answer: httpx.Response) -> tuple[str, str | None]:
    """The text and the finish reason of a stream that is complete."""
    *chunks, done = events(answer.text)
    assert done == "[DONE]", answer.text
    reasons = [choice["finish_reason"] for each in chunks for choice in each["choices"] if choice["finish_reason"]]
    assert len(reasons) == 1
    return streamed_text(chunks), reasons[0]


def outcome(client: httpx.Client, *, stream: bool, **body: Any) -> tuple[str | None, str | None]:
    answer = talk(client, stream=stream, **body)
    if stream:
        return streamed(answer)
    return said(answer)["content"], answer.json()["choices"][0]["finish_reason"]


class TestRequests:
    @pytest.mark.parametrize("stream", [True, False])
    def test_the_upstream_is_asked_as_the_caller_asks(
        self, client: httpx.Client, service: OpenAICompatible, stream: bool
    ) -> None:
        assert outcome(client, stream=stream) == ("You said: hello", "stop")
        [body] = sent(service)
        assert body.get("stream", False) is stream
        assert ("stream_options" in body) is stream

    @pytest.mark.parametrize("mode", ["always", "never"])
    @pytest.mark.parametrize("stream", [True, False])
    def test_a_setting_decides_otherwise(
        self, serve: Callable[..., Gateway], service: OpenAICompatible, mode: str, stream: bool
    ) -> None:
        with serve(**service.environment(), OPENAI_COMPATIBLE_STREAM=mode).client() as client:
            assert outcome(client, stream=stream) == ("You said: hello", "stop")
        assert sent(service)[0].get("stream", False) is (mode == "always")

    def test_an_account_has_a_setting_of_its_own(
        self, serve: Callable[..., Gateway], service: OpenAICompatible
    ) -> None:
        account = {"id": "a", "provider": "openai_compatible", "base_url": f"{service.url}/v1", "key": service.key}
        with serve(ACCOUNTS=json.dumps([account | {"stream": "never"}])).client() as client:
            assert outcome(client, stream=True) == ("You said: hello", "stop")
        assert "stream" not in sent(service)[0]

    def test_an_unknown_mode_is_an_error_that_names_the_setting(
        self, serve: Callable[..., Gateway], service: OpenAICompatible
    ) -> None:
        with serve(**service.environment(), OPENAI_COMPATIBLE_STREAM="often").client() as client:
            error = assert_error(talk(client), 500, "misconfigured")
        assert "OPENAI_COMPATIBLE_STREAM" in error["message"]

    def test_refused_stream_options_are_left_out_from_then_on(
        self, client: httpx.Client, service: OpenAICompatible
    ) -> None:
        service.refused = ["stream_options"]
        for _ in range(2):
            assert outcome(client, stream=True) == ("You said: hello", "stop")
        assert ["stream_options" in body for body in sent(service)] == [True, False, False]

    def test_any_other_refusal_of_a_stream_is_the_callers(
        self, client: httpx.Client, service: OpenAICompatible
    ) -> None:
        service.refused = ["stream"]
        assert_error(talk(client, stream=True), 400, "unknown_parameter")
        assert outcome(client, stream=False) == ("You said: hello", "stop")
        assert len(sent(service)) == 2

    def test_a_model_with_known_fields_gets_no_others(
        self, serve: Callable[..., Gateway], service: OpenAICompatible
    ) -> None:
        models = {"parrot": {"knobs": ["temperature"]}}
        with serve(**service.environment(), OPENAI_COMPATIBLE_MODELS=json.dumps(models)).client() as client:
            answer = talk(client, temperature=1, seed=1)
            assert answer.headers["easel-ignored"] == "seed"
            assert_error(talk(client, n=2), 400, "invalid_value", "n")
            assert_error(talk(client, logprobs=True), 400, "invalid_value", "logprobs")
        assert sent(service)[0].keys() == {"model", "messages", "temperature"}


class TestChoices:
    def test_all_choices_are_returned(self, sdk: openai.OpenAI, service: OpenAICompatible) -> None:
        completion = sdk.chat.completions.create(model="parrot", messages=[{"role": "user", "content": "hi"}], n=3)
        assert [(each.index, each.message.content) for each in completion.choices] == [
            (index, "You said: hi") for index in range(3)
        ]

    def test_all_choices_are_streamed(self, client: httpx.Client) -> None:
        *chunks, done = events(talk(client, stream=True, n=2, stream_options={"include_usage": True}).text)
        assert done == "[DONE]"
        *chunks, last = chunks
        assert last["usage"]["total_tokens"] == 16
        for index in range(2):
            own = [each for each in chunks if each["choices"][0]["index"] == index]
            assert own[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
            assert streamed_text(own) == "You said: hello"
            assert [each["choices"][0]["finish_reason"] for each in own if each["choices"][0]["finish_reason"]] == [
                "stop"
            ]

    def test_log_probabilities_are_returned(self, client: httpx.Client, service: OpenAICompatible) -> None:
        probabilities = {"content": [{"token": "x", "logprob": -0.5, "bytes": [120], "top_logprobs": []}]}
        service.choice_fields, service.words = {"logprobs": probabilities}, ["x", "y"]
        assert talk(client, logprobs=True).json()["choices"][0]["logprobs"] == probabilities
        *chunks, _ = events(talk(client, logprobs=True, stream=True).text)
        assert [each["choices"][0]["logprobs"] for each in chunks] == [None, probabilities, probabilities, None]

    def test_log_probabilities_of_a_stream_are_joined(
        self, serve: Callable[..., Gateway], service: OpenAICompatible
    ) -> None:
        service.choice_fields, service.words = {"logprobs": {"content": [{"token": "x"}]}}, ["x", "y"]
        with serve(**service.environment(), OPENAI_COMPATIBLE_STREAM="always").client() as client:
            choice = talk(client, logprobs=True).json()["choices"][0]
        assert choice["logprobs"] == {"content": [{"token": "x"}, {"token": "x"}]}


class TestFields:
    def test_further_fields_are_returned(self, client: httpx.Client, service: OpenAICompatible) -> None:
        fields = {"citations": ["https://a.example"], "search_results": [{"title": "a"}], "service_tier": "flex"}
        service.response_fields = fields
        service.choice_fields = {"native_finish_reason": "STOP"}
        body = talk(client).json()
        assert {name: body[name] for name in fields} == fields
        assert body["choices"][0]["native_finish_reason"] == "STOP"
        assert (body["id"][:9], body["object"], body["model"]) == ("chatcmpl-", "chat.completion", "parrot")
        *chunks, _ = events(talk(client, stream=True).text)
        with_fields = [each for each in chunks if "citations" in each]
        assert {name: with_fields[0][name] for name in fields} == fields

    @pytest.mark.parametrize("stream", [True, False])
    def test_annotations_are_returned(self, client: httpx.Client, service: OpenAICompatible, stream: bool) -> None:
        note = {"type": "url_citation", "url_citation": {"url": "https://a.example", "title": "a"}}
        message = {"content": "See a.", "annotations": [note]}
        service.plan(TALK, sse(chunk(message), chunk(None, "stop")) if stream else whole(message))
        answer = talk(client, stream=stream)
        if stream:
            found = [each["choices"][0]["delta"].get("annotations") for each in events(answer.text)[:-1]]
            assert [note] in found
        else:
            assert said(answer)["annotations"] == [note]

    @pytest.mark.parametrize("mode", ["auto", "always"])
    def test_usage_is_the_upstreams_own(
        self, serve: Callable[..., Gateway], service: OpenAICompatible, mode: str
    ) -> None:
        details = {
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2.0, "image_tokens": 0},
            "cost": 0.00125,
        }
        service.usage_details = {**details, "total_tokens": 16.0}
        expected = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16, **details}
        with serve(**service.environment(), OPENAI_COMPATIBLE_STREAM=mode).client() as client:
            answer = talk(client)
            assert answer.json()["usage"] == expected
            assert '"total_tokens":16,' in answer.text
            *_, last, _ = events(talk(client, stream=True, stream_options={"include_usage": True}).text)
        assert last["usage"] == expected

    def test_usage_that_is_unknown_is_absent(self, client: httpx.Client, service: OpenAICompatible) -> None:
        service.usage = None
        assert "usage" not in talk(client).json()
        *chunks, _ = events(talk(client, stream=True, stream_options={"include_usage": True}).text)
        assert all(each["choices"] and each["usage"] is None for each in chunks)

    @pytest.mark.parametrize("place", ["choice", "every chunk"])
    def test_usage_in_other_places(self, client: httpx.Client, service: OpenAICompatible, place: str) -> None:
        usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        if place == "choice":
            end = chunk(None, "stop")
            end["choices"][0]["usage"] = usage
            service.plan(TALK, sse(content("hi"), end))
        else:
            service.plan(TALK, sse({**content("hi"), "usage": {"total_tokens": 1}}, chunk(None, "stop", usage=usage)))
        *_, last, _ = events(talk(client, stream=True, stream_options={"include_usage": True}).text)
        assert last["usage"] == usage


LATE_USAGE = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}

STREAMS: dict[str, tuple[Reply, str]] = {
    "a reason in every chunk": (sse(content("a", "stop"), content("b", "stop"), chunk(None, "length")), "length"),
    "a reason before the last text": (sse(content("a"), chunk(None, "stop"), content("b")), "stop"),
    "the same without DONE": (sse(content("a"), chunk(None, "stop"), content("b"), done=False), "stop"),
    "the reason null as text": (sse(content("a", "null"), content("b", "null"), chunk(None, "stop")), "stop"),
    "an empty reason": (sse(content("a", ""), content("b", ""), chunk(None, "length")), "length"),
    "null as the only reason": (sse(content("a", "null"), content("b", "null")), "stop"),
    "empty events": (
        Reply(200, b"data:\n\ndata: \n\n" + data(content("ab", "stop")) + DONE, {"content-type": SSE}),
        "stop",
    ),
    "CR": (Reply(200, data(content("ab", "stop")).replace(b"\n", b"\r") + DONE, {"content-type": SSE}), "stop"),
    "events as JSON": (sse(content("ab", "stop"), content_type="application/json"), "stop"),
    "events as text": (sse(content("ab", "stop"), content_type="text/plain"), "stop"),
    "events without a type": (sse(content("ab", "stop"), content_type=""), "stop"),
    "a byte order mark": (Reply(200, b"\xef\xbb\xbf" + data(content("ab", "stop")), {"content-type": SSE}), "stop"),
    "JSON": (whole({"content": "ab"}), "stop"),
    "JSON as text": (whole({"content": "ab"}, content_type="text/plain"), "stop"),
    "JSON as events": (whole({"content": "ab"}, content_type=SSE), "stop"),
    "JSON without a type": (whole({"content": "ab"}, content_type=""), "stop"),
    "JSON without a reason": (whole({"content": "ab"}, None), "stop"),
    "indented JSON": (
        Reply(
            200, json.dumps({"choices": [{"message": {"content": "ab"}, "finish_reason": "stop"}]}, indent=1).encode()
        ),
        "stop",
    ),
    "a ping as an event": (sse({"type": "ping"}, content("ab", "stop")), "stop"),
    "text in parts": (sse(chunk({"content": [{"type": "text", "text": "ab"}]}, "stop")), "stop"),
    "late usage": (sse(content("ab"), chunk(None, "stop"), LATE_USAGE, done=False), "stop"),
}


class TestStreams:
    @pytest.mark.parametrize("name", STREAMS)
    @pytest.mark.parametrize("stream", [True, False])
    def test_streams_as_services_send_them(
        self, client: httpx.Client, service: OpenAICompatible, name: str, stream: bool
    ) -> None:
        reply, reason = STREAMS[name]
        service.plan(TALK, reply)
        assert outcome(client, stream=stream) == ("ab", reason)

    ERRORS = (
        {"error": {"message": "no such luck", "code": 500}},
        {"error": "no such luck"},
        {"error_code": 50001, "error_msg": "no such luck"},
        {"object": "error", "message": "no such luck", "code": 500},
        {"detail": "no such luck"},
        {"detail": [{"loc": ["body"], "msg": "no such luck"}]},
        {"code": 20012, "message": "no such luck", "data": None},
        {"base_resp": {"status_code": 1013, "status_msg": "no such luck"}, "choices": None},
        {
            "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
            "error": {"message": "no such luck"},
        },
        {"choices": [{"index": 0, "delta": {}, "error": {"message": "no such luck"}, "finish_reason": "error"}]},
    )

    @pytest.mark.parametrize("error", ERRORS, ids=json.dumps)
    @pytest.mark.parametrize("begun", [True, False])
    @pytest.mark.parametrize("finished", [True, False])
    def test_an_error_in_any_shape_is_an_error(
        self, client: httpx.Client, service: OpenAICompatible, error: Json, begun: bool, finished: bool
    ) -> None:
        chunks = [*([content("Well")] if begun else []), *([chunk(None, "stop")] if finished else []), error]
        service.plan(TALK, sse(*chunks), sse(*chunks))
        answer = talk(client, stream=True)
        if begun:
            *_, last = events(answer.text)
            assert "no such luck" in last["error"]["message"]
            assert "[DONE]" not in answer.text
        else:
            assert "no such luck" in assert_error(answer, 424, "upstream_failed")["message"]
        assert_error(talk(client), 424, "upstream_failed")

    @pytest.mark.parametrize("error", ERRORS[:8], ids=json.dumps)
    def test_an_error_with_a_good_status_is_an_error(
        self, client: httpx.Client, service: OpenAICompatible, error: Json
    ) -> None:
        service.plan(TALK, Reply(200, error))
        assert "no such luck" in assert_error(talk(client), 424, "upstream_failed")["message"]

    def test_a_reason_of_error_alone_is_an_error(self, client: httpx.Client, service: OpenAICompatible) -> None:
        service.plan(TALK, sse(content("Well"), chunk(None, "error")))
        assert_error(talk(client), 424, "upstream_failed")

    @pytest.mark.parametrize(
        ("chunks", "complete"),
        [((content("a"), chunk(None, "stop")), True), ((content("a", "stop"),), False)],
        ids=["after the end", "in every chunk"],
    )
    def test_a_broken_connection_ends_a_complete_response_only(
        self, client: httpx.Client, service: OpenAICompatible, chunks: tuple[Json, ...], complete: bool
    ) -> None:
        body = data(*chunks)
        service.plan(TALK, Reply(200, body, {"content-type": SSE, "content-length": str(len(body) + 9)}))
        *_, last = events(talk(client, stream=True).text)
        assert (last == "[DONE]") is complete

    def test_a_whole_response_that_is_cut_off_is_an_error(
        self, client: httpx.Client, service: OpenAICompatible
    ) -> None:
        service.plan(TALK, Cut(150))
        assert_error(talk(client), 424, "upstream_failed")

    def test_a_whole_response_contains_no_credentials(
        self, serve: Callable[..., Gateway], service: OpenAICompatible
    ) -> None:
        service.key = "sk-emulator-0123456789"
        service.plan(TALK, whole({"content": f"Your key is {service.key}."}, citations=[service.key]))
        with serve(**service.environment()).client() as client:
            answer = talk(client)
        assert said(answer)["content"].startswith("Your key is ")
        assert service.key not in answer.text


NAMED = {"id": "call_a", "type": "function", "function": {"name": "f", "arguments": ""}}


def function(arguments: str = "", name: str | None = None) -> Json:
    return {"function": {**({"name": name} if name else {}), "arguments": arguments}}


EXPECTED = [("call_a", "f", '{"x":1}'), ("call_b", "g", '{"y":2}')]

CALLS: dict[str, list[Json]] = {
    "no index": [
        {"id": "call_a", "type": "function", **function('{"x"', "f")},
        function(":1}"),
        {"id": "call_b", "type": "function", **function('{"y"', "g")},
        function(":2}"),
    ],
    "ids alone": [
        {"id": "call_a", **function("", "f")},
        {"id": "call_b", **function("", "g")},
        {"id": "call_a", **function('{"x":1}')},
        {"id": "call_b", **function('{"y":2}')},
    ],
    "several ids under one index": [
        {"index": 0, "id": "call_a", **function('{"x"', "f")},
        {"index": 0, **function(":1}")},
        {"index": 0, "id": "call_b", **function('{"y"', "g")},
        {"index": 0, **function(":2}")},
    ],
    "an index that begins at 1": [
        {"index": 1, "id": "call_a", **function('{"x"', "f")},
        {"index": 2, "id": "call_b", **function('{"y"', "g")},
        {"index": 1, **function(":1}")},
        {"index": 2, **function(":2}")},
    ],
    "labels with every piece": [
        {"index": 0, "id": "call_a", "type": "function", **function('{"x"', "f")},
        {"index": 0, "id": "call_a", "type": "function", **function(":1}", "f")},
        {"index": 1, "id": "call_b", "type": "function", **function('{"y":2}', "g")},
    ],
    "a new id with every piece": [
        {"index": 0, "id": "call_a", **function('{"x"', "f")},
        {"index": 0, "id": "call_z", **function(":1}")},
        {"index": 1, "id": "call_b", **function('{"y":2}', "g")},
    ],
    "empty ids": [
        {"index": 0, "id": "call_a", **function('{"x"', "f")},
        {"index": 0, "id": "", **function(":1}", "")},
        {"index": 1, "id": "call_b", **function('{"y":2}', "g")},
    ],
    "arguments as an object": [
        {"index": 0, "id": "call_a", "function": {"name": "f", "arguments": {"x": 1}}},
        {"index": 1, "id": "call_b", "function": {"name": "g", "arguments": {"y": 2}}},
    ],
}  # fmt: skip


class TestToolCalls:
    @pytest.mark.parametrize("name", CALLS)
    @pytest.mark.parametrize("mode", ["auto", "always"])
    @pytest.mark.parametrize("stream", [True, False])
    def test_pieces_are_put_together(
        self, serve: Callable[..., Gateway], service: OpenAICompatible, name: str, mode: str, stream: bool
    ) -> None:
        service.plan(TALK, sse(*map(call, CALLS[name]), chunk(None, "stop")))
        with serve(**service.environment(), OPENAI_COMPATIBLE_STREAM=mode).client() as client:
            answer = talk(client, stream=stream)
        if stream:
            *chunks, _ = events(answer.text)
            calls = joined(piece for each in chunks for piece in each["choices"][0]["delta"].get("tool_calls", ()))
            assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
        else:
            calls = said(answer)["tool_calls"]
            assert all("index" not in each for each in calls)
            assert answer.json()["choices"][0]["finish_reason"] == "tool_calls"
        found = [(each["id"], each["function"]["name"], compact(each["function"]["arguments"])) for each in calls]
        assert found == EXPECTED
        assert {each["type"] for each in calls} == {"function"}

    def test_calls_without_ids_get_some(self, client: httpx.Client, service: OpenAICompatible) -> None:
        pieces = [function("{}", "f"), function("{}", "f")]
        service.plan(TALK, sse(*map(call, pieces)), whole({"tool_calls": [function("", "f"), function("", "f")]}))
        for _ in range(2):
            calls = said(talk(client))["tool_calls"]
            assert len({each["id"] for each in calls}) == 2
            assert all(each["id"].startswith("call_") for each in calls)

    @pytest.mark.parametrize("stream", [True, False])
    def test_calls_after_stop_are_returned(self, client: httpx.Client, service: OpenAICompatible, stream: bool) -> None:
        service.plan(TALK, sse(content("I will look."), chunk(None, "stop"), call({"index": 0, **NAMED})))
        assert outcome(client, stream=stream) == ("I will look.", "tool_calls")

    def test_the_sdk_reads_a_whole_call(self, sdk: openai.OpenAI, service: OpenAICompatible) -> None:
        service.plan(TALK, whole({"content": None, "tool_calls": [NAMED]}, "stop"))
        completion = sdk.chat.completions.create(model="parrot", messages=[{"role": "user", "content": "hi"}])
        [choice] = completion.choices
        assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
        assert choice.message.tool_calls
        assert choice.message.tool_calls[0].id == "call_a"


def joined(pieces: Any) -> list[Json]:
    """The calls as openai-python joins them: by index; strings are concatenated."""
    calls: list[Json] = []
    for piece in pieces:
        if piece["index"] == len(calls):
            calls.append({"id": "", "type": "", "function": {"name": "", "arguments": ""}})
        whole_call = calls[piece["index"]]
        whole_call["id"] += piece.get("id", "")
        whole_call["type"] += piece.get("type", "")
        for name, text in piece["function"].items():
            whole_call["function"][name] += text
    return calls


def compact(arguments: str) -> str:
    return json.dumps(json.loads(arguments), separators=(",", ":"))


class TestEmptyResponses:
    @pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
    @pytest.mark.parametrize("stream", [True, False])
    @pytest.mark.parametrize("mode", ["auto", "always", "never"])
    def test_an_empty_response_has_its_reason_and_usage(
        self, serve: Callable[..., Gateway], service: OpenAICompatible, reason: str, stream: bool, mode: str
    ) -> None:
        service.deltas, service.finish_reason = [{"content": ""}], reason
        with serve(**service.environment(), OPENAI_COMPATIBLE_STREAM=mode).client() as client:
            answer = talk(client, stream=stream, stream_options={"include_usage": True} if stream else None)
        if stream:
            assert streamed(answer) == ("", reason)
            assert events(answer.text)[-2]["usage"]["total_tokens"] == 16
        else:
            assert (said(answer)["content"], answer.json()["choices"][0]["finish_reason"]) == ("", reason)
            assert answer.json()["usage"]["total_tokens"] == 16


HALVES = [{"content": "a\ud83d"}, {"content": "\ude00b\ud800"}, {"content": "c"}, {"content": "\ud83d"}]


class TestOddValues:
    @pytest.mark.parametrize("mode", ["auto", "always"])
    @pytest.mark.parametrize("stream", [True, False])
    def test_surrogates_are_joined_or_replaced(
        self, serve: Callable[..., Gateway], service: OpenAICompatible, mode: str, stream: bool
    ) -> None:
        service.plan(TALK, sse(*map(chunk, HALVES), chunk(None, "stop")))
        with serve(**service.environment(), OPENAI_COMPATIBLE_STREAM=mode).client() as client:
            assert outcome(client, stream=stream) == ("a😀b\ufffdc\ufffd", "stop")

    @pytest.mark.parametrize("stream", [True, False])
    def test_surrogates_in_other_fields(self, client: httpx.Client, service: OpenAICompatible, stream: bool) -> None:
        pieces = [{"index": 0, **NAMED, **function('{"x":"\ud83d', "f")}, {"index": 0, **function('\ude00"}')}]
        service.plan(TALK, sse(chunk({"refusal": "no\ud800"}), *map(call, pieces), chunk(None, "stop", note="\udc00")))
        answer = talk(client, stream=stream)
        assert answer.status_code == 200
        assert "\\ud800" not in answer.text
        if not stream:
            assert said(answer)["refusal"] == "no\ufffd"
            assert said(answer)["tool_calls"][0]["function"]["arguments"] == '{"x":"😀"}'
            assert answer.json()["note"] == "\ufffd"

    @pytest.mark.parametrize("stream", [True, False])
    def test_numbers_that_are_none_are_null(
        self, client: httpx.Client, service: OpenAICompatible, stream: bool
    ) -> None:
        text = '"logprobs":{"content":[{"token":"a","logprob":%s}]}}],"usage":{"total_tokens":3,"cost":%s}}'
        delta = '{"choices":[{"index":0,"delta":{"content":"ab"},"finish_reason":"stop",'
        body = f"data: {delta}{text % ('-Infinity', 'NaN')}\n\ndata: {delta}{text % ('1e999', '0.5')}\n\n".encode()
        service.plan(TALK, Reply(200, body, {"content-type": SSE}))
        answer = talk(client, stream=stream)
        assert answer.status_code == 200
        assert "NaN" not in answer.text
        assert "Infinity" not in answer.text

    def test_a_whole_response_with_such_values(self, client: httpx.Client, service: OpenAICompatible) -> None:
        body = (
            '{"choices":[{"message":{"content":"a\\ud83d\\ude00\\ud800b"},"finish_reason":"stop"}],"score":NaN,'
            '"usage":{"total_tokens":NaN,"cost":1e999}}'
        )
        service.plan(TALK, Reply(200, body.encode(), {"content-type": "application/json"}))
        answer = talk(client)
        assert said(answer)["content"] == "a😀\ufffdb"
        assert answer.json()["usage"] == {"total_tokens": None, "cost": None}


FAULTS: tuple[Fault, ...] = (Reply(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}),)


@pytest.mark.parametrize("stream", [True, False])
def test_a_whole_request_tries_the_next_account_too(
    serve: Callable[..., Gateway], service: OpenAICompatible, stream: bool
) -> None:
    accounts = [
        {"id": name, "provider": "openai_compatible", "base_url": f"{service.url}/v1", "key": service.key}
        for name in "ab"
    ]
    service.plan(TALK, *FAULTS)
    with serve(ACCOUNTS=json.dumps(accounts)).client() as client:
        assert outcome(client, stream=stream, messages=HELLO) == ("You said: hello", "stop")
    assert len(sent(service)) == 2
