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
    from shared.api.responses.types import ChatCompletion, Choice, Message

DONE = b"data: [DONE]\n\n"


class Completion(NamedTuple):
    """The fields that all chunks of one completion share."""

    id: str
    created: int
    model: str
    include_usage: bool

    @classmethod
    def of(cls, body: ChatCreate, resolved: ResolvedModel, now: int, job: str | None = None) -> Completion:
        """`job` is the job id, if any; job ids are also accepted with the `chatcmpl-` prefix."""
        usage = bool(body.stream_options.include_usage)
        return cls(f"chatcmpl-{job or uuid4().hex}", now, body.model or resolved.model.id, usage)

    def chunk(self) -> dict[str, Any]:
        return {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model}

    def whole(self, message: Message, finish_reason: str) -> ChatCompletion:
        """Return the whole completion with one choice."""
        return self.of_choices([{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}])

    def of_choices(self, choices: list[Choice]) -> ChatCompletion:
        """Return the whole completion without usage, which is absent if unknown."""
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def chunk_object(
    completion: Completion, delta: Mapping[str, Any], finish_reason: str | None = None, index: int = 0
) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    usage = {"usage": None} if completion.include_usage else {}
    return {**completion.chunk(), "choices": [choice], **usage}


def end_events(completion: Completion, usage: Usage | None = None) -> list[bytes]:
    """Return the events after the last finish reason, with a separate usage chunk if requested and known."""
    if completion.include_usage and usage:
        return [event_of({**completion.chunk(), "choices": [], "usage": usage}), DONE]
    return [DONE]
