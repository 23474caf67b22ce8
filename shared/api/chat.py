"""How a conversation is answered: as a stream of chunks, or as the same stream collected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from shared.api import drawing
from shared.api.call import Call
from shared.api.collected import Collected
from shared.api.completion import FIRST_SECONDS, Completion, chunk, ending, event
from shared.api.errors import error_object
from shared.api.stream import EVENTS, KEEP_ALIVE, StreamedResponse, ignored_header, paced, primed
from shared.errors import EaselError, ResultLost
from shared.values import ChatDelta

if TYPE_CHECKING:
    from shared.api.conversation import ChatCreate


async def answer(call: Call, body: ChatCreate, *, order: bool = False) -> Response:
    """Go on with the conversation, in the manner that the request asks for.

    An `order` of a picture is answered with the job's id, at once.
    """
    order = order or body.is_order
    if body.model or not (order or body.speaks_of_pictures):
        offer = await call.service.catalog.for_chat(body.model)
    else:
        offer = await call.service.catalog.resolve(None, "image")
    if offer.model.kind == "image":
        return await drawing.answer(call, body, offer, order=order)
    request, ignored = body.to_request(offer.model)
    completion = Completion.of(body, offer, call.service.tickets.now())
    deltas = call.service.chat(offer, request, call.owner, call.repeat())
    headers = ignored_header(ignored)
    if not body.stream:
        return JSONResponse(await call.while_wanted(_whole(call, completion, deltas)), headers=headers)
    events = _events(completion, deltas, call.limit() - call.age)
    first = await call.while_wanted(_first(events))
    return StreamedResponse(primed(first, events), "text/event-stream", headers=headers | EVENTS)


async def _whole(call: Call, completion: Completion, deltas: AsyncGenerator[ChatDelta, None]) -> dict[str, Any]:
    collected = Collected()
    try:
        async with aclosing(deltas), asyncio.timeout(call.patience() - call.age):
            async for delta in deltas:
                collected.add(delta)
    except TimeoutError:
        raise _too_late() from None
    return completion.whole(collected.message(), collected.finish_reason, collected.usage)


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
        yield event({"error": error_object(error)})


def _chunks(completion: Completion, delta: ChatDelta, *, first: bool) -> Iterator[bytes]:
    if first:
        yield chunk(completion, {"role": "assistant", "content": ""})
    said = {"content": delta.text, "reasoning_content": delta.reasoning}
    if members := {**{name: text for name, text in said.items() if text}, **delta.members}:
        yield chunk(completion, members)
    if delta.finish_reason:
        yield ending(completion, delta.finish_reason, delta.usage)


def _too_late() -> ResultLost:
    return ResultLost("The answer was not finished in the time there is for it.", code="deadline_exceeded")
