"""Images in chat completions: in the message, in one chunk of a stream, or as a pending job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.api.context import Context
from shared.api.delivery import SUBMIT, WAIT, Contents, deliver, deliver_events
from shared.api.errors import error_object
from shared.api.generation import Generation, Image
from shared.api.json_response import Json, JsonStream
from shared.api.responses.completions import Completion, chunk_object, end_events
from shared.api.streaming import EventStream, event_of
from shared.catalog import ResolvedModel
from shared.errors import EaselError
from shared.json_stream import Base64, Part, json_parts
from shared.requests import ImageRequest
from shared.results import Status

if TYPE_CHECKING:
    from shared.api.requests.chat import ChatCreate
    from shared.api.requests.images import ImageGenerate
    from shared.api.responses.types import ChatCompletion, ImagePart, Message, Shown


async def chat_images_response(
    context: Context, body: ChatCreate, resolved: ResolvedModel, *, submit_only: bool
) -> JsonStream[ChatCompletion] | Json[ChatCompletion] | EventStream:
    """Generate images from the last message, and respond with them, with chunks, or with the job."""
    request, ignored = (await _image_body(context, body)).to_request(resolved.model)
    generation = Generation(context, resolved, request, ignored, owned=False)
    renderer = ChatImages(body, submit_only=submit_only)
    if body.stream:
        return await deliver_events(generation, renderer)
    return await deliver(generation, renderer, SUBMIT if submit_only or not body.wait_for_image else WAIT)


async def _image_body(context: Context, body: ChatCreate) -> ImageGenerate:
    fields = body.picture_fields()
    if "image" in fields:
        from shared.api.requests.image_edits import ImageEdit  # text models do not need this import

        return await context.validate(ImageEdit, fields).take(context.fetcher)
    from shared.api.requests.images import ImageGenerate

    return context.validate(ImageGenerate, fields)


class ChatImages:
    """Links as Markdown in the text, or as `images` of the message if the request asks for that modality.

    With `submit_only` the content of a pending completion is the job's id alone.
    """

    contents: Contents = "url"

    def __init__(self, body: ChatCreate, *, submit_only: bool) -> None:
        self._body = body
        self._submit_only = submit_only

    def pending(self, generation: Generation, status: Status | None) -> Json[ChatCompletion]:
        job = generation.job
        url = f"{generation.context.base_url}/images?id={job.id}"
        content = job.id if self._submit_only else _markdown(url)
        message: Message = {"role": "assistant", "content": content, "task_uuid": job.id}
        completion = self._completion(generation).whole(message, "stop")
        return Json(_with_proxy_fields(completion, generation, "pending", url), generation.headers)

    def whole(self, generation: Generation, images: Sequence[Image], contents: Contents) -> ChatCompletion:
        job = generation.job
        shown = self._shown(generation, images)
        message: Message = {"role": "assistant", "content": shown["content"]}
        if "images" in shown:
            message["images"] = shown["images"]
        if job.id:
            message["task_uuid"] = job.id
        completion = self._completion(generation).whole(message, "stop")
        if job.id and images[0].file:
            url = generation.context.link(images[0].file, images[0].media_type)
            return _with_proxy_fields(completion, generation, "completed", url)
        return completion

    def submitted(self, generation: Generation, *, head_sent: bool) -> bytes:
        """Return the first chunk, whose id contains the job id."""
        return event_of(chunk_object(self._completion(generation), {"role": "assistant", "content": ""}))

    def batches(self, images: Sequence[Image]) -> Sequence[Sequence[Image]]:
        return [images]

    def event(self, generation: Generation, index: int, images: Sequence[Image], contents: Contents) -> list[Part]:
        completion = self._completion(generation)
        # openai-python concatenates the roles of several chunks.
        role = {} if generation.job.id else {"role": "assistant"}
        delta = {**role, **self._shown(generation, images)}
        chunk = [b"data: ", *json_parts(chunk_object(completion, delta)), b"\n\n"]
        return [*chunk, event_of(chunk_object(completion, {}, "stop")), *end_events(completion)]

    def failed(self, error: EaselError) -> bytes:
        return event_of({"error": error_object(error)})

    def _completion(self, generation: Generation) -> Completion:
        return Completion.of(self._body, generation.resolved, generation.job.created, generation.job.id)

    def _shown(self, generation: Generation, images: Sequence[Image]) -> Shown:
        """Return the fields of a message or delta that contain the images."""
        links = [generation.link(image) for image in images]
        if not self._body.wants_parts:
            return {"content": _joined_markdown(links)}
        # Some clients keep only the last chunk's images, and others require an index.
        parts: list[ImagePart] = [
            {"type": "image_url", "index": index, "image_url": {"url": link}} for index, link in enumerate(links)
        ]
        return {"content": generation.revised_prompt, "images": parts}


def _joined_markdown(links: Sequence[str | Base64]) -> str | Base64:
    """Return Markdown that shows the images, separated by blank lines."""
    pieces: list[str | Part] = []
    for index, link in enumerate(links):
        pieces += [
            "\n\n" if index else "",
            "![Generated Image](",
            *([link] if isinstance(link, str) else link.pieces),
            ")",
        ]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return "".join(texts) if len(texts) == len(pieces) else Base64(*pieces)


def _markdown(url: str) -> str:
    return f"![Generated Image]({url})"


def _with_proxy_fields(completion: ChatCompletion, generation: Generation, status: str, url: str) -> ChatCompletion:
    """Add the fields that clients of the Z-Image, AkashGen and AkashChat proxies read instead of the message."""
    job, request = generation.job, generation.request
    prompt = generation.revised_prompt or request.prompt
    negative = request.negative_prompt if isinstance(request, ImageRequest) else ""
    tag = f"<image_generation> jobId='{job.id}' prompt='{prompt}' negative='{negative}'</image_generation>"
    completion["task_id"] = job.id
    completion["response"] = f"{tag}\n{_markdown(url)}"
    completion["status"] = status
    completion["imageUrl"] = url
    completion["code"] = 200
    completion["data"] = {"model": generation.resolved.model.id, "jobId": job.id, "prompt": prompt, "pic": url}
    return completion
