"""How a conversation with an image model is answered: with a picture of what was said last, or with its job."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from shared.api.call import Call
from shared.api.completion import FIRST_SECONDS, Completion, chunk, ending, event
from shared.api.errors import error_object
from shared.api.pictures import Order, Picture, Work, address, making
from shared.api.stream import EVENTS, KEEP_ALIVE, Part, StreamedResponse, encoded, length_of, paced, primed
from shared.catalog import Offer
from shared.errors import EaselError, ResultLost
from shared.values import ImageRequest

if TYPE_CHECKING:
    from shared.api.conversation import ChatCreate
    from shared.api.wire import ImageGenerate

_Step: TypeAlias = Work | tuple[Work, list[Picture]]


async def answer(call: Call, body: ChatCreate, offer: Offer, *, order: bool) -> Response:
    """Draw, and answer as the request asks for: with pictures, as a stream, or at once with the job alone."""
    request, ignored = _wish(call, body).to_request(offer.model)
    wanted = Order(offer, request, "url", ignored, owned=False)
    if body.stream:
        events = _events(call, body, wanted)
        first = await anext(events)
        return StreamedResponse(primed(first, events), "text/event-stream", headers=wanted.headers | EVENTS)
    async with making(call, wanted) as work:
        if work.name and (order or not body.wait_for_image):
            return JSONResponse(_receipt(call, body, wanted, work, bare=order), headers=wanted.headers)
        status = await work.last_if_wanted(call.patience() - call.age)
    pictures = await work.pictures(status)
    with call.service.taken(work.job):
        parts = _whole(call, body, wanted, work, pictures)
        _require_room(call, work, parts)
    return StreamedResponse(encoded(parts), "application/json", headers=wanted.headers, length=length_of(parts))


def _wish(call: Call, body: ChatCreate) -> ImageGenerate:
    fields = body.picture_fields()
    if "image" in fields:
        from shared.api.edits import ImageEdit  # text models need neither of the two

        return call.validate(ImageEdit, fields).take(call.fetcher)
    from shared.api.wire import ImageGenerate

    return call.validate(ImageGenerate, fields)


def _receipt(call: Call, body: ChatCreate, order: Order, work: Work, *, bare: bool) -> dict[str, Any]:
    """The job, for who comes back for it: its id alone, or where its picture will be."""
    url = f"{call.base_url}/images?id={work.name}"
    content = work.name if bare else _markdown(url)
    message = {"role": "assistant", "content": content, "task_uuid": work.name}
    completion = _completion(body, order, work)
    return {**completion.whole(message, "stop"), **_proxy_members(order, work, "pending", url)}


def _whole(call: Call, body: ChatCreate, order: Order, work: Work, pictures: Sequence[Picture]) -> list[Part]:
    """The answer with its pictures."""
    completion = _completion(body, order, work)
    message, places = _message(call, body, work, pictures)
    task = {"task_uuid": work.name} if work.name else {}
    members = completion.whole({"role": "assistant", **message, **task}, "stop")
    if work.name and (asset := pictures[0].asset):
        url = call.link(asset, pictures[0].media_type)
        members |= _proxy_members(order, work, "completed", url)
    return _filled(json.dumps(members).encode(), places)


def _message(
    call: Call, body: ChatCreate, work: Work, pictures: Sequence[Picture]
) -> tuple[dict[str, Any], dict[str, list[Part]]]:
    """The members of a message or delta that show the pictures, and what is to be put in the places in it."""
    places = {f"picture-{uuid4().hex}": address(call, picture) for picture in pictures}
    if not body.wants_parts:
        return {"content": "\n\n".join(map(_markdown, places))}, places
    # Some clients lose all pictures but the last chunk's, and others fail where there is no index.
    images = [{"type": "image_url", "index": index, "image_url": {"url": place}} for index, place in enumerate(places)]
    return {"content": work.revised_prompt, "images": images}, places


def _filled(text: bytes, places: Mapping[str, list[Part]]) -> list[Part]:
    parts: list[Part] = []
    for place, content in places.items():
        before, _, text = text.partition(place.encode())
        parts += [before, *content]
    return [*parts, text]


def _proxy_members(order: Order, work: Work, status: str, url: str) -> dict[str, Any]:
    """What clients of the Z-Image, AkashGen and AkashChat proxies read instead of the message."""
    prompt = work.revised_prompt or order.request.prompt
    negative = order.request.negative_prompt if isinstance(order.request, ImageRequest) else ""
    tag = f"<image_generation> jobId='{work.name}' prompt='{prompt}' negative='{negative}'</image_generation>"
    return {
        "task_id": work.name,
        "response": f"{tag}\n{_markdown(url)}",
        "status": status,
        "imageUrl": url,
        "code": 200,
        "data": {"model": order.offer.model.id, "jobId": work.name, "prompt": prompt, "pic": url},
    }


def _markdown(url: str) -> str:
    return f"![Generated Image]({url})"


async def _events(call: Call, body: ChatCreate, order: Order) -> AsyncGenerator[bytes, None]:
    """A chunk with the job's id, a comment now and then, and all pictures in one chunk."""
    begun = False
    try:
        async with aclosing(paced(_steps(call, order), FIRST_SECONDS, math.inf)) as steps:
            async for step in steps:
                if step is None:
                    yield KEEP_ALIVE
                elif isinstance(step, Work):
                    yield chunk(_completion(body, order, step), {"role": "assistant", "content": ""})
                else:
                    async for piece in encoded(_chunks(call, body, order, *step)):
                        yield piece
                begun = True
    except EaselError as error:
        if not begun:
            raise
        yield event({"error": error_object(error)})


async def _steps(call: Call, order: Order) -> AsyncGenerator[_Step, None]:
    async with making(call, order) as work:
        if work.name:
            yield work
        status = await work.last(call.limit() - call.age)
        yield work, await work.pictures(status)


def _chunks(call: Call, body: ChatCreate, order: Order, work: Work, pictures: Sequence[Picture]) -> list[Part]:
    completion = _completion(body, order, work)
    message, places = _message(call, body, work, pictures)
    # openai-python joins the roles of several chunks to one text.
    role = {} if work.name else {"role": "assistant"}
    parts = _filled(chunk(completion, {**role, **message}), places)
    parts.append(ending(completion, "stop"))
    _require_room(call, work, parts)
    return parts


def _completion(body: ChatCreate, order: Order, work: Work) -> Completion:
    return Completion.of(body, order.offer, work.job.created, work.name)


def _require_room(call: Call, work: Work, parts: Sequence[Part]) -> None:
    """Some hosts buffer answers: links always fit, and pictures that have none may not."""
    if not call.fits(length_of(parts)):
        message = "The pictures are made, but too large for an answer on this host."
        raise ResultLost(message, code="response_too_large", job=work.name)
