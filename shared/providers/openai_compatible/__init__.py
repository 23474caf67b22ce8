"""Any service that speaks OpenAI's API: AkashML, LocalAI, vLLM, a LiteLLM proxy. Each account is one of them."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import ClassVar

from shared.errors import EaselError, Misconfigured, NotFound
from shared.http import Http, origin_of
from shared.providers.openai_compatible.chunks import deltas
from shared.providers.openai_compatible.listed import model_of
from shared.values import Account, ByteRange, ChatDelta, ChatRequest, ImageRequest, Media, Model, Ref, Status, Submitted

_log = logging.getLogger(__name__)

_FRESH_SECONDS = 300.0
_LISTING_SECONDS = 3.0


class OpenAICompatible:
    """`account.key` is a bearer token, empty where the service wants none; its address ends in `/v1`, mostly."""

    name: ClassVar[str] = "openai_compatible"
    base_url: ClassVar[str] = ""
    credential: ClassVar[str | None] = "OPENAI_COMPATIBLE_API_KEY"
    cookie_domain: ClassVar[str | None] = None
    keyless: ClassVar[bool] = True
    options: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, http: Http, account: Account) -> None:
        if not account.base_url:
            raise Misconfigured("OPENAI_COMPATIBLE_BASE_URL: not set, and an account without 'base_url' needs it.")
        self._http = http
        self._base = account.base_url
        self._origins = {origin_of(self._base), *account.origins}
        self._headers = {"Authorization": f"Bearer {account.key}"} if account.key else {}
        self._listed: tuple[Model, ...] = ()
        self._listed_until = 0.0

    async def models(self) -> tuple[Model, ...]:
        """What the service lists, asked every few minutes; when that fails, what it listed the last time."""
        if time.monotonic() >= self._listed_until:
            self._listed_until = time.monotonic() + _FRESH_SECONDS
            try:
                self._listed = await self._discovered()
            except EaselError as error:
                _log.warning("openai_compatible: the models were not listed: %s", error.message)
        return self._listed

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        body = {
            **request.options,
            "model": request.model.upstream,
            "messages": list(request.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        url = f"{self._base}/chat/completions"
        async with (
            self._http.listen("POST", url, headers=self._headers, json=body) as answer,
            aclosing(deltas(answer)) as heard,
        ):
            async for delta in heard:
                yield delta

    async def submit(self, request: ImageRequest) -> Submitted:
        raise NotImplementedError

    async def poll(self, ref: Ref) -> Status:
        raise NotFound("There is no such picture.")

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        return self._http.stream(output, origins=self._origins, byte_range=byte_range)

    async def _discovered(self) -> tuple[Model, ...]:
        answer = await self._http.read("GET", f"{self._base}/models", headers=self._headers, timeout=_LISTING_SECONDS)
        if answer.status != 200:
            raise answer.error()
        payload = answer.json()
        entries = payload.get("data") if isinstance(payload, dict) else payload
        return tuple(filter(None, map(model_of, entries if isinstance(entries, list) else [])))
