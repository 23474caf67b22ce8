"""Gemini through Google's API with a key: images inline in the response, videos as background jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from urllib.parse import quote

from shared.account import Account
from shared.errors import BadRequest, EaselError, NotFound, Unavailable, Uncertain
from shared.http import Http, Response, json_body
from shared.json_stream import Base64
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._base64 import media
from shared.providers._inputs import media_type_of
from shared.providers._json import as_dict
from shared.providers.gemini import interactions, operations
from shared.providers.gemini.errors import file_refusal, job_refusal, poll_failure, refusal
from shared.providers.gemini.models import BUILT_IN, DECLINED, image_config, is_veo, listed_models
from shared.providers.gemini.response import images_of
from shared.providers.gemini.results import FileLinks, interaction_of, unready_status
from shared.requests import ImageRequest, VideoRequest
from shared.results import Finished, Ref, Status, Submitted, Succeeded

_log = logging.getLogger(__name__)

_IMAGE_SECONDS = 300.0
_LIST_SECONDS = 3.0
_LIST_FRESH, _LIST_FAILED = 3600.0, 60.0
"""Seconds until the model list is fetched again, after a success and after a failure."""


class Gemini:
    """`account.key` is a Google AI Studio API key."""

    declined: ClassVar[Mapping[str, str]] = DECLINED

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._api = f"{account.base_url}/v1beta"
        self._headers = {"x-goog-api-key": account.key}
        self._links = FileLinks(account)
        self._models = BUILT_IN
        self._list_due = 0.0

    async def models(self) -> tuple[Model, ...]:
        """Return the built-in models Google still lists, plus new ones. Google's list is cached for an hour."""
        if time.monotonic() >= self._list_due:
            self._list_due = time.monotonic() + _LIST_FAILED
            try:
                async with asyncio.timeout(_LIST_SECONDS):
                    self._models = listed_models(await self._methods())
                self._list_due += _LIST_FRESH
            except (EaselError, TimeoutError) as error:
                _log.warning(
                    "gemini: the model list could not be fetched: %s", getattr(error, "message", "no response")
                )
        return self._models

    async def submit(self, request: ImageRequest) -> Finished:
        """Generate one image, or as many as the model returns: the API has no count parameter."""
        inline = [
            {"inlineData": {"mimeType": await media_type_of(image), "data": Base64(image)}} for image in request.inputs
        ]
        upstream = request.model.upstream
        keeps_ratio = bool(request.inputs) and not request.size_requested
        content = {
            "contents": [{"role": "user", "parts": [{"text": request.prompt}, *inline]}],
            "generationConfig": {
                "responseModalities": ["TEXT", "IMAGE"],
                "imageConfig": image_config(upstream, request.size, with_ratio=not keeps_ratio),
            },
        }
        return Finished(images_of(await self._send(f"{_model(upstream)}:generateContent", content, _IMAGE_SECONDS)))

    async def submit_video(self, request: VideoRequest) -> Submitted:
        upstream = request.model.upstream
        if is_veo(upstream):
            response = await self._send(
                f"{_model(upstream)}:predictLongRunning", await operations.request_body(request)
            )
            ref = operations.ref_of(as_dict(response.json()).get("name"))
        else:
            response = await self._send("interactions", await interactions.request_body(request))
            ref = interactions.ref_of(as_dict(response.json()).get("id"))
        if not ref:
            raise Uncertain("Gemini accepted the request but returned no id; it may have been billed.")
        return Submitted((ref,))

    async def poll(self, ref: Ref) -> Status:
        operation = operations.name_of(ref)
        response = await self._read("GET", operation or _interaction(ref))
        if response.status != 200:
            return poll_failure(response)
        if operation:
            return await self._once_ready(operations.status_of(response, self._links))
        return await self._once_ready(interactions.status_of(response, ref, self._links))

    @asynccontextmanager
    async def open(self, output: Ref, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        if interaction := interaction_of(output):
            yield await self._inline(interaction, byte_range)
            return
        links, link = self._links, self._links.link(output)
        stream = self._http.download(
            link,
            origins=links.origins,
            byte_range=byte_range,
            headers=self._headers,
            headers_for={links.key_for},
            media_type="video/mp4",
        )
        async with stream as opened:
            yield opened

    async def cancel(self, ref: Ref) -> bool:
        """Cancel an unfinished interaction; operations cannot be cancelled."""
        if operations.name_of(ref):
            return False
        response = await self._read("POST", f"{_interaction(ref)}/cancel")
        return _succeeded(response) and not interactions.has_ended(response)

    async def delete(self, ref: Ref) -> bool:
        """Delete a finished interaction; cancel an unfinished one and keep its record. Operations cannot be deleted."""
        if operations.name_of(ref):
            return False
        return await self.cancel(ref) or _succeeded(await self._read("DELETE", _interaction(ref)))

    async def _once_ready(self, status: Status) -> Status:
        """Return `status`, or the file's own if the job has succeeded but its file is not ready yet."""
        file = self._links.file(status.outputs[0].ref) if isinstance(status, Succeeded) else None
        if not file:
            return status
        response = await self._http.read("GET", file, headers=self._headers)
        if response.status != 200:
            raise file_refusal(response)
        return unready_status(response) or status

    async def _inline(self, interaction: Ref, byte_range: ByteRange | None) -> Media:
        response = await self._read("GET", _interaction(interaction))
        video = interactions.inline_video(response) if response.status == 200 else None
        if video is None:
            raise NotFound("The video no longer exists at Gemini.", param="id")
        return media(video, byte_range)

    async def _send(self, path: str, content: dict[str, Any], timeout: float = 60.0) -> Response:
        url = f"{self._api}/{path}"
        response = await self._http.send("POST", url, headers=self._headers, body=json_body(content), timeout=timeout)
        if response.status >= 400:
            raise refusal(response)
        return response

    async def _read(self, method: str, path: str) -> Response:
        return await self._http.read(method, f"{self._api}/{path}", headers=self._headers)

    async def _methods(self) -> dict[str, frozenset[str]]:
        """Return the supported methods of each model that Google lists, by model name."""
        response = await self._read("GET", "models?pageSize=1000")
        if response.status != 200:
            raise refusal(response)
        payload: Any = response.json()
        try:
            return {
                str(model["name"]).removeprefix("models/"): frozenset(model.get("supportedGenerationMethods") or ())
                for model in payload["models"]
            }
        except (AttributeError, KeyError, TypeError, IndexError):
            raise Unavailable("Gemini's model list could not be parsed.") from None


def _model(upstream: str) -> str:
    return f"models/{quote(upstream, safe='')}"


def _interaction(ref: Ref) -> str:
    return f"interactions/{quote(ref, safe='')}"


def _succeeded(response: Response) -> bool:
    """Return whether the action on a video was done; False if it was too late."""
    if response.status == 200:
        return True
    error = job_refusal(response)
    if response.status == 409 or isinstance(error, BadRequest):
        return False
    raise error
