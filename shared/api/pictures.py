"""Pictures on their way from an order to an answer: started, waited for, opened, and owed where they do not arrive."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from starlette.requests import ClientDisconnect

from shared.api.call import Call
from shared.api.stream import Part, ignored_header
from shared.catalog import Offer
from shared.errors import GenerationFailed, GenerationPending
from shared.repeats import Repeat
from shared.settings import ResponseFormat
from shared.starter import Started
from shared.values import Asset, ImageRequest, Job, MediaRequest, Status


class Order(NamedTuple):
    """A valid request, and how it wants to be answered; `event` is what its events are called.

    Unless it is `owned`, the job's id is all that one needs to see it.
    """

    offer: Offer
    request: MediaRequest
    response_format: ResponseFormat
    ignored: list[str]
    owned: bool = True
    event: str = "image_generation"

    @property
    def size(self) -> str | None:
        """The pictures' size; None where it may be that of the inputs."""
        request = self.request
        if isinstance(request, ImageRequest) and request.inputs and not request.size_asked:
            return None
        return str(request.size) if request.size else None

    @property
    def headers(self) -> dict[str, str]:
        return {"cache-control": "no-store", **ignored_header(self.ignored)}


class Picture(NamedTuple):
    """A finished picture. `content` goes into the answer as base64; None where a link is all that is asked for.

    `asset` is the file that a link leads to; None where the picture came inside of the upstream's answer.
    """

    media_type: str
    asset: Asset | None = None
    content: Part | None = None


@asynccontextmanager
async def making(call: Call, order: Order) -> AsyncIterator[Work]:
    """Have the pictures started, or join an earlier start of them; the block counts as one task.

    An upstream that answers with the pictures themselves gets all the time there is. Others only say that they begin.
    """
    seconds = call.host_limit() if order.offer.model.asynchronous else call.limit()
    repeat = call.repeat()
    left = None if seconds is None else seconds - call.age
    start = call.service.start(order.offer, order.request, call.owner, repeat, left, owned=order.owned)
    async with start as started:
        call.announce(started)
        yield Work(call, repeat, started)


class Work:
    """What an upstream took for this call."""

    def __init__(self, call: Call, repeat: Repeat, started: Started) -> None:
        self._call = call
        self._repeat = repeat
        self._results = started.results
        self._end = started.end
        self.job: Job = started.job
        self.revised_prompt = started.revised_prompt

    @property
    def name(self) -> str | None:
        """The job's id; None where there is nothing to come back to."""
        return self._call.service.name(self.job)

    async def last(self, seconds: float) -> Status:
        """The work's end; or the last that was seen of it when `seconds` were not enough."""
        return self._end or await self._call.service.last(self.job, seconds)

    async def last_if_wanted(self, seconds: float) -> Status:
        """The same, unless the caller leaves, which ends it with ClientDisconnect."""
        async with self.owing(ClientDisconnect):
            return await self._call.while_wanted(self.last(seconds))

    async def pictures(self, status: Status | None) -> list[Picture]:
        """What there is in the end, files not open yet; GenerationFailed or GenerationPending in their place."""
        async with self.owing(GenerationPending):
            outputs = self._call.service.outputs(self.job, status)
        assets = self._call.service.assets(self.job, outputs)
        made = [Picture(made.media_type, content=made.base64) for made in self._results]
        if self._end and assets:  # these same results, which are at hand and need not be fetched
            return [picture._replace(asset=asset) for picture, asset in zip(made, assets, strict=True)]
        files = [Picture(output.media_type, asset) for output, asset in zip(outputs, assets, strict=True)]
        if pictures := [*made, *files]:
            return pictures
        raise GenerationFailed("The upstream says that it is done, but gave nothing.", job=self.name)

    async def open(self, pictures: Sequence[Picture], opened: AsyncExitStack) -> list[Picture]:
        """With their contents. All are open before the first byte of the answer: what cannot be had shows here."""
        with self._call.service.taken(self.job, "The picture is made, but cannot be fetched at the moment: "):
            return [await self._opened(picture, opened) for picture in pictures]

    async def _opened(self, picture: Picture, opened: AsyncExitStack) -> Picture:
        if picture.asset is None or picture.content is not None:
            return picture
        media = await opened.enter_async_context(self._call.service.open(picture.asset))
        return picture._replace(media_type=media.media_type, content=media)

    @asynccontextmanager
    async def owing(self, *causes: type[Exception]) -> AsyncIterator[None]:
        """Where the block ends for one of these causes, the caller has got nothing, and may come again for it."""
        try:
            yield
        except causes:
            if self.job.refs:
                await self._call.service.owe(self.job, self._call.owner, self._repeat)
            raise


def address(call: Call, picture: Picture) -> list[Part]:
    """Where the picture is, as the inside of a JSON string: its link, or a data URL where it has none."""
    if picture.asset is not None:
        return [json.dumps(call.link(picture.asset, picture.media_type))[1:-1].encode()]
    assert picture.content is not None
    return [f"data:{picture.media_type};base64,".encode(), picture.content]
