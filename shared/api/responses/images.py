"""Images in the format of OpenAI's Images API: one object, or one event per image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.api.context import Context
from shared.api.delivery import WAIT, Contents, deliver, deliver_events
from shared.api.errors import error_object
from shared.api.generation import Generation, Image
from shared.api.json_response import Accepted, JsonStream
from shared.api.responses.jobs import pending_response
from shared.api.streaming import EventStream, event_of
from shared.errors import EaselError
from shared.json_stream import Base64, Part, json_parts
from shared.results import Status

if TYPE_CHECKING:
    from shared.api.requests.images import ImageGenerate
    from shared.api.responses.types import ImageObject, Images, JobObject

_NO_USAGE = {
    "input_tokens": 0,
    "output_tokens": 0,
    "total_tokens": 0,
    "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
}


async def images_response(
    context: Context, body: ImageGenerate
) -> JsonStream[Images] | Accepted[JobObject] | EventStream:
    """Generate images, and respond with the images, a stream of events, or the job."""
    resolved = await context.service.catalog.resolve(body.model, "image", inputs=body.takes_inputs)
    request, ignored = body.to_request(resolved.model)
    generation = Generation(context, resolved, request, ignored)
    renderer = OpenAIImages(body.response_format or context.settings.response_format, body.event)
    if body.stream:
        return await deliver_events(generation, renderer)
    return await deliver(generation, renderer, context.prefer() if resolved.model.asynchronous else WAIT)


class OpenAIImages:
    """`event` is the prefix of event types: `image_generation` or `image_edit`."""

    def __init__(self, contents: Contents, event: str) -> None:
        self.contents = contents
        self._event = event

    def pending(self, generation: Generation, status: Status | None) -> Accepted[JobObject]:
        return pending_response(generation, status)

    def whole(self, generation: Generation, images: Sequence[Image], contents: Contents) -> Images:
        job = generation.job
        body: Images = {
            "created": job.created,
            "data": [_image(generation, image, contents) for image in images],
            "model": job.model,
        }
        if generation.size:
            body["size"] = generation.size
        if len(images) < job.requested:
            body["missing"] = job.requested - len(images)
        if job.id:
            body["job"] = job.id
        return body

    def submitted(self, generation: Generation, *, head_sent: bool) -> bytes:
        job = generation.job
        if not head_sent and "easel-job" in generation.headers:
            return f": job {job.id}\n\n".encode()
        kind = f"{self._event}.in_progress"
        return event_of({"type": kind, "created_at": job.created, "job": job.id}, kind)

    def batches(self, images: Sequence[Image]) -> Sequence[Sequence[Image]]:
        return [[image] for image in images]

    def event(self, generation: Generation, index: int, images: Sequence[Image], contents: Contents) -> list[Part]:
        kind = f"{self._event}.completed"
        [image] = images
        content = {
            "type": kind,
            **_image(generation, image, contents),
            "index": index,
            "created_at": generation.job.created,
            "size": generation.size or "auto",
            "quality": "auto",
            "background": "auto",
            "output_format": image.media_type.partition("/")[2],
            "usage": _NO_USAGE,
        }
        return [f"event: {kind}\ndata: ".encode(), *json_parts(content), b"\n\n"]

    def failed(self, error: EaselError) -> bytes:
        return event_of({"type": "error", "error": error_object(error)}, "error")


def _image(generation: Generation, image: Image, contents: Contents) -> ImageObject:
    """Return `url` and `b64_json` as requested; `b64_json` is never accompanied by a data URL."""
    fields: ImageObject = {}
    if contents == "url" or (contents == "both" and image.file):
        fields["url"] = generation.link(image)
    if contents != "url" and image.content is not None:
        fields["b64_json"] = Base64(image.content)
    if generation.revised_prompt:
        fields["revised_prompt"] = generation.revised_prompt
    return fields
