"""How a picture is answered for: waiting for it, streaming events, or handing out the job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from shared.api.call import Call, Prefer
from shared.api.errors import error_object
from shared.api.jobs import pending_response
from shared.api.pictures import Order, Picture, Work, address, making
from shared.api.stream import (
    EVENTS,
    HEARTBEAT_SECONDS,
    KEEP_ALIVE,
    Part,
    StreamedResponse,
    encoded,
    length_of,
    primed,
)
from shared.errors import EaselError, ResultLost
from shared.values import Failed, Job, Status, Succeeded

if TYPE_CHECKING:
    from shared.api.wire import ImageGenerate

_FIRST_SECONDS = {True: 10.0, False: HEARTBEAT_SECONDS}
"""How long the head waits for the job's id, by whether the upstream names its job before it is done."""

_NO_PREFERENCE = Prefer(respond_async=False, wait=None)
_NO_USAGE = {
    "input_tokens": 0,
    "output_tokens": 0,
    "total_tokens": 0,
    "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
}


async def answer(call: Call, body: ImageGenerate) -> Response:
    """Make pictures, and answer in the manner that the request asks for."""
    offer = await call.service.catalog.resolve(body.model, "image", inputs=body.takes_inputs)
    request, ignored = body.to_request(offer.model)
    order = Order(offer, request, body.response_format or call.settings.response_format, ignored, event=body.event)
    if body.stream:
        return await _streamed(call, order)
    return await _whole(call, order, call.prefer() if offer.model.asynchronous else _NO_PREFERENCE)


async def _whole(call: Call, order: Order, prefer: Prefer) -> Response:
    """Wait for the pictures, as long as we may or the caller prefers; then 202 with the job where it asked for that."""
    async with making(call, order) as work:
        patience = call.patience() - call.age
        wait = patience if prefer.wait is None else min(prefer.wait, patience)
        status: Status | None = None
        if not prefer.respond_async or prefer.wait:
            status = await work.last_if_wanted(wait)
    if not isinstance(status, Succeeded | Failed) and prefer != _NO_PREFERENCE:
        return pending_response(call, work.job, status, prefer, order.headers)
    pictures = await work.pictures(status)
    with call.service.taken(work.job):
        return await _images_response(call, order, work, pictures)


async def _images_response(call: Call, order: Order, work: Work, pictures: Sequence[Picture]) -> Response:
    async with AsyncExitStack() as opened:
        if order.response_format != "url":
            pictures = await work.open(pictures, opened)
        parts = _images_body(call, order, work, pictures)
        if not call.fits(length_of(parts)):
            return await _images_response(call, _with_links_alone(call, order, work, pictures), work, pictures)
        await opened.enter_async_context(work.owing(Exception))
        return StreamedResponse(
            encoded(parts),
            "application/json",
            headers=order.headers,
            length=length_of(parts),
            resources=opened.pop_all(),
        )


def _with_links_alone(call: Call, order: Order, work: Work, pictures: Sequence[Picture]) -> Order:
    """The order for hosts that the bytes are too much for; not where bytes were asked for, or are all there is."""
    assets = [(picture.asset, picture.media_type) for picture in pictures if picture.asset]
    if order.response_format == "both" and len(assets) == len(pictures):
        return order._replace(response_format="url")
    urls = [call.link(asset, media_type) for asset, media_type in assets]
    message = "The pictures are made, but too large for an answer on this host" + (
        "; fetch them by their links." if urls else "."
    )
    raise ResultLost(message, code="response_too_large", details={"urls": urls} if urls else None, job=work.name)


def _images_body(call: Call, order: Order, work: Work, pictures: Sequence[Picture]) -> list[Part]:
    """An ImagesResponse, in parts."""
    job = work.job
    parts: list[Part] = [b'{"created":%d,"data":[' % job.created]
    for index, picture in enumerate(pictures):
        parts += [b"," if index else b"", b"{", *_picture_members(call, order, work, picture), b"}"]
    tail: dict[str, Any] = {"model": job.model}
    if order.size:
        tail["size"] = order.size
    if len(pictures) < job.asked:
        tail["missing"] = job.asked - len(pictures)
    if work.name:
        tail["job"] = work.name
    return [*parts, b"],", json.dumps(tail)[1:].encode()]


