"""chat.akash.network: the text models of AkashChat, and AkashGen's pictures, in all versions of the site so far.

They differ in words and manners, not in paths, and none of them has to be named. Nothing needs an account.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from urllib.parse import quote

from shared.errors import EaselError, GenerationFailed, NotFound
from shared.http import Answer, Http, origin_of
from shared.providers._inline import media
from shared.providers._kept import Kept
from shared.providers._links import is_usable, without_result
from shared.providers._reading import as_dict, as_list, list_at
from shared.providers.akashchat.conversation import about_picture, about_text
from shared.providers.akashchat.failures import failure
from shared.providers.akashchat.parts import deltas
from shared.providers.akashchat.pictures import Look, look, submitted
from shared.providers.akashchat.site import Site
from shared.values import (
    Account,
    ByteRange,
    ChatDelta,
    ChatRequest,
    Failed,
    ImageRequest,
    Media,
    Model,
    Output,
    Queued,
    Ref,
    Running,
    Size,
    Status,
    Submitted,
    Succeeded,
)

_log = logging.getLogger(__name__)

_INSIDE = "="
"""Before a job's name: its picture lies inside of what a look at it shows."""

_LINK = re.compile(r"/|\w+://")
"""How a link begins; sentences about failures may hold one further on."""

_LISTED_SECONDS, _UNLISTED_SECONDS, _LISTING_SECONDS = 300.0, 30.0, 3.0
_ORDER_SECONDS = 60.0
_SILENCE_SECONDS = 240.0
"""The site keeps what a model thinks to itself until all of it has been thought."""


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
    """`account.key` is a session token; empty to let one be fetched."""

    def __init__(self, http: Http, account: Account) -> None:
        self._http = http
        self._home = origin_of(account.base_url)
        self._origins = {self._home, *account.origins}
        self._site = Site(http, account.base_url, account.key)
        self._listing = Kept(self._list)
        self._models: tuple[Model, ...] = _MODELS

    async def models(self) -> tuple[Model, ...]:
        return await self._listing.get()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        async with (
            self._site.chat(about_text(request), _SILENCE_SECONDS) as answer,
            aclosing(deltas(answer.lines(), answer.redaction)) as heard,
        ):
            async for delta in heard:
                yield delta

    async def submit(self, request: ImageRequest) -> Submitted:
        async with self._site.chat(about_picture(request), _ORDER_SECONDS) as answer:
            return await submitted(await answer.whole())

    async def poll(self, ref: Ref) -> Status:
        answer = await self._look(ref)
        seen = look(answer)
        match seen.status:
            case "waiting":
                return Queued(seen.position)
            case "succeeded" | "completed":
                return self._result(ref, answer, seen)
            case "failed" | "cancelled" | "timeout":
                return Failed(_failed(answer, seen.result or seen.status))
            case word:
                if word != "pending":
                    _log.warning("akashchat: unknown job state '%s' counts as running", answer.quote(word))
                return Running()

    @asynccontextmanager
    async def open(self, output: Ref, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        if output.startswith(_INSIDE):
            picture = look(await self._look(output.removeprefix(_INSIDE))).picture
            if picture is None:
                raise NotFound("AkashGen does not have this picture any more.")
            yield media(picture, byte_range)
            return
        async with self._http.stream(self._url(output), origins=self._origins, byte_range=byte_range) as opened:
            yield opened

    async def _look(self, ref: Ref) -> Answer:
        return await self._site.read(f"/api/image-status/?ids={quote(ref, safe='')}")

    def _result(self, ref: Ref, answer: Answer, seen: Look) -> Status:
        if seen.picture is not None:
            return Succeeded((Output(f"{_INSIDE}{ref}", "image/webp", lasting=True),))
        if seen.result and not _LINK.match(seen.result):
            return Failed(_failed(answer, seen.result))
        if not is_usable(self._url(seen.result)):
            return Failed(without_result("AkashGen"))
        return Succeeded((Output(seen.result, "image/webp", lasting=True),))

    def _url(self, output: Ref) -> str:
        return f"{self._home}{output}" if output.startswith("/") else output

    async def _list(self) -> tuple[tuple[Model, ...], float]:
        """The built-in models and those that the site lists; when that fails, what was there before, for a while."""
        try:
            async with asyncio.timeout(_LISTING_SECONDS):  # everybody waits for this, whatever model they want
                answer = await self._site.read("/api/models/", _LISTING_SECONDS)
            if answer.status != 200:
                raise failure(answer)
            names = _names(answer.json())
        except (EaselError, TimeoutError) as error:
            _log.warning("akashchat: the models were not listed: %s", error)
            return self._models, _UNLISTED_SECONDS
        built_in = {model.id: model for model in _MODELS}
        listed = {name: _text_model(name) for name in names if name not in built_in}
        self._models = tuple({**built_in, **listed}.values())
        return self._models, _LISTED_SECONDS


def _names(listing: Any) -> list[str]:
    """Those of a list of models, bare or under `models`, in which only names are the same in all versions."""
    entries = map(as_dict, as_list(listing) or list_at(listing, "models"))
    names = [entry.get("id") for entry in entries if entry.get("available") is not False]
    return [name for name in names if isinstance(name, str) and name]


def _failed(answer: Answer, said: str) -> GenerationFailed:
    text = answer.quote(said)
    return GenerationFailed(f"The generation failed at AkashGen: {text}.", details={"upstream": text})
