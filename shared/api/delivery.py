"""Deliver generations: handle Prefer, deadlines, heartbeats, disconnects and undelivered responses.

A `Renderer` formats the response; each client API has one.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import Literal, Protocol, TypeAlias, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from shared.api.context import Prefer
from shared.api.generation import Generation, Image
from shared.api.json_response import JsonStream
from shared.api.streaming import HEARTBEAT, HEARTBEAT_SECONDS, EventStream, with_heartbeats
from shared.errors import EaselError, ResultLost
from shared.json_stream import Part, encode, length_of
from shared.results import Failed, Status, Succeeded

Contents: TypeAlias = Literal["url", "b64_json", "both"]
"""`url` returns links, `b64_json` embeds the files, `both` does both, or links alone if the files do not fit."""

Whole = TypeVar("Whole", covariant=True)
Pending = TypeVar("Pending", bound=Response, covariant=True)

WAIT = Prefer(respond_async=False, wait=None)
"""Wait for the results."""

SUBMIT = Prefer(respond_async=True, wait=None)
"""Respond with the job once it is submitted."""

_FIRST_SECONDS = 10.0
"""How long the response head waits for the job id, which is one of its headers."""


class Renderer(Protocol[Whole, Pending]):
    """How one API presents a generation: as typed objects whose leaves may be files (`Base64`)."""

    @property
    def contents(self) -> Contents:
        """Whether images are links, part of the response, or both."""

    def pending(self, generation: Generation, status: Status | None) -> Pending:
        """Return the job for a client that polls, with its last status if known."""

    def whole(self, generation: Generation, images: Sequence[Image], contents: Contents) -> Whole:
        """Return all results in one object."""


class EventRenderer(Protocol):
    """How one API presents a generation as a stream of events."""

    @property
    def contents(self) -> Contents:
        """Whether images are links, part of the events, or both."""

    def submitted(self, generation: Generation, *, head_sent: bool) -> bytes:
        """Return the event or comment with the job id; unless `head_sent`, a header has it, too."""

    def batches(self, images: Sequence[Image]) -> Sequence[Sequence[Image]]:
        """Split the images into one batch per event."""

    def event(self, generation: Generation, index: int, images: Sequence[Image], contents: Contents) -> list[Part]:
        """Return the event for the batch of images at this index."""

    def failed(self, error: EaselError) -> bytes:
        """Return the event that ends the stream with an error."""


async def deliver(
    generation: Generation, renderer: Renderer[Whole, Pending], prefer: Prefer = WAIT
) -> JsonStream[Whole] | Pending:
    """Submit, wait, and respond with the results or, if the client prefers that, with the job."""
    async with generation:
        status = await _wait(generation, prefer)
    if prefer != WAIT and generation.job.id and not isinstance(status, Succeeded | Failed):
        return renderer.pending(generation, status)
    images = await generation.images(status)
    with generation.accepted():
        return await _whole(generation, renderer, images)


async def deliver_events(generation: Generation, renderer: EventRenderer) -> EventStream:
    """Submit, and respond with events as results become ready."""
    events = _encoded(_events(generation, renderer))
    first = await anext(events)  # an error before it still sets the status
    return EventStream(first, events, generation.headers)


async def _wait(generation: Generation, prefer: Prefer) -> Status | None:
    """Wait as long as the client prefers and time limits allow, unless it disconnects."""
    if generation.job.id and prefer.respond_async and not prefer.wait:
        return None
    context = generation.context
    seconds = context.patience() - context.age
    if prefer.wait is not None:
        seconds = min(prefer.wait, seconds)
    try:
        return await context.while_connected(generation.wait(seconds))
    except ClientDisconnect:
        await generation.mark_undelivered()
        raise


async def _whole(
    generation: Generation, renderer: Renderer[Whole, Pending], images: Sequence[Image]
) -> JsonStream[Whole]:
    fits = generation.context.fits
    async with AsyncExitStack() as resources:
        opened = images if renderer.contents == "url" else await generation.open(images, resources)
        response = JsonStream(renderer.whole(generation, opened, renderer.contents), generation.headers)
        if fits(response.length):
            resources.push_async_exit(_Undelivered(generation))
            response.resources = resources.pop_all()
            return response
    _require_links(generation, renderer.contents, images)
    response = JsonStream(renderer.whole(generation, images, "url"), generation.headers)
    if not fits(response.length):
        raise _too_large(generation, images)
    return response


class _Undelivered:
    """Marks the generation as undelivered if sending its response fails."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            await self._generation.mark_undelivered()


async def _encoded(events: AsyncGenerator[Sequence[Part], None]) -> AsyncGenerator[bytes, None]:
    """Encode the events. A failure within one aborts the response, so that it never looks complete."""
    async with aclosing(events):
        async for event in events:
            async for piece in encode(event):
                yield piece


async def _events(generation: Generation, renderer: EventRenderer) -> AsyncGenerator[Sequence[Part], None]:
    """Yield the job id, heartbeats, and an event for each batch of images or for the error."""
    head_sent = False
    first = _FIRST_SECONDS if generation.resolved.model.asynchronous else HEARTBEAT_SECONDS
    try:
        async with aclosing(with_heartbeats(_steps(generation, renderer), first, math.inf)) as steps:
            async for step in steps:
                event = [HEARTBEAT] if step is None else step
                if step == _SUBMITTED:
                    event = [renderer.submitted(generation, head_sent=head_sent)]
                head_sent = True
                yield event
    except EaselError as error:
        if not head_sent:
            raise
        yield [renderer.failed(error)]


_SUBMITTED: Sequence[Part] = ()


async def _steps(generation: Generation, renderer: EventRenderer) -> AsyncGenerator[Sequence[Part], None]:
    context = generation.context
    async with generation:
        if generation.job.id:
            yield _SUBMITTED
        images = await generation.images(await generation.wait(context.limit() - context.age))
    batches = renderer.batches(images)
    for index, batch in enumerate(batches):
        async with AsyncExitStack() as resources:
            opened = batch if renderer.contents == "url" else await generation.open(batch, resources)
            event = renderer.event(generation, index, opened, renderer.contents)
            # A host that buffers counts all events as one response.
            if not context.fits(len(batches) * (length_of(event) or 0)):
                _require_links(generation, renderer.contents, batch)
                event = renderer.event(generation, index, batch, "url")
            yield event


def _require_links(generation: Generation, contents: Contents, images: Sequence[Image]) -> None:
    """Raise ResultLost unless links can replace images that are too large for the host."""
    if contents != "both" or not all(image.file for image in images):
        raise _too_large(generation, images)


def _too_large(generation: Generation, images: Sequence[Image]) -> ResultLost:
    urls = [generation.context.link(image.file, image.media_type) for image in images if image.file]
    cure = "; fetch them by their links." if urls else "."
    return ResultLost(
        f"The images were generated, but are too large for a response on this host{cure}",
        code="response_too_large",
        details={"urls": urls} if urls else None,
        job=generation.job.id or None,
    )
