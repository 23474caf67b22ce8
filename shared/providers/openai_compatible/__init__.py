"""Any service that speaks OpenAI's API: AkashML, LocalAI, vLLM, a LiteLLM proxy. Each account is one of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

from shared.account import Account
from shared.errors import EaselError, Misconfigured, NotFound, ResultLost, TakenError
from shared.http import LARGEST_BODY, Http, Response, StreamingResponse, json_body, origin_of
from shared.media import ByteRange, Media
from shared.models import Model
from shared.providers._links import is_usable, without_result
from shared.providers.openai_compatible.chat import streamed_deltas, whole_deltas
from shared.providers.openai_compatible.errors import failure
from shared.providers.openai_compatible.model_list import Listed
from shared.providers.openai_compatible.multipart import form_of
from shared.requests import ChatRequest, ImageRequest
from shared.results import ChatDelta, Finished, InlineResult, Output, Ref, Status, Submitted, Succeeded

_IMAGE_SECONDS = 290.0
_CHAT_SECONDS = 900.0
"""For a whole response. The caller's time limit is shorter, and ends the request."""

_LONGEST_REF = 200
"""Characters; a longer link does not fit into an id."""


class OpenAICompatible:
    """`account.key` is a bearer token, empty if the service requires none; base URLs usually end in `/v1`.

    The option `models` is a JSON list of names, or an object as in OPENAI_COMPATIBLE_MODELS, that adds or corrects
    models; if `discover` is false, no others are offered. `stream` is whether chats are requested as streams: `auto` if
    the caller streams, `always` or `never`.
    """

    def __init__(self, http: Http, account: Account) -> None:
        if not account.base_url:
            raise Misconfigured("OPENAI_COMPATIBLE_BASE_URL: not set, and an account without 'base_url' needs it.")
        self._http = http
        self._base = account.base_url
        self._origins = {origin_of(self._base), *account.origins}
        self._headers = {"Authorization": f"Bearer {account.key}"} if account.key else {}
        self._stream = _stream_mode(account.options["stream"])
        self._takes_stream_options = True
        self._listed = Listed(http, f"{self._base}/models", self._headers, account.options)

    async def models(self) -> tuple[Model, ...]:
        return await self._listed.models()

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield the deltas; the upstream is asked for a stream if the caller streams, unless configured otherwise."""
        body = {
            **request.model.settings,
            **request.options,
            "model": request.model.upstream,
            "messages": list(request.messages),
        }
        streams = self._stream == "always" or (self._stream == "auto" and request.stream)
        return self._streamed(body) if streams else self._whole(body)

    async def _whole(self, body: dict[str, Any]) -> AsyncGenerator[ChatDelta, None]:
        response = await self._http.send(
            "POST", f"{self._base}/chat/completions", headers=self._headers, json=body, timeout=_CHAT_SECONDS
        )
        for delta in whole_deltas(response):
            yield delta

    async def _streamed(self, body: dict[str, Any]) -> AsyncGenerator[ChatDelta, None]:
        url = f"{self._base}/chat/completions"
        while True:
            options = {"stream_options": {"include_usage": True}} if self._takes_stream_options else {}
            streamed = {**body, "stream": True, **options}
            async with self._http.stream("POST", url, headers=self._headers, json=streamed) as response:
                if options and await _refuses_stream_options(response):
                    self._takes_stream_options = False
                    continue
                async with aclosing(streamed_deltas(response)) as deltas:
                    async for delta in deltas:
                        yield delta
                return

    async def submit(self, request: ImageRequest) -> Submitted | Finished:
        keeps_size = bool(request.inputs) and not request.size_requested
        fields = {
            "model": request.model.upstream,
            "prompt": request.prompt,
            "n": request.n,
            **({} if keeps_size else {"size": str(request.size)}),
            **({} if request.seed is None else {"seed": request.seed}),
            **request.model.settings,
        }
        if request.inputs:
            url, body = f"{self._base}/images/edits", await form_of(fields, request.inputs, request.mask)
        else:
            url, body = f"{self._base}/images/generations", json_body(fields)
        response = await self._http.send("POST", url, headers=self._headers, body=body, timeout=_IMAGE_SECONDS)
        if response.status != 200:
            raise failure(response)
        images = _images(response)
        texts = (image.get("revised_prompt") for image in images)
        revised = response.redaction.redact(next((text for text in texts if isinstance(text, str)), ""))
        inline = [_inline_result(image) for image in images]
        if None not in inline:
            return Finished(tuple(filter(None, inline)), revised)
        links = self._links(images)
        if any(len(link) > _LONGEST_REF or response.redaction.redact(link) != link for link in links):
            return Finished(tuple([await self._fetched(link) for link in links]), revised)
        return Submitted(tuple(link.removeprefix(origin_of(self._base)) for link in links), revised)

    def _links(self, images: list[dict[str, Any]]) -> list[str]:
        links = [link for image in images if is_usable(link := image.get("url"))]
        if not links:
            raise without_result("The upstream")
        if not self._origins.issuperset(map(origin_of, links)):
            raise ResultLost("The pictures lie on an origin that was not expected.")
        return links

    async def poll(self, ref: Ref) -> Status:
        """Return success at once: the ref is the result."""
        if not ref.startswith(("/", "http")):
            raise NotFound("There is no such picture.")
        return Succeeded((Output(ref, lasting=True),))

    def open(self, output: Ref, byte_range: ByteRange | None = None) -> AbstractAsyncContextManager[Media]:
        home = origin_of(self._base)
        url = f"{home}{output}" if output.startswith("/") else output
        return self._http.download(
            url, origins=self._origins, byte_range=byte_range, headers=self._headers, headers_for={home}
        )

    async def _fetched(self, link: str) -> InlineResult:
        """Download an image that is paid for: no error may look as if a new submit were free."""
        content = bytearray()
        try:
            async with self.open(link) as media:
                async for chunk in media.chunks:
                    content += chunk
                    if len(content) > LARGEST_BODY:
                        raise ResultLost(f"An image is larger than {LARGEST_BODY} bytes, the limit.")
        except TakenError:
            raise
        except EaselError as error:
            raise ResultLost(error.message, details=error.details) from error
        return InlineResult(media.media_type, b64encode(content))


def _stream_mode(setting: str) -> str:
    if setting not in ("auto", "always", "never"):
        raise Misconfigured("OPENAI_COMPATIBLE_STREAM (or 'stream' of an account): use auto, always or never.")
    return setting


async def _refuses_stream_options(response: StreamingResponse) -> bool:
    """Return whether the upstream refused the request for its stream options. Raises its error otherwise."""
    if response.status not in (400, 422):
        return False
    refusal = await response.read()
    if b"stream_options" in refusal.body or b"include_usage" in refusal.body:
        return True
    raise failure(refusal)


def _images(response: Response) -> list[dict[str, Any]]:
    """Return the entries of a response that have an image; raise the matching error if there are none."""
    payload = response.json()
    entries = payload.get("data") if isinstance(payload, dict) else None
    images = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    images = [image for image in images if image.get("b64_json") or image.get("url")]
    if not images and isinstance(payload, dict) and payload.get("error"):  # some services send errors with status 200
        raise failure(response)
    if not images:
        raise response.error("there are no pictures in it")
    return images


def _inline_result(image: dict[str, Any]) -> InlineResult | None:
    """Return the image inside a response, None if it is a link; its type is detected when it is opened."""
    digits = image.get("b64_json")
    head, _, payload = str(image.get("url")).partition(";base64,")
    if not digits and head.startswith("data:"):
        digits = payload
    return InlineResult("image/png", digits.encode()) if isinstance(digits, str) and digits.isascii() else None