def _picture_members(call: Call, order: Order, work: Work, picture: Picture) -> list[Part]:
    """`url` and `b64_json`, as wanted and as there are: a data URL never stands beside the same in base64."""
    members: list[Part] = []
    if order.response_format == "url" or (order.response_format == "both" and picture.asset):
        members += [b'"url":"', *address(call, picture), b'"']
    if order.response_format != "url" and picture.content is not None:
        members += [b"," if members else b"", b'"b64_json":"', picture.content, b'"']
    if work.revised_prompt:
        members += [f',"revised_prompt":{json.dumps(work.revised_prompt)}'.encode()]
    return members


async def _streamed(call: Call, order: Order) -> Response:
    """Server-sent events. What goes wrong before the first of them is still an answer with a status."""
    events = _events(call, order)
    first = await anext(events)
    return StreamedResponse(primed(first, events), "text/event-stream", headers=order.headers | EVENTS)


async def _events(call: Call, order: Order) -> AsyncGenerator[bytes, None]:
    """The job's id at once, a comment now and then, and an event for each picture or the one error."""
    async with AsyncExitStack() as held:
        start = asyncio.ensure_future(held.enter_async_context(making(call, order)))
        async with aclosing(_progress(call, order, start)) as progress:
            async for parts in progress:
                async for piece in encoded(parts):  # what breaks in the midst of an event cuts the answer
                    yield piece


async def _progress(call: Call, order: Order, start: asyncio.Future[Work]) -> AsyncGenerator[list[Part], None]:
    """The comments and events, each in parts whose files stay open until the next one is asked for."""
    silent = True
    try:
        async with aclosing(_heartbeats(start, _FIRST_SECONDS[order.offer.model.asynchronous])) as heartbeats:
            async for heartbeat in heartbeats:  # of an upstream that answers when it is done
                silent = False
                yield [heartbeat]
        work = await start
        if work.name:
            yield [_announced(order, work.job.created, work.name, in_head=silent and "easel-job" in call.headers)]
            silent = False
        last = asyncio.ensure_future(work.last(call.limit() - call.age))
        async with aclosing(_heartbeats(last)) as heartbeats:
            async for heartbeat in heartbeats:
                yield [heartbeat]
        for index, picture in enumerate(await work.pictures(await last)):
            async with AsyncExitStack() as opened:
                event = await _completed(call, order, work, index, picture, opened)
                silent = False
                yield event
    except EaselError as error:
        if silent:
            raise
        yield [f"event: error\ndata: {json.dumps({'type': 'error', 'error': error_object(error)})}\n\n".encode()]


async def _heartbeats(work: asyncio.Future[Any], pause: float = HEARTBEAT_SECONDS) -> AsyncGenerator[bytes, None]:
    try:
        while not (await asyncio.wait({work}, timeout=pause))[0]:
            yield KEEP_ALIVE
            pause = HEARTBEAT_SECONDS
    finally:
        work.cancel()


def _announced(order: Order, created: int, job: str, *, in_head: bool) -> bytes:
    """A comment that lets the head leave, which names the job; an event if the head cannot or has left before."""
    if in_head:
        return f": job {job}\n\n".encode()
    kind = f"{order.event}.in_progress"
    return f"event: {kind}\ndata: {json.dumps({'type': kind, 'created_at': created, 'job': job})}\n\n".encode()


async def _completed(
    call: Call, order: Order, work: Work, index: int, picture: Picture, opened: AsyncExitStack
) -> list[Part]:
    if order.response_format != "url":
        [picture] = await work.open([picture], opened)
    parts = _picture_members(call, order, work, picture)
    # A host that buffers counts all of the events as one answer.
    if not call.fits(work.job.asked * (length_of(parts) or 0)):
        order = _with_links_alone(call, order, work, [picture])
        return await _completed(call, order, work, index, picture, opened)
    return [
        f'event: {order.event}.completed\ndata: {{"type":"{order.event}.completed",'.encode(),
        *parts,
        b",",
        _event_members(order, work.job, index, picture),
        b"\n\n",
    ]


def _event_members(order: Order, job: Job, index: int, picture: Picture) -> bytes:
    members = {
        "index": index,
        "created_at": job.created,
        "size": order.size or "auto",
        "quality": "auto",
        "background": "auto",
        "output_format": picture.media_type.partition("/")[2],
        "usage": _NO_USAGE,
    }
    return json.dumps(members)[1:].encode()
