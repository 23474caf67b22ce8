"""One generation: a validated request, the accepted job, and its images or videos."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from types import TracebackType
from typing import NamedTuple

from shared.api.context import Context
from shared.api.errors import job_header
from shared.api.streaming import ignored_header
from shared.catalog import ResolvedModel
from shared.errors import GenerationFailed, GenerationPending
from shared.job import Job, ResultFile
from shared.jobs.submit import Submission
from shared.json_stream import Base64, Part
from shared.requests import ImageRequest, MediaRequest
from shared.results import Status
from shared.service import Caller, Service


class Image(NamedTuple):
    """A result. `content` is in the response as base64 unless it is None.

    `file` is what a link points to; None if the only copy is in the upstream's response.
    """

    media_type: str
    file: ResultFile | None = None
    content: Part | None = None


class Generation:
    """`async with` submits the request, and counts as one task until the block ends.

    Unless `owned`, the job id alone grants access to the job. `service` and `caller` replace those of the context
    for callers with their own credential. `headers` name the ignored parameters and, once submitted, the job's id and
    whether a retry can be recognized.
    """

    job: Job
    _submitting: AbstractAsyncContextManager[Submission]
    _submission: Submission

    def __init__(
        self,
        context: Context,
        resolved: ResolvedModel,
        request: MediaRequest,
        ignored: Sequence[str] = (),
        *,
        owned: bool = True,
        service: Service | None = None,
        caller: Caller | None = None,
    ) -> None:
        self.context = context
        self.resolved = resolved
        self.request = request
        self.headers = ignored_header(ignored)
        self._owned = owned
        self._service = service or context.service
        self._caller = caller or context.owner
        self._key = context.request_key()

    async def __aenter__(self) -> Generation:
        """Submit, within the whole time limit if the upstream is synchronous, otherwise within the host's."""
        asynchronous = self.resolved.model.asynchronous
        seconds = self.context.host_limit() if asynchronous else self.context.limit()
        left = None if seconds is None else seconds - self.context.age
        self._submitting = self._service.submit(
            self.resolved, self.request, self._caller, self._key, left, owned=self._owned
        )
        self._submission = await self._submitting.__aenter__()
        self.job = self._submission.job
        self.headers |= job_header(self.job.id)
        if not self._submission.recorded:
            self.headers["easel-idempotency"] = "unrecorded"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._submitting.__aexit__(kind, error, trace)

    @property
    def revised_prompt(self) -> str:
        return self._submission.revised_prompt

    @property
    def size(self) -> str | None:
        """The size of the results; None if the upstream may derive it from the inputs."""
        request = self.request
        if isinstance(request, ImageRequest) and request.inputs and not request.size_requested:
            return None
        return str(request.size) if request.size else None

    async def wait(self, seconds: float) -> Status:
        """Poll until the job ends or `seconds` have passed. Returns its last known status."""
        return self._submission.finished or await self._service.wait(self.job, seconds)

    async def images(self, status: Status | None) -> list[Image]:
        """Return the results of a finished job without opening them. Raises GenerationFailed or GenerationPending."""
        try:
            outputs = self._service.outputs(self.job, status)
        except GenerationPending:
            await self.mark_undelivered()
            raise
        files = self._service.files(self.job, outputs)
        inline = [Image(result.media_type, content=result.base64) for result in self._submission.results]
        if self._submission.finished and files:  # the stored copies of the inline results, which need no download
            return [image._replace(file=file) for image, file in zip(inline, files, strict=True)]
        stored = [Image(output.media_type, file) for output, file in zip(outputs, files, strict=True)]
        if images := [*inline, *stored]:
            return images
        raise GenerationFailed("The upstream reports success, but returned nothing.", job=self.job.id or None)

    async def open(self, images: Sequence[Image], resources: AsyncExitStack) -> list[Image]:
        """Open the images before the first byte of the response is sent, so that a failure still sets the status."""
        with self.accepted("The image was generated, but cannot be fetched at the moment: "):
            opened = []
            for image in images:
                if image.file and image.content is None:
                    media = await resources.enter_async_context(await self._service.open(image.file))
                    image = image._replace(media_type=media.media_type, content=media)
                opened.append(image)
            return opened

    def accepted(self, prefix: str = "") -> AbstractContextManager[None]:
        """Raise errors in the block as errors that happened after the upstream accepted the job."""
        return self._service.accepted(self.job, prefix)

    async def mark_undelivered(self) -> None:
        """Record an undelivered response so that a retry of the request returns this job."""
        if self.job.refs:
            await self._service.mark_undelivered(self.job, self._caller, self._key)

    def link(self, image: Image) -> str | Base64:
        """Return the image's URL, or a data URL if there is no file."""
        if image.file:
            return self.context.link(image.file, image.media_type)
        assert image.content is not None
        return Base64(f"data:{image.media_type};base64,", image.content)
