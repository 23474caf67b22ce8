"""Provider for chat.akash.network: AkashChat's text models and AkashGen's images.

Works with every known version of the site, which share their paths; the version is not configured. No account is
needed.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from urllib.parse import quote

from shared.account import Account
from shared.errors import EaselError, GenerationFailed, NotFound
from shared.http import Http, Response, origin_of
from shared.media import ByteRange, Media
from shared.models import Model, Size
from shared.providers._base64 import media
from shared.providers._cached import Cached
from shared.providers._json import as_dict, as_list, list_at
from shared.providers._links import is_usable, without_result
from shared.providers.akashchat.data_stream import deltas
from shared.providers.akashchat.errors import failure
from shared.providers.akashchat.images import JobStatus, job_status, submitted
from shared.providers.akashchat.request_body import chat_body, image_body
from shared.providers.akashchat.site import Site
from shared.requests import ChatRequest, ImageRequest
from shared.results import ChatDelta, Failed, Output, Queued, Ref, Running, Status, Submitted, Succeeded

_log = logging.getLogger(__name__)

_INSIDE = "="
"""Prefix of an output whose image is inside the status response of the job that follows."""

_LINK = re.compile(r"/|\w+://")
"""The start of a link; error messages may contain one later on."""

_LISTED_SECONDS, _UNLISTED_SECONDS, _LISTING_SECONDS = 300.0, 30.0, 3.0
_SUBMIT_SECONDS = 60.0
_SILENCE_SECONDS = 240.0
"""Seconds without data; the site sends nothing while a model is reasoning."""


def _text_model(name: str) -> Model:
    return Model(name, "chat", name, asynchronous=False, knobs=frozenset({"temperature", "top_p"}))


_MODELS = (
    Model(
        "AkashGen",
        upstream="AkashGen",
        sizes=(Size(1024, 1024),),
        typical_seconds=15.0,
        knobs=frozenset({"negative_prompt"}),
    ),
    _text_model("Meta-Llama-3-3-70B-Instruct"),
    _text_model("Qwen3-235B-A22B-Instruct-2507-FP8"),
    _text_model("openai-gpt-oss-120b"),
    _text_model("DeepSeek-V3.1"),
)


class AkashChat:
    """`account.key` is a session token; if empty, one is fetched."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._home = origin_of(account.base_url)
        self._origins = {self._home, *account.origins}
        self._site = Site(http, account.base_url, account.key)
        self._listing = Cached(self._list)
        self._models: tuple[Model, ...] = _MODELS

    async def models(self) -> tuple[Model, ...]:
        return await self._listing.get()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        async with (
            self._site.chat(chat_body(request), _SILENCE_SECONDS) as response,
            aclosing(deltas(response.lines(), response.redaction)) as chunks,
        ):
            async for delta in chunks:
                yield delta

    async def submit(self, request: ImageRequest) -> Submitted:
        async with self._site.chat(image_body(request), _SUBMIT_SECONDS, of_image=True) as response:
            return await submitted(await response.read())

    async def poll(self, ref: Ref) -> Status:
        response = await self._job(ref)
        status = job_status(response)
        match status.status:
            case "waiting":
                return Queued(status.position)
            case "succeeded" | "completed":
                return self._result(ref, response, status)
            case "failed" | "cancelled" | "timeout":
                return Failed(_failed(response, status.result or status.status))
            case other:
                if other != "pending":
                    _log.warning("akashchat: unknown status '%s' counts as running", response.quote(other))
                return Running()

    @asynccontextmanager
    async def open(self, output: Ref, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        if output.startswith(_INSIDE):
            image = job_status(await self._job(output.removeprefix(_INSIDE))).image
            if image is None:
                raise NotFound("AkashGen no longer has this image; submit the request again.")
            yield media(image, byte_range)
            return
        async with self._http.download(self._url(output), origins=self._origins, byte_range=byte_range) as opened:
            yield opened

    async def _job(self, ref: Ref) -> Response:
        return await self._site.read(f"/api/image-status/?ids={quote(ref, safe='')}")

    def _result(self, ref: Ref, response: Response, status: JobStatus) -> Status:
        if status.image is not None:
            return Succeeded((Output(f"{_INSIDE}{ref}", "image/webp", lasting=True),))
        if status.result and not _LINK.match(status.result):
            return Failed(_failed(response, status.result))
        if not is_usable(self._url(status.result)):
            return Failed(without_result("AkashGen"))
        return Succeeded((Output(status.result, "image/webp", lasting=True),))

    def _url(self, output: Ref) -> str:
        return f"{self._home}{output}" if output.startswith("/") else output

    async def _list(self) -> tuple[tuple[Model, ...], float]:
        """Return the listed models and their TTL in seconds; if listing fails, the previous or built-in models."""
        try:
            async with asyncio.timeout(_LISTING_SECONDS):  # requests for any model wait for the list
                response = await self._site.read("/api/models/", _LISTING_SECONDS)
            if response.status != 200:
                raise failure(response)
            names = _names(response.json())
            if not names:  # more likely an unknown format than a site without models
                raise response.error("it lists no models")
        except (EaselError, TimeoutError) as error:
            _log.warning("akashchat: could not list the models, keeping the previous ones: %s", error)
            return self._models, _UNLISTED_SECONDS
        built_in = {model.id: model for model in _MODELS}
        listed = {name: built_in.get(name) or _text_model(name) for name in names}
        # Built-in models keep their place, as the first model of a kind is its default.
        self._models = tuple(sorted(listed.values(), key=lambda model: model not in _MODELS))
        return self._models, _LISTED_SECONDS


def _names(listing: Any) -> list[str]:
    """Return the names in a list of models, which is bare or under `models`; other fields differ between versions."""
    entries = map(as_dict, as_list(listing) or list_at(listing, "models"))
    names = [entry.get("id") for entry in entries if entry.get("available") is not False]
    return [name for name in names if isinstance(name, str) and name]


def _failed(response: Response, reason: str) -> GenerationFailed:
    text = response.quote(reason)
    return GenerationFailed(f"The generation failed at AkashGen: {text}.", details={"upstream": text})
