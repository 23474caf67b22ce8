"""Gemini through Google's own API, with a key: pictures from words and from pictures, in the answer itself."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any
from urllib.parse import quote

from shared.errors import EaselError, NotFound, Unavailable
from shared.http import Http, Inline, json_body, sniff
from shared.providers.gemini.answer import pictures_of
from shared.providers.gemini.errors import failure
from shared.providers.gemini.models import BUILT_IN, image_config, listed_models
from shared.values import Account, ByteRange, Finished, ImageRequest, Input, Media, Model, Ref, Status

_log = logging.getLogger(__name__)

_SECONDS = 300.0
_LIST_SECONDS = 3.0
_LIST_FRESH, _LIST_FAILED = 3600.0, 60.0
"""Seconds until the list of models is asked for again, once it was there and once it was not."""


class Gemini:
    """`account.key` is an API key of Google AI Studio."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._api = f"{account.base_url}/v1beta"
        self._headers = {"x-goog-api-key": account.key}
        self._models = BUILT_IN
        self._list_due = 0.0

    async def models(self) -> tuple[Model, ...]:
        """The built-in ones, less those that Google says are gone, plus new ones. Google's word is kept for an hour."""
        if time.monotonic() >= self._list_due:
            self._list_due = time.monotonic() + _LIST_FAILED
            try:
                async with asyncio.timeout(_LIST_SECONDS):
                    self._models = listed_models(await self._names())
                self._list_due += _LIST_FRESH
            except (EaselError, TimeoutError) as error:
                _log.warning("gemini: the list of models cannot be had: %s", getattr(error, "message", "no answer"))
        return self._models

    async def submit(self, request: ImageRequest) -> Finished:
        """One picture, or what the model makes of it: there is no asking for several."""
        inline = [
            {"inlineData": {"mimeType": await _media_type(picture), "data": Inline(picture)}}
            for picture in request.inputs
        ]
        upstream = request.model.upstream
        keeps_ratio = bool(request.inputs) and not request.size_asked
        content = {
            "contents": [{"role": "user", "parts": [{"text": request.prompt}, *inline]}],
            "generationConfig": {
                "responseModalities": ["TEXT", "IMAGE"],
                "imageConfig": image_config(upstream, request.size, with_ratio=not keeps_ratio),
            },
        }
        url = f"{self._api}/models/{quote(upstream, safe='')}:generateContent"
        answer = await self._http.send("POST", url, headers=self._headers, body=json_body(content), timeout=_SECONDS)
        if answer.status >= 400:
            raise failure(answer)
        return Finished(pictures_of(answer))

    async def poll(self, ref: Ref) -> Status:
        raise _no_jobs()

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        raise _no_jobs()

    async def _names(self) -> frozenset[str]:
        """The models that generate content, by Google's list."""
        answer = await self._http.read("GET", f"{self._api}/models?pageSize=1000", headers=self._headers)
        if answer.status != 200:
            raise failure(answer)
        payload: Any = answer.json()
        try:
            return frozenset(
                str(model["name"]).removeprefix("models/")
                for model in payload["models"]
                if "generateContent" in model["supportedGenerationMethods"]
            )
        except (KeyError, TypeError, IndexError):
            raise Unavailable("Gemini's list of models makes no sense.") from None


async def _media_type(picture: Input) -> str:
    """What it is; of one that lies elsewhere, by its bytes, which are fetched with that."""
    if picture.media_type:
        return picture.media_type
    async with aclosing(picture.read()) as pieces:  # type: ignore[type-var]
        return sniff(await anext(pieces, b"")) or ""


def _no_jobs() -> NotFound:
    return NotFound("Gemini answers with its pictures at once, and has no job to come back to.", param="id")
