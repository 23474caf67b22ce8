"""Chat completions and their chunks in OpenAI's format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from shared.api.requests.chat import ChatCreate
from shared.api.streaming import event_of
from shared.catalog import ResolvedModel
from shared.results import Usage

if TYPE_CHECKING:
    from shared.api.responses.types import ChatCompletion, Message
    from shared.api.responses.types import Usage as UsageObject

DONE = b"data: [DONE]\n\n"


class Completion(NamedTuple):
    """The fields that all chunks of one completion share."""

    id: str
    created: int
    model: str
    include_usage: bool

    @classmethod
    def of(cls, body: ChatCreate, offer: ResolvedModel, now: int, name: str | None = None) -> Completion:
        """`name` is the job id, if any; job ids are also accepted with the `chatcmpl-` prefix."""
        usage = bool(body.stream_options.include_usage)
        return cls(f"chatcmpl-{name or uuid4().hex}", now, body.model or offer.model.id, usage)

    def chunk(self) -> dict[str, Any]:
        return {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model}

    def whole(self, message: Message, finish_reason: str | None, usage: Usage | None = None) -> ChatCompletion:
        """Return the whole completion."""
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
            "usage": usage_object(usage),
        }


def chunk_object(completion: Completion, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    usage = {"usage": None} if completion.include_usage else {}
    return {**completion.chunk(), "choices": [choice], **usage}


def finish_events(completion: Completion, finish_reason: str, usage: Usage | None = None) -> list[bytes]:
    """Return the events after the last delta, with a separate usage chunk if requested."""
    last = [event_of(chunk_object(completion, {}, finish_reason))]
    if completion.include_usage:
        head = completion.chunk()
        last.append(event_of({**head, "choices": [], "usage": usage_object(usage)}))
    return [*last, DONE]


def usage_object(usage: Usage | None) -> UsageObject:
    """Return the usage, with zeros for unknown counts because clients require numbers."""
    usage = usage or Usage(0, 0)
    total = usage.prompt + usage.completion
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": total}
