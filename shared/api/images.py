"""How a picture is answered for: waiting for it, streaming events, or handing out the job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from shared.api.call import Call, Prefer
from shared.api.errors import error_object
from shared.api.jobs import pending_response
from shared.api.stream import Part, StreamedResponse, encoded, length_of
from shared.api.wire import ImageGenerate
from shared.catalog import Offer
from shared.errors import EaselError, GenerationPending, ResultLost
from shared.repeats import Repeat
from shared.settings import ResponseFormat
from shared.values import Asset, Failed, ImageRequest, Job, Media, Output, Status, Succeeded

HEARTBEAT_SECONDS = 5.0
LONGEST_LIST = 1000
"""Characters that `easel-ignored` takes up at most."""

_NO_USAGE = {
    "input_tokens": 0,
    "output_tokens": 0,
    "total_tokens": 0,
    "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
}


class Picture(NamedTuple):
    """A finished picture. `media` is open when its bytes go into the answer."""

    asset: Asset
    media_type: str
    media: Media | None = None


class Order(NamedTuple):
    """A valid request, and how it wants to be answered."""

    offer: Offer
    request: ImageRequest
    response_format: ResponseFormat
    ignored: list[str]

    @property
    def headers(self) -> dict[str, str]:
        return {"cache-control": "no-store", **ignored_header(self.ignored)}


def ignored_header(names: Sequence[str]) -> dict[str, str]:
    """What of a request was left aside. Callers make these names up: they can hold what no header can."""
    ignored = ", ".join(quote(name, safe="[]") for name in names)[:LONGEST_LIST]
    return {"easel-ignored": ignored} if ignored else {}


async def answer(call: Call, body: ImageGenerate) -> Response:
    """Make pictures, and answer in the manner that the request asks for."""
    offer = await call.service.catalog.resolve(body.model, "image")
    request, ignored = body.to_request(offer.model)
    order = Order(offer, request, body.response_format or call.settings.response_format, ignored)
    if body.stream:
        return await _streamed(call, order)
    return await _whole(call, order, call.prefer())


async def _whole(call: Call, order: Order, prefer: Prefer) -> Response:
    """Wait for the pictures, as long as we may or the caller prefers; then 202 with the job where it asked for that."""
    service, repeat = call.service, call.repeat()
    async with service.start(order.offer, order.request, call.owner, repeat, call.host_limit()) as job:
        patience = call.patience() - call.age
        wait = patience if prefer.wait is None else min(prefer.wait, patience)
        status: Status | None = None
        if not prefer.respond_async or prefer.wait:
            async with _owing(call, job, repeat, ClientDisconnect):
                status = await call.while_wanted(service.last(job, wait))
    if not isinstance(status, Succeeded | Failed) and (prefer.respond_async or prefer.wait is not None):
        return pending_response(call, job, status, prefer, order.headers)
    async with _owing(call, job, repeat, GenerationPending):
        outputs = service.outputs(job, status)
    with service.taken(job):
        return await _images_response(call, order, job, outputs, repeat)


@asynccontextmanager
async def _owing(call: Call, job: Job, repeat: Repeat, *causes: type[Exception]) -> AsyncIterator[None]:
    """Where the block ends for one of these causes, the caller has got nothing, and may come again for it."""
    try:
        yield
    except causes:
        await call.service.owe(job, call.owner, repeat)
        raise


async def _images_response(call: Call, order: Order, job: Job, outputs: tuple[Output, ...], repeat: Repeat) -> Response:
    async with AsyncExitStack() as opened:
        pictures = await _pictures(call, job, outputs, opened, with_bytes=order.response_format != "url")
        parts = _images_body(call, order, job, pictures)
        if not call.fits(length_of(parts)) and order.response_format != "url":
            return await _images_response(call, _without_bytes(call, order, job, pictures), job, outputs, repeat)
        await opened.enter_async_context(_owing(call, job, repeat, Exception))
        return StreamedResponse(
            encoded(parts),
            "application/json",
            headers=order.headers,
            length=length_of(parts),
            resources=opened.pop_all(),
        )


def _without_bytes(call: Call, order: Order, job: Job, pictures: Sequence[Picture]) -> Order:
    """The order with links alone, for hosts that the bytes are too much for; not where bytes were asked for."""
    if order.response_format == "b64_json":
        urls = [call.link(picture.asset, picture.media_type) for picture in pictures]
        message = "The pictures are made, but too large for an answer on this host; fetch them by their links."
        name = call.service.tickets.job_id(job)
        raise ResultLost(message, code="response_too_large", details={"urls": urls}, job=name)
    return order._replace(response_format="url")


async def _pictures(
    call: Call, job: Job, outputs: Sequence[Output], opened: AsyncExitStack, *, with_bytes: bool
) -> list[Picture]:
    """The pictures, all of them open before the first byte of the answer: what cannot be had shows here."""
    assets = call.service.assets(job, tuple(outputs))
    if not with_bytes:
        return [Picture(asset, output.media_type) for asset, output in zip(assets, outputs, strict=True)]
    with call.service.taken(job, "The picture is made, but cannot be fetched at the moment: "):
        medias = [await opened.enter_async_context(call.service.open(asset)) for asset in assets]
    return [Picture(asset, media.media_type, media) for asset, media in zip(assets, medias, strict=True)]


def _images_body(call: Call, order: Order, job: Job, pictures: Sequence[Picture]) -> list[Part]:
    """An ImagesResponse, in parts."""
    parts: list[Part] = [b'{"created":%d,"data":[' % job.created]
    for index, picture in enumerate(pictures):
        parts += [b"," if index else b"", b"{", *_picture_parts(call, order.response_format, picture), b"}"]
    missing = {"missing": job.asked - len(pictures)} if len(pictures) < job.asked else {}
    tail = json.dumps(
        {"model": job.model, "size": str(order.request.size), **missing, "job": call.service.tickets.job_id(job)}
    )
    return [*parts, b"],", tail[1:].encode()]


def _picture_parts(call: Call, response_format: ResponseFormat, picture: Picture) -> list[Part]:
    url = f'"url":{json.dumps(call.link(picture.asset, picture.media_type))}'.encode()
    if picture.media is None:
        return [url]
    start = [url, b","] if response_format == "both" else []
    return [*start, b'"b64_json":"', picture.media, b'"']


async def _streamed(call: Call, order: Order) -> Response:
    """Server-sent events. What goes wrong before the upstream has taken the work is still an answer with a status."""
    events = _events(call, order)
    first = await anext(events)
    headers = {**order.headers, "cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}
    return StreamedResponse(_primed(first, events), "text/event-stream", headers=headers)


async def _primed(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


async def _events(call: Call, order: Order) -> AsyncGenerator[bytes, None]:
    """A comment with the job's id at once, a comment now and then, and an event for each picture or the one error."""
    async with call.service.start(order.offer, order.request, call.owner, call.repeat(), call.host_limit()) as job:
        yield f": job {call.service.tickets.job_id(job)}\n\n".encode()
        async with aclosing(_progress(call, order, job)) as progress:
            async for parts in progress:
                async for piece in encoded(parts):  # what breaks in the midst of an event cuts the answer
                    yield piece


