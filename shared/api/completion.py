"""Chat completions and their chunks, as OpenAI's clients read them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from uuid import uuid4

from shared.api.conversation import ChatCreate
from shared.catalog import Offer
from shared.values import Usage

FIRST_SECONDS = 10.0
"""So long is waited for the first word before the answer begins without one: until then errors have a status."""

DONE = b"data: [DONE]\n\n"


class Completion(NamedTuple):
    """What all parts of one answer have in common."""

    id: str
    created: int
    model: str
    include_usage: bool

    @classmethod
    def of(cls, body: ChatCreate, offer: Offer, now: int, name: str | None = None) -> Completion:
        """`name` is the id of the job behind it, if there is one: with the prefix it is as good as without."""
        usage = bool(body.stream_options.include_usage)
        return cls(f"chatcmpl-{name or uuid4().hex}", now, body.model or offer.model.id, usage)

    def head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def whole(self, message: dict[str, Any], finish_reason: str | None, usage: Usage | None = None) -> dict[str, Any]:
        """The answer in one piece."""
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        return {**self.head("chat.completion"), "choices": [choice], "usage": usage_object(usage)}


def chunk(completion: Completion, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    usage = {"usage": None} if completion.include_usage else {}
    return event({**completion.head("chat.completion.chunk"), "choices": [choice], **usage})


def ending(completion: Completion, finish_reason: str, usage: Usage | None = None) -> bytes:
    """All that follows on the last word. The usage has a chunk of its own, for those alone who asked for it."""
    last = chunk(completion, {}, finish_reason)
    if completion.include_usage:
        last += event({**completion.head("chat.completion.chunk"), "choices": [], "usage": usage_object(usage)})
    return last + DONE


def event(content: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % json.dumps(content, separators=(",", ":")).encode()


def usage_object(usage: Usage | None) -> dict[str, int]:
    """Zeros where the upstream says nothing: clients reckon with numbers."""
    usage = usage or Usage(0, 0)
    total = usage.prompt + usage.completion
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": total}
