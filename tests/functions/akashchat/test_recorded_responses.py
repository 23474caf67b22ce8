"""Answers that the site's own code gave, word for word, each with what becomes of it here."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx
import openai
import pytest

from tests.emulators.akashchat import WORDS, AkashChat
from tests.emulators.faults import Reply
from tests.functions.akashchat.test_text import HELLO, streamed, text_of
from tests.functions.helpers import assert_error, order, start_job

STREAM = {"content-type": "text/plain; charset=utf-8", "x-vercel-ai-data-stream": "v1"}
JOB = "4dd8277a-a3c0-4cda-ba0e-6f4c7c378fb3"
USAGE = '"usage":{"promptTokens":11,"completionTokens":5}'
NO_USAGE = '"usage":{"promptTokens":null,"completionTokens":null}'
TEXT = r"""f:{"messageId":"msg-GE2Hq6ULf1EgcNDsQV11lEGX"}
0:"Hello"
0:", wörld 中文 😀"
0:"\nquote \" back\\slash"
0:"\ttab 'apos' <b>"
0:" \\n literal"
"""
NO_SUCH_MODEL = (
    "3:\"{'error': '/chat/completions: Invalid model name passed in model=%s. "
    "Call `/v1/models` to view available models for your key.'}\"\n"
)
ENDING = """e:{"finishReason":"stop","usage":{"promptTokens":20,"completionTokens":50},"isContinued":false}
d:{"finishReason":"stop","usage":{"promptTokens":20,"completionTokens":50}}
"""
TAG = (
    "0:\"<image_generation> jobId='69a28159-1557-4f3b-917c-98ae415b6835' prompt='A detailed it\\'s a \"red\" cat\n"
    "second line' negative='blurry'</image_generation>\"\n"
)
STATUS = (
    f'[{{"job_id":"{JOB}","worker_name":"w1","worker_city":"Austin","worker_country":"US","status":"%s",'
    '"result":"%s","worker_gpu":"RTX4090","elapsed_time":1.5,"queue_position":0}]'
)
MODEL: dict[str, Any] = {
    "id": "DeepSeek-V3.2",
    "model_id": "DeepSeek-V3.2",
    "api_id": "DeepSeek-V3.2",
    "name": "DeepSeek V3.2",
    "description": "Well-rounded model with strong capabilities",
    "tier_requirement": "permissionless",
    "available": True,
    "temperature": "0.60",
    "top_p": "0.90",
    "token_limit": 128000,
    "owned_by": None,
    "parameters": "70B",
    "hf_repo": None,
    "deploy_url": "https://console.akash.network/x",
    "display_order": 2,
    "category": None,
    "is_api_available": None,
    "is_chat_available": None,
    "created_at": "2026-11-20T15:08:45.267Z",
}
OLD_MODEL = {
    "id": "DeepSeek-V3.2",
    "name": "DeepSeek V3.2",
    "temperature": 0.7,
    "top_p": 0.95,
    "tokenLimit": 128000,
    "available": True,
    "owned_by": "akash",
}


class Said(NamedTuple):
    """An answer to a conversation, and what a client of ours gets: the finish reason, or a status and a code."""

    body: str
    expected: str | tuple[int, str]
    text: str = "".join(WORDS)


def ended(reason: str, usage: str) -> str:
    return f'e:{{"finishReason":"{reason}",{usage},"isContinued":false}}\nd:{{"finishReason":"{reason}",{usage}}}\n'


SAID = {
    "text": Said(TEXT + ended("stop", USAGE), "stop"),
    "length": Said(TEXT + ended("length", USAGE), "length"),
    "no usage": Said(TEXT + ended("stop", NO_USAGE), "stop"),
    "broken off": Said(TEXT + ended("unknown", NO_USAGE), (424, "generation_failed")),
    "context length": Said(
        '3:"This model\'s maximum context length is 4096 tokens. However, you requested 5000 tokens."\n',
        (400, "context_length_exceeded"),
    ),
    "rate limit": Said(
        '3:"Failed after 3 attempts. Last error: Rate limit reached for requests"\n', (429, "rate_limit_exceeded")
    ),
    "moderation": Said('3:"content blocked by policy"\n', (400, "moderation_blocked")),
    "upstream's key": Said('3:"Invalid API key given"\n', (502, "upstream_failed")),
    "object as text": Said('3:"[object Object]"\n', (502, "upstream_unavailable")),
    "cut off": Said(f'{TEXT}3:"terminated"\n', (424, "upstream_unavailable")),
    "failing": Said('3:"Failed after 3 attempts. Last error: backend exploded"\n', (502, "upstream_unavailable")),
    "unknown model": Said(NO_SUCH_MODEL % "nope", (404, "model_not_found")),
    "no temperature": Said(
        '3:"Invalid argument for parameter temperature: temperature must be a number"\n', (400, "invalid_value")
    ),
    "thinking": Said(
        f'0:"<think>\\nstep one. step two.\\n</think>\\n\\n"\n{TEXT}{ended("stop", USAGE)}',
        "stop",
        f"<think>\nstep one. step two.\n</think>\n\n{''.join(WORDS)}",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_was_said(sdk: openai.OpenAI, akashchat: AkashChat, name: str) -> None:
    body, expected, text = SAID[name]
    akashchat.plan("POST /api/chat", *[Reply(200, body.encode(), STREAM)] * 2)
    if isinstance(expected, str):
        answer = sdk.chat.completions.create(**HELLO)
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == (text, expected)
        assert text_of(streamed(sdk)) == text
        return
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.chat.completions.create(**HELLO)
    assert (caught.value.status_code, caught.value.code) == expected


ORDERS: dict[str, tuple[Reply, int, str]] = {
    "no workers": (
        Reply(
            500,
            {"error": "Error generating image", "message": "Error executing tool generateImage: no workers available"},
        ),
        502,
        "upstream_unavailable",
    ),
    "text": (Reply(200, (TEXT + ended("stop", USAGE)).encode(), STREAM), 400, "no_image_request"),
    "not for this tier": (
        Reply(
            403,
            {
                "error": "Model not available",
                "message": 'The model "AkashGen" is not available for your account tier.',
                "available_models": [{"id": "Meta-Llama-3-3-70B-Instruct", "name": "Llama 3.3 70B"}],
            },
        ),
        404,
        "model_not_found",
    ),
}


IMAGE_FAILURE = "Error executing tool generateImage: "
UNCERTAIN_SUBMITS = {
    "connection dropped": Reply(500, {"error": "Error generating image", "message": IMAGE_FAILURE + "fetch failed"}),
    "terminated": Reply(500, {"error": "Error generating image", "message": IMAGE_FAILURE + "terminated"}),
    "gateway timeout": Reply(
        500, {"error": "Error generating image", "message": IMAGE_FAILURE + "Unexpected token '<', \"<html>\"..."}
    ),
    "older site": Reply(200, (NO_SUCH_MODEL % "AkashGen").encode(), STREAM),
    "error line": Reply(200, b'3:"fetch failed"\n', STREAM),
    "object as text": Reply(200, b'3:"[object Object]"\n', STREAM),
    "internal error": Reply(500, {"error": "Internal server error"}),
    "no job": Reply(200, TAG.replace("69a28159-1557-4f3b-917c-98ae415b6835", "undefined").encode(), STREAM),
}


@pytest.mark.parametrize("name", UNCERTAIN_SUBMITS)
def test_an_image_that_may_have_been_accepted_is_submitted_once(
    sdk: openai.OpenAI, akashchat: AkashChat, name: str
) -> None:
    akashchat.plan("POST /api/chat", UNCERTAIN_SUBMITS[name])
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.with_options(max_retries=2).images.generate(model="AkashGen", prompt="a cat")
    assert (caught.value.status_code, caught.value.code) == (424, "upstream_failed")
    assert "[object Object]" not in caught.value.message
    assert [call.path for call in akashchat.calls].count("/api/chat/") == 1


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_that_was_not_taken(client: httpx.Client, akashchat: AkashChat, name: str) -> None:
    reply, status, code = ORDERS[name]
    akashchat.plan("POST /api/chat", reply)
    answer = order(client, model="AkashGen")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_order_from_its_tag_to_its_picture(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.plan("POST /api/chat", Reply(200, (TAG + ENDING).encode(), STREAM))
    job = start_job(client, model="AkashGen")["id"]
    shown = [
        ("waiting", "", "queued"),
        ("pending", "", "in_progress"),
        ("succeeded", "/api/image/job_4dd8277a_00001_.webp", "completed"),
    ]
    for word, result, state in shown:
        looked = Reply(200, (STATUS % (word, result)).encode(), {"content-type": "text/plain;charset=UTF-8"})
        akashchat.plan("GET /api/image-status", looked)
        assert client.get(f"/v1/jobs/{job}").json()["status"] == state
    assert akashchat.calls[-1].query == "ids=69a28159-1557-4f3b-917c-98ae415b6835"
    akashchat.plan("GET /api/image-status", Reply(404, {"error": "Middleware error: 404"}))
    assert_error(client.get(f"/v1/jobs/{job}"), 404, "not_found")


def test_what_was_made_of_the_prompt(client: httpx.Client, akashchat: AkashChat) -> None:
    akashchat.plan("POST /api/chat", Reply(200, (TAG + ENDING).encode(), STREAM))
    body = {"model": "AkashGen", "messages": [{"role": "user", "content": "a cat"}], "waitForImage": False}
    answer = client.post("/v1/chat/completions", json=body).json()
    assert answer["data"]["prompt"] == 'A detailed it\'s a "red" cat\nsecond line'


@pytest.mark.parametrize("model", [MODEL, OLD_MODEL], ids=["N", "M"])
def test_the_list_of_models(client: httpx.Client, akashchat: AkashChat, model: dict[str, Any]) -> None:
    akashchat.plan("GET /api/models", Reply(200, json.dumps([model, model | {"id": "AkashGen"}])))
    listed = {entry["id"]: entry["kind"] for entry in client.get("/v1/models").json()["data"]}
    assert (listed["DeepSeek-V3.2"], listed["AkashGen"]) == ("chat", "image")


def test_a_session(sdk: openai.OpenAI, akashchat: AkashChat) -> None:
    token = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    cookie = (
        f"session_token={token}; Path=/; Expires=Fri, 20 Nov 2026 16:19:29 GMT; Max-Age=3600; Secure; HttpOnly; "
        "SameSite=strict; Partitioned"
    )
    akashchat.sessions[token] = float("inf")
    akashchat.plan("GET /api/auth/session", Reply(200, {"success": True}, {"set-cookie": cookie}))
    assert text_of(streamed(sdk)) == "".join(WORDS)
    assert akashchat.calls[-1].headers["cookie"] == f"session_token={token}"
