"""The site's line protocol, one part a line: `0:"text"`, `3:"error"`, `d:{"finishReason":...}`.

It is the data stream of Vercel's AI SDK 4. Nothing follows on `d`, and an answer without one was cut off.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

from shared.errors import GenerationFailed, ResultLost
from shared.http import Redaction
from shared.providers.akashchat.errors import error_line
from shared.results import ChatDelta, Usage

_REASONS = {"length": "length", "content-filter": "content_filter", "tool-calls": "tool_calls"}


async def deltas(lines: AsyncIterable[bytes], redaction: Redaction) -> AsyncGenerator[ChatDelta, None]:
    """Yield the text as it arrives. Raises the error that an error line stands for."""
    has_text = False
    async for line in lines:
        code, _, content = line.partition(b":")
        match code:
            case b"0":
                delta = ChatDelta(str(_value(content, redaction)))
                has_text = has_text or bool(delta.text)
                yield delta
            case b"g":
                delta = ChatDelta(reasoning=str(_value(content, redaction)))
                has_text = has_text or bool(delta.reasoning)
                yield delta
            case b"3":
                raise error_line(str(_value(content, redaction)), redaction)
            case b"d":
                end = _end(_value(content, redaction))
                if end.finish_reason == "stop" and not has_text:
                    raise GenerationFailed("The response of chat.akash.network is empty.")
                yield end
                return


def _end(content: Any) -> ChatDelta:
    if not isinstance(content, dict):
        raise _nonsense()
    reason = str(content.get("finishReason"))
    if reason == "error":
        raise GenerationFailed("chat.akash.network ended its answer with an error.")
    return ChatDelta(finish_reason=_REASONS.get(reason, "stop"), usage=_usage(content.get("usage")))


def _usage(usage: Any) -> Usage | None:
    """None where the model behind the site did not count."""
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("promptTokens"), usage.get("completionTokens")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _value(content: bytes, redaction: Redaction) -> Any:
    try:
        return redaction.parse_json(content)
    except (ValueError, RecursionError):
        raise _nonsense() from None


def _nonsense() -> ResultLost:
    return ResultLost("The answer of chat.akash.network has something in it that makes no sense.")