async def _progress(call: Call, order: Order, job: Job) -> AsyncGenerator[list[Part], None]:
    """The comments and events that follow, each in parts whose files stay open until the next one is asked for."""
    try:
        last = asyncio.ensure_future(call.service.last(job, call.limit() - call.age))
        async with aclosing(_heartbeats(last)) as heartbeats:
            async for heartbeat in heartbeats:
                yield [heartbeat]
        for index, output in enumerate(call.service.outputs(job, await last)):
            async with AsyncExitStack() as opened:
                yield await _completed(call, order, job, index, output, opened)
    except EaselError as error:
        yield [f"event: error\ndata: {json.dumps({'type': 'error', 'error': error_object(error)})}\n\n".encode()]


async def _heartbeats(work: asyncio.Future[Status]) -> AsyncGenerator[bytes, None]:
    try:
        while not (await asyncio.wait({work}, timeout=HEARTBEAT_SECONDS))[0]:
            yield b": keep-alive\n\n"
    finally:
        work.cancel()


async def _completed(
    call: Call, order: Order, job: Job, index: int, output: Output, opened: AsyncExitStack
) -> list[Part]:
    [picture] = await _pictures(call, job, (output,), opened, with_bytes=order.response_format != "url")
    parts = _picture_parts(call, order.response_format, picture)
    # A host that buffers counts all of the events as one answer.
    if not call.fits(job.asked * (length_of(parts) or 0)) and order.response_format != "url":
        return await _completed(call, _without_bytes(call, order, job, [picture]), job, index, output, opened)
    return [
        b'event: image_generation.completed\ndata: {"type":"image_generation.completed",',
        *parts,
        b",",
        _event_members(order, job, index, picture),
        b"\n\n",
    ]


def _event_members(order: Order, job: Job, index: int, picture: Picture) -> bytes:
    members = {
        "index": index,
        "created_at": job.created,
        "size": str(order.request.size),
        "quality": "auto",
        "background": "auto",
        "output_format": picture.media_type.partition("/")[2],
        "usage": _NO_USAGE,
    }
    return json.dumps(members)[1:].encode()
