"""Chat completions: streamed as chunks, or collected into one object."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from shared.api.context import Context
from shared.api.errors import error_object
from shared.api.json_response import Json, JsonStream
from shared.api.responses.chat_images import chat_images_response
from shared.api.responses.completions import Completion, chunk_object, finish_events
from shared.api.streaming import HEARTBEAT, EventStream, event_of, ignored_header, with_heartbeats
from shared.chat.collect import CollectedChat
from shared.errors import EaselError, ResultLost
from shared.results import ChatDelta

if TYPE_CHECKING:
    from shared.api.requests.chat import ChatCreate
    from shared.api.responses.types import ChatCompletion

_FIRST_SECONDS = 10.0
"""Time to first delta before the response head is sent; until then errors set the status."""


async def chat_response(
    context: Context, body: ChatCreate, *, submit_only: bool = False
) -> Json[ChatCompletion] | JsonStream[ChatCompletion] | EventStream:
    """Complete the chat with a text model, or generate images with an image model.

    With `submit_only`, image requests return the job id.
    """
    submit_only = submit_only or body.is_order
    if body.model or not (submit_only or body.speaks_of_pictures):
        resolved = await context.service.catalog.for_chat(body.model)
    else:
        resolved = await context.service.catalog.resolve(None, "image")
    if resolved.model.kind == "image":
        return await chat_images_response(context, body, resolved, submit_only=submit_only)
    request, ignored = body.to_request(resolved.model)
    completion = Completion.of(body, resolved, context.service.ids.now())
    deltas = context.service.chat(resolved, request, context.owner, context.request_key())
    headers = ignored_header(ignored)
    if not body.stream:
        return Json(await context.while_connected(_collected(context, completion, deltas)), headers)
    events = _events(completion, deltas, context.limit() - context.age)
    return EventStream(await context.while_connected(_first(events)), events, headers)


async def _collected(
    context: Context, completion: Completion, deltas: AsyncGenerator[ChatDelta, None]
) -> ChatCompletion:
    collected = CollectedChat()
    try:
        async with aclosing(deltas), asyncio.timeout(context.patience() - context.age):
            async for delta in deltas:
                collected.add(delta)
    except TimeoutError:
        raise _timed_out() from None
    return completion.whole(collected.message(), collected.finish_reason, collected.usage)


async def _first(events: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(events)


async def _events(
    completion: Completion, deltas: AsyncGenerator[ChatDelta, None], seconds: float
) -> AsyncGenerator[bytes, None]:
    """Yield a chunk for each delta as it arrives, and heartbeats. Errors before the first of them are raised."""
    head_sent = started = False
    try:
        async with aclosing(with_heartbeats(deltas, _FIRST_SECONDS, seconds)) as steps:
            async for delta in steps:
                if delta is None:
                    yield HEARTBEAT
                else:
                    yield b"".join(_chunks(completion, delta, first=not started))
                    started = True
                head_sent = True
    except (EaselError, TimeoutError) as raised:
        error = raised if isinstance(raised, EaselError) else _timed_out()
        if not head_sent:
            raise error from None
        yield event_of({"error": error_object(error)})


def _chunks(completion: Completion, delta: ChatDelta, *, first: bool) -> Iterator[bytes]:
    if first:
        yield event_of(chunk_object(completion, {"role": "assistant", "content": ""}))
    texts = {"content": delta.text, "reasoning_content": delta.reasoning}
    if fields := {**{name: text for name, text in texts.items() if text}, **delta.extra}:
        yield event_of(chunk_object(completion, fields))
    if delta.finish_reason:
        yield from finish_events(completion, delta.finish_reason, delta.usage)


def _timed_out() -> ResultLost:
    return ResultLost("The answer was not finished within the time limit.", code="deadline_exceeded")
