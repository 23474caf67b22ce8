"""How a conversation is answered: as a stream of chunks, or as the same stream collected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, NamedTuple
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from shared.api.call import Call
from shared.api.collected import Collected
from shared.api.conversation import ChatCreate
from shared.api.errors import error_object
from shared.api.stream import EVENTS, KEEP_ALIVE, StreamedResponse, ignored_header, paced, primed
from shared.errors import EaselError, ResultLost
from shared.values import ChatDelta, Usage

FIRST_SECONDS = 10.0
"""So long is waited for the first word before the answer begins without one: until then errors have a status."""

_DONE = b"data: [DONE]\n\n"


class Completion(NamedTuple):
    """What all parts of one answer have in common."""

    id: str
    created: int
    model: str
    include_usage: bool

    def head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


async def answer(call: Call, body: ChatCreate) -> Response:
    """Go on with the conversation, in the manner that the request asks for."""
    offer = await call.service.catalog.for_chat(body.model)
    request, ignored = body.to_request(offer.model)
    name = f"chatcmpl-{uuid4().hex}"
    include_usage = bool(body.stream_options.include_usage)
    completion = Completion(name, call.service.tickets.now(), body.model or offer.model.id, include_usage)
    deltas = call.service.chat(offer, request, call.owner, call.repeat())
    headers = {"cache-control": "no-store", **ignored_header(ignored)}
    if not body.stream:
        return JSONResponse(await call.while_wanted(_whole(call, completion, deltas)), headers=headers)
    events = _events(completion, deltas, call.limit() - call.age)
    first = await call.while_wanted(_first(events))
    return StreamedResponse(primed(first, events), "text/event-stream", headers=headers | EVENTS)


async def _whole(call: Call, completion: Completion, deltas: AsyncGenerator[ChatDelta, None]) -> dict[str, Any]:
    collected = Collected()
    try:
        async with aclosing(deltas), asyncio.timeout(call.limit() - call.age):
            async for delta in deltas:
                collected.add(delta)
    except TimeoutError:
        raise _too_late() from None
    choice = {
        "index": 0,
        "message": collected.message(),
        "logprobs": None,
        "finish_reason": collected.finish_reason,
    }
    return {**completion.head("chat.completion"), "choices": [choice], "usage": _usage(collected.usage)}


async def _first(events: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(events)


async def _events(
    completion: Completion, deltas: AsyncGenerator[ChatDelta, None], seconds: float
) -> AsyncGenerator[bytes, None]:
    """A chunk for each delta as it comes, a comment now and then. Only what fails before all of them is raised."""
    begun = spoken = False
    try:
        async with aclosing(paced(deltas, FIRST_SECONDS, seconds)) as steps:
            async for delta in steps:
                if delta is None:
                    yield KEEP_ALIVE
                else:
                    yield b"".join(_chunks(completion, delta, first=not spoken))
                    spoken = True
                begun = True
    except (EaselError, TimeoutError) as raised:
        error = raised if isinstance(raised, EaselError) else _too_late()
        if not begun:
            raise error from None
        yield _event({"error": error_object(error)})


def _chunks(completion: Completion, delta: ChatDelta, *, first: bool) -> Iterator[bytes]:
    if first:
        yield _chunk(completion, {"role": "assistant", "content": ""})
    said = {"content": delta.text, "reasoning_content": delta.reasoning}
    if members := {**{name: text for name, text in said.items() if text}, **delta.members}:
        yield _chunk(completion, members)
    if delta.finish_reason:
        yield _chunk(completion, {}, delta.finish_reason)
        if completion.include_usage:
            yield _event({**completion.head("chat.completion.chunk"), "choices": [], "usage": _usage(delta.usage)})
        yield _DONE


def _chunk(completion: Completion, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    usage = {"usage": None} if completion.include_usage else {}
    return _event({**completion.head("chat.completion.chunk"), "choices": [choice], **usage})


def _event(content: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % json.dumps(content, separators=(",", ":")).encode()


def _usage(usage: Usage | None) -> dict[str, int]:
    """Zeros where the upstream says nothing: clients reckon with numbers."""
    prompt, completion = usage or Usage(0, 0)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _too_late() -> ResultLost:
    return ResultLost("The answer was not finished in the time there is for it.", code="deadline_exceeded")
