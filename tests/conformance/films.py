"""A provider's videos under the protocol of pictures, so that the promises about jobs are held against them too."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers import MediaProvider, VideoProvider
from shared.requests import ImageRequest, VideoRequest
from shared.results import Finished, Ref, Status, Submitted


class Pictures:
    """A provider's pictures alone, where it has videos beside them."""

    def __init__(self, provider: MediaProvider) -> None:
        self._provider = provider

    async def models(self) -> tuple[Model, ...]:
        return tuple(model for model in await self._provider.models() if model.kind == "image")

    async def submit(self, request: ImageRequest) -> Submitted | Finished:
        return await self._provider.submit(request)

    async def poll(self, ref: Ref) -> Status:
        return await self._provider.poll(ref)

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._provider.open(output, byte_range)


class Films(Pictures):
    """Only what has to be translated is; whoever wants the rest has the provider itself.

    `models` are those to be seen, where others are made in another way.
    """

    def __init__(self, provider: MediaProvider, *models: Model) -> None:
        super().__init__(provider)
        self._models = models

    async def models(self) -> tuple[Model, ...]:
        return self._models or tuple(model for model in await self._provider.models() if model.kind == "video")

    async def submit(self, request: ImageRequest) -> Submitted | Finished:
        model = request.model
        assert isinstance(self._provider, VideoProvider)
        return await self._provider.submit_video(
            VideoRequest(model, request.prompt, model.seconds[0], model.resolutions[0], seed=request.seed)
        )
