"""Provider for Volcengine Ark's official API: Seedance videos as tasks, Seedream images in the response.

Ark keeps tasks for seven days; result links are valid for one day. Ark may charge for every accepted request and has
no idempotency key.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote, urlsplit

from shared.account import Account
from shared.errors import GenerationFailed, Uncertain
from shared.http import Http, Response, json_body, origin_of
from shared.json_stream import Base64
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._json import as_dict, as_id, as_list
from shared.providers._links import is_usable, without_result
from shared.providers.ark.errors import failure, refusal
from shared.providers.ark.links import LONGEST_LINK, RESULT_ORIGINS, is_packed, packed, unpacked
from shared.providers.ark.models import BYTEPLUS_MODELS, MODELS, frames_keep_ratio
from shared.requests import ImageRequest, InputImage, VideoRequest
from shared.results import Failed, Output, Queued, Ref, Running, Status, Submitted, Succeeded

_log = logging.getLogger(__name__)

_IMAGE_SECONDS = 300.0
_BYTEPLUS = ".bytepluses.com/api/v3"
_MEDIA_TYPES = {"mp4": "video/mp4", "png": "image/png"}
"""By file extension, because the storage may send application/octet-stream."""


class Ark:
    """`account.key` is an API key for the base URL's region."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._base = account.base_url
        own = {origin_of(self._base)} if account.elsewhere else set()
        self._origins = {*RESULT_ORIGINS, *own, *account.origins}
        self._models = BYTEPLUS_MODELS if self._base.endswith(_BYTEPLUS) else MODELS
        self._headers = {"Authorization": f"Bearer {account.key}"}

    async def models(self) -> tuple[Model, ...]:
        return self._models

    async def submit(self, request: ImageRequest) -> Submitted:
        sources = [_source(image) for image in request.inputs]
        body = {
            "model": request.model.upstream,
            "prompt": request.prompt,
            # `2K` keeps the aspect ratio of the inputs unless the caller requested a size.
            "size": "2K" if sources and not request.size_requested else str(request.size),
            "response_format": "url",
            "watermark": False,  # Ark's default is true
            **({"seed": request.seed} if request.seed is not None and "seed" in request.model.knobs else {}),
            **({"image": sources} if sources else {}),
            **request.model.settings,
        }
        response = await self._send("images/generations", body, request.model, _IMAGE_SECONDS)
        return Submitted(tuple(packed(link) for link in _images(response)))

    async def submit_video(self, request: VideoRequest) -> Submitted:
        optional = {
            "ratio": "adaptive" if request.first_frame and frames_keep_ratio(request.model) else request.ratio or None,
            "seed": request.seed,
            "camera_fixed": request.camera_fixed,
            "return_last_frame": request.return_last_frame,
            "generate_audio": request.generate_audio,
        }
        body = {
            "model": request.model.upstream,
            "content": [*_content(request)],
            "resolution": request.resolution,
            "duration": request.seconds,
            "watermark": request.watermark or False,
            **{name: value for name, value in optional.items() if value is not None},
            **request.model.settings,
        }
        response = await self._send("contents/generations/tasks", body, request.model)
        task = as_id(as_dict(response.json()).get("id"))
        if not task or is_packed(task):
            raise Uncertain("Ark accepted the request but returned no task id; it may have been charged.")
        return Submitted((task,))

    async def poll(self, ref: Ref) -> Status:
        if is_packed(ref):
            return Succeeded((_output(unpacked(ref), lasting=True),))
        response = await self._http.read("GET", self._task(ref), headers=self._headers)
        if response.status != 200:
            raise refusal(response)
        return _status(response)

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        link = unpacked(output)
        return self._http.download(link, origins=self._origins, byte_range=byte_range, media_type=_media_type(link))

    async def cancel(self, ref: Ref) -> bool:
        return not is_packed(ref) and isinstance(await self.poll(ref), Queued) and await self.delete(ref)

    async def delete(self, ref: Ref) -> bool:
        """Delete a finished task or cancel a queued one; images have no task to delete."""
        if is_packed(ref):
            return False
        response = await self._http.read("DELETE", self._task(ref), headers=self._headers)
        if response.status in (400, 409):
            return False
        if response.status != 200:
            raise refusal(response)
        return True

    def _task(self, ref: Ref) -> str:
        return f"{self._base}/contents/generations/tasks/{quote(ref, safe='')}"

    async def _send(self, path: str, body: dict[str, Any], model: Model, timeout: float = 60.0) -> Response:
        url = f"{self._base}/{path}"
        response = await self._http.send("POST", url, headers=self._headers, body=json_body(body), timeout=timeout)
        if response.status != 200:
            raise refusal(response, model)
        return response


def _content(request: VideoRequest) -> Iterator[dict[str, Any]]:
    """Yield the prompt and its images and videos, with the roles that Ark requires for several images."""
    yield {"type": "text", "text": request.prompt}
    images = [(request.first_frame, "first_frame"), (request.last_frame, "last_frame")]
    images += [(reference, "reference_image") for reference in request.references]
    for image, role in images:
        if image:
            yield {"type": "image_url", "image_url": {"url": _source(image)}, "role": role}
    for url in request.reference_videos:
        yield {"type": "video_url", "video_url": {"url": url}, "role": "reference_video"}


def _source(image: InputImage) -> str | Base64:
    """Return the image's URL or a data URL."""
    return image.url or Base64(f"data:{image.media_type};base64,", image)


def _images(response: Response) -> list[str]:
    """Return the links of the images that succeeded; raise if none did."""
    entries = [as_dict(entry) for entry in as_list(as_dict(response.json()).get("data"))]
    links = [link for entry in entries if (link := _link(entry.get("url")))]
    failed = [error for entry in entries if (error := as_dict(entry.get("error")))]
    if links:
        return links
    if failed:
        raise failure(response, failed[0])
    if any(entry.get("url") for entry in entries):
        raise without_result("Ark")
    raise Uncertain("Ark reported success without an image; check the Ark console before a retry.")


def _status(response: Response) -> Status:
    task = as_dict(response.json())
    match task.get("status"):
        case "queued":
            return Queued()
        case "succeeded":
            return _result(as_dict(task.get("content")))
        case "failed":
            return Failed(failure(response, as_dict(task.get("error"))))
        case "cancelled":
            return Failed(GenerationFailed("The task was cancelled.", code="cancelled"))
        case "expired":
            return Failed(GenerationFailed("The task's time in Ark's queue expired; submit it again."))
        case str(other):
            if other != "running":
                _log.warning("ark: unknown status '%s' counts as running", response.quote(other))
            return Running()
        case _:
            raise response.error("it has no task status")


def _result(content: dict[str, Any]) -> Status:
    video, last_frame = _link(content.get("video_url")), _link(content.get("last_frame_url"))
    if not video:
        return Failed(without_result("Ark"))
    return Succeeded(tuple(_output(link) for link in (video, last_frame) if link))


def _output(link: str, *, lasting: bool = False) -> Output:
    return Output(packed(link), _media_type(link), lasting)


def _media_type(link: str) -> str:
    return _MEDIA_TYPES.get(urlsplit(link).path.rpartition(".")[2].lower(), "image/jpeg")


def _link(value: object) -> str | None:
    """Return a usable link that fits into an id, else None."""
    return value if is_usable(value) and len(value) <= LONGEST_LINK else None
