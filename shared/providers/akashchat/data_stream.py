"""Parse the site's line protocol, one part per line: `0:"text"`, `3:"error"`, `d:{"finishReason":...}`.

This is the data stream protocol of Vercel's AI SDK 4. `d` is the last line; a response without it is incomplete.
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
    """Yield text as it arrives; raise the error of an error line."""
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
        raise _malformed()
    reason = str(content.get("finishReason"))
    if reason == "error":
        raise GenerationFailed(
            "chat.akash.network ended its response with an error; try again or choose another model."
        )
    usage = _usage(content.get("usage"))
    if reason == "unknown" and usage is None:  # sent when the model behind the site breaks off
        raise GenerationFailed("The model stopped before its response was complete; try again.")
    return ChatDelta(finish_reason=_REASONS.get(reason, "stop"), usage=usage)


def _usage(usage: Any) -> Usage | None:
    """Return the usage, None if the site did not report it."""
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
        raise _malformed() from None


def _malformed() -> ResultLost:
    return ResultLost("chat.akash.network sent a malformed response.")
