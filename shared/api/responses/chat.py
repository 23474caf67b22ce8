"""Chat completions: streamed as chunks, or collected into one object."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from shared.api.context import Context
from shared.api.errors import error_object
from shared.api.json_response import Json, JsonStream
from shared.api.responses.chat_images import chat_images_response
from shared.api.responses.completions import Completion, chunk_object, end_events
from shared.api.streaming import HEARTBEAT, EventStream, event_of, ignored_header, with_heartbeats
from shared.chat.collect import CollectedChat
from shared.errors import EaselError, ResultLost
from shared.results import ChatDelta

if TYPE_CHECKING:
    from shared.api.requests.chat import ChatCreate
    from shared.api.responses.types import ChatCompletion, Usage

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
    whole = completion.of_choices(collected.choices())
    if collected.usage:
        whole["usage"] = cast("Usage", collected.usage)
    return cast("ChatCompletion", {**collected.fields, **whole})


async def _first(events: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(events)


async def _events(
    completion: Completion, deltas: AsyncGenerator[ChatDelta, None], seconds: float
) -> AsyncGenerator[bytes, None]:
    """Yield a chunk for each delta as it arrives, and heartbeats. Errors before the first of them are raised."""
    head_sent = False
    started: set[int] = set()
    usage = None
    try:
        async with aclosing(with_heartbeats(deltas, _FIRST_SECONDS, seconds)) as steps:
            async for delta in steps:
                if delta is None:
                    yield HEARTBEAT
                else:
                    yield b"".join(_chunks(completion, delta, first=delta.choice not in started))
                    started.add(delta.choice)
                    usage = delta.usage or usage
                head_sent = True
        yield b"".join(end_events(completion, usage))
    except (EaselError, TimeoutError) as raised:
        error = raised if isinstance(raised, EaselError) else _timed_out()
        if not head_sent:
            raise error from None
        yield event_of({"error": error_object(error)})


def _chunks(completion: Completion, delta: ChatDelta, *, first: bool) -> Iterator[bytes]:
    if first:
        yield event_of(chunk_object(completion, {"role": "assistant", "content": ""}, index=delta.choice))
    texts = {"content": delta.text, "reasoning_content": delta.reasoning}
    fields = {**{name: text for name, text in texts.items() if text}, **delta.extra}
    if fields or delta.choice_fields or delta.response_fields:
        chunk = chunk_object(completion, fields, index=delta.choice)
        chunk["choices"][0] |= delta.choice_fields
        yield event_of({**delta.response_fields, **chunk})
    if delta.finish_reason:
        yield event_of(chunk_object(completion, {}, delta.finish_reason, delta.choice))


def _timed_out() -> ResultLost:
    return ResultLost("The answer was not finished within the time limit.", code="deadline_exceeded")
