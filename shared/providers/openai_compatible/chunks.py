"""Chat completions as the many services write them that call themselves OpenAI-compatible, chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any

from shared.errors import EaselError, ResultLost
from shared.http import Listening, Redaction
from shared.providers.openai_compatible.failures import error_within, failure
from shared.values import ChatDelta, Usage

_FAREWELL_SECONDS = 5.0
"""So long is waited for the usage when the last word has been said."""

_LINGER_SECONDS = 0.1

_OURS = frozenset({"role", "content", "reasoning", "reasoning_content"})
_OVER = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
"""What `[DONE]` says to those who have not heard it before."""


async def deltas(answer: Listening) -> AsyncGenerator[ChatDelta, None]:
    """The answer to a request with `stream`, which some services give in one piece all the same."""
    if answer.status != 200:
        raise failure(await answer.whole())
    usage: Usage | None = None
    chunks = _chunks(answer)
    async for chunk in chunks:
        choice = _choice(chunk)
        usage = _usage(chunk) or usage
        yield _delta(choice.get("delta") or choice.get("message"))
        if finish_reason := choice.get("finish_reason"):
            yield ChatDelta(
                finish_reason=answer.redaction.quote(str(finish_reason)), usage=await _late_usage(chunks) or usage
            )
            return
    raise ResultLost("The upstream's answer ended before it was finished.")


async def _chunks(answer: Listening) -> AsyncIterator[dict[str, Any]]:
    if "json" in answer.headers.get("content-type", ""):
        yield _object((await answer.whole()).body, answer.redaction)
        return
    events = answer.events()
    async for data in events:
        if data.strip() == b"[DONE]":
            await _hear_out(events)
            yield _OVER
            return
        yield _object(data, answer.redaction)


async def _hear_out(events: AsyncIterator[bytes]) -> None:
    """The end of the answer itself, if it comes at once: a connection that is heard out can be used again."""
    with suppress(EaselError, TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            async for _ in events:
                pass


def _object(data: bytes, redaction: Redaction) -> dict[str, Any]:
    try:
        chunk = redaction.parse_json(data)
    except (ValueError, RecursionError):
        chunk = None
    if not isinstance(chunk, dict):
        raise ResultLost("The upstream's answer has something in it that makes no sense.")
    if chunk.get("error"):
        raise error_within(chunk, redaction)
    return chunk


async def _late_usage(chunks: AsyncIterator[dict[str, Any]]) -> Usage | None:
    """What follows on the finish reason; the answer is whole without it."""
    usage: Usage | None = None
    with suppress(EaselError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            async for chunk in chunks:
                usage = _usage(chunk) or usage
    return usage


def _choice(chunk: dict[str, Any]) -> dict[str, Any]:
    choices = chunk.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _delta(delta: Any) -> ChatDelta:
    if not isinstance(delta, dict):
        return ChatDelta()
    reasoning = delta.get("reasoning_content") or delta.get("reasoning")
    members = {name: value for name, value in delta.items() if name not in _OURS and value not in (None, "", [])}
    return ChatDelta(_text(delta.get("content")), _text(reasoning), members=members)


def _text(content: Any) -> str:
    """A text as it is, or in parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _usage(chunk: dict[str, Any]) -> Usage | None:
    usage = chunk.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return Usage(prompt, completion) if isinstance(prompt, int) and isinstance(completion, int) else None
