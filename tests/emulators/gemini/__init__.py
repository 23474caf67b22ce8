"""A fake Gemini API: generateContent for pictures, and the list of models, under /v1 and /v1beta."""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from tests.emulators.base import Emulator
from tests.emulators.gemini.wire import (
    Generate,
    ImageConfig,
    Json,
    error_info,
    failed,
    parse,
    quota_failure,
    retry_info,
)
from tests.emulators.png import SIGNATURE, png

__all__ = ["Fate", "Gemini", "Take"]

_SIDES = {
    "1:1": (1024, 1024),
    "2:3": (848, 1264),
    "3:2": (1264, 848),
    "3:4": (896, 1200),
    "4:3": (1200, 896),
    "4:5": (928, 1152),
    "5:4": (1152, 928),
    "9:16": (768, 1376),
    "16:9": (1376, 768),
    "21:9": (1584, 672),
}
_OLD_SIDES = _SIDES | {
    "2:3": (832, 1248),
    "3:2": (1248, 832),
    "3:4": (864, 1184),
    "4:3": (1184, 864),
    "4:5": (896, 1152),
    "5:4": (1152, 896),
    "9:16": (768, 1344),
    "16:9": (1344, 768),
    "21:9": (1536, 672),
}
_SCALES = {"512": 0.5, "1K": 1.0, "2K": 2.0, "4K": 4.0}
_OLD = "gemini-2.5-flash-image"
_LIVE = ("gemini-nano-banana-2.1", "gemini-3-pro-image", "gemini-3.1-flash-lite-image", "gemini-3.1-flash-image", _OLD)
_TEXT = "gemini-3-flash"


class Fate(StrEnum):
    """What becomes of an order. A prompt that contains the value in brackets, as in "[no-image]", chooses it."""

    COMPLETES = "completes"
    THINKS = "thinks"
    """It shows a draft before its picture."""
    SEVERAL = "several"
    BLOCKED = "blocked"
    UNSAFE = "unsafe"
    NO_IMAGE = "no-image"
    WORDS = "words"
    BUSY = "busy"
    LIMITED = "limited"
    DAY_IS_OVER = "day-is-over"
    NO_QUOTA = "no-quota"


class Take(NamedTuple):
    """An order that was carried out."""

    model: str
    prompt: str
    config: ImageConfig
    inputs: tuple[bytes, ...]


@dataclass(kw_only=True, eq=False)
class Gemini(Emulator):
    """`live` are the models there are, `shut` those that there were; a request has `largest_request` bytes at most."""

    key: str = "AIzaSyEmulatedKey00000000000000000000000"
    live: Sequence[str] = _LIVE
    shut: Sequence[str] = ("imagen-4.0-generate-001",)
    largest_request: int = 20 << 20
    payload: bytes | None = None
    """Stands in for every picture."""

    submits: list[Take] = field(init=False, repr=False, default_factory=list)
    _fates: list[Fate] = field(init=False, repr=False, default_factory=list)

    def environment(self) -> dict[str, str]:
        return {"GEMINI_BASE_URL": self.url, "GEMINI_API_KEY": self.key}

    @classmethod
    def lifelike(cls) -> Self:
        return cls()

    def next_fate(self, *fates: Fate) -> None:
        """Let the next orders end so, one each, whatever their prompts say."""
        self._fates += fates

    def routes(self) -> Sequence[BaseRoute]:
        version = [
            Route("/models", self._models),
            Route("/models/{model}:generateContent", self._generate, methods=["POST"]),
            Route("/models/{model}:{method}", self._unknown, methods=["POST"]),
        ]
        return [Mount("/v1", routes=version), Mount("/v1beta", routes=version)]

    async def _models(self, request: Request) -> Response:
        self._admit(request)
        listed = [*({"name": f"models/{name}"} for name in (*self.live, _TEXT)), {"name": "models/text-embedding-5"}]
        methods = [["generateContent", "countTokens"]] * (len(listed) - 1) + [["embedContent"]]
        models = [
            model | {"displayName": model["name"], "supportedGenerationMethods": can}
            for model, can in zip(listed, methods, strict=True)
        ]
        return JSONResponse({"models": models})

    async def _generate(self, request: Request) -> Response:
        self._admit(request)
        name = request.path_params["model"]
        self._require_model(request, name)
        order = await parse(request, Generate, self.largest_request)
        config = order.generation_config.image_config
        if name == _TEXT:
            raise failed(400, "INVALID_ARGUMENT", "Image generation is not enabled for this model.")
        if name == _OLD and config.image_size:
            raise failed(400, "INVALID_ARGUMENT", "imageSize is not supported for this model.")
        inputs = tuple(blob.content() for blob in order.blobs)
        fate = self._fates.pop(0) if self._fates else _marked_fate(order.prompt)
        _refuse(fate)
        if fate is Fate.BLOCKED:
            return JSONResponse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, **_usage(name)})
        self.submits.append(Take(name, order.prompt, config, inputs))
        return JSONResponse({"candidates": [self._candidate(name, fate)], **_usage(name)})

    async def _unknown(self, request: Request) -> Response:
        self._admit(request)
        self._require_model(request, request.path_params["model"])
        raise _not_found(request)

    def _admit(self, request: Request) -> None:
        given = request.headers.get("x-goog-api-key") or request.query_params.get("key")
        if not given:
            message = "Method doesn't allow unregistered callers (callers without established identity)."
            raise failed(403, "PERMISSION_DENIED", message)
        if given != self.key:
            message = "API key not valid. Please pass a valid API key."
            raise failed(400, "INVALID_ARGUMENT", message, error_info("API_KEY_INVALID"))

    def _require_model(self, request: Request, name: str) -> None:
        if name in self.shut:
            raise failed(404, "NOT_FOUND", f"This model models/{name} is no longer available.")
        if name not in (*self.live, _TEXT):
            raise _not_found(request)

    def _candidate(self, model: str, fate: Fate) -> Json:
        if fate is Fate.UNSAFE:
            return {"finishReason": "IMAGE_SAFETY", "index": 0}
        if fate is Fate.NO_IMAGE:
            return {"content": {}, "finishReason": "NO_IMAGE", "index": 0}
        parts: list[Json] = [{"text": "Here is your picture."}]
        if fate is Fate.THINKS:
            parts = [{"text": "Let me try.", "thought": True}, {**self._inline(model, "draft"), "thought": True}]
        if fate is not Fate.WORDS:
            parts.append({**self._inline(model, "0"), "thoughtSignature": base64.b64encode(bytes(1500)).decode()})
        if fate is Fate.SEVERAL:
            parts.append(self._inline(model, "1"))
        return {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}

    def _inline(self, model: str, which: str) -> Json:
        picture = self.payload or png(*self._sides(model), _colour(f"{len(self.submits)} {which}"))
        return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(picture).decode()}}

    def _sides(self, model: str) -> tuple[int, int]:
        """As asked; without a ratio, as the first input."""
        take = self.submits[-1]
        if not take.config.aspect_ratio and take.inputs and take.inputs[0].startswith(SIGNATURE):
            return int.from_bytes(take.inputs[0][16:20]), int.from_bytes(take.inputs[0][20:24])
        width, height = (_OLD_SIDES if model == _OLD else _SIDES)[take.config.aspect_ratio or "1:1"]
        scale = _SCALES[take.config.image_size or "1K"]
        return int(width * scale), int(height * scale)


def _marked_fate(prompt: str) -> Fate:
    return next((fate for fate in Fate if f"[{fate}]" in prompt), Fate.COMPLETES)


def _refuse(fate: Fate) -> None:
    message = "You exceeded your current quota, please check your plan and billing details."
    match fate:
        case Fate.BUSY:
            raise failed(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
        case Fate.LIMITED:
            quota = quota_failure("GenerateRequestsPerMinutePerProjectPerModel")
            raise failed(429, "RESOURCE_EXHAUSTED", message, quota, retry_info("47s"))
        case Fate.DAY_IS_OVER:
            quota = quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
            raise failed(429, "RESOURCE_EXHAUSTED", message, quota, retry_info("47s"))
        case Fate.NO_QUOTA:
            quota = quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
            raise failed(429, "RESOURCE_EXHAUSTED", f"{message} Quota exceeded, limit: 0", quota, retry_info("47s"))


def _not_found(request: Request) -> Exception:
    version, name = request.url.path.split("/")[1], request.path_params["model"]
    message = f"models/{name} is not found for API version {version}, or is not supported for this method."
    return failed(404, "NOT_FOUND", f"{message} Call ListModels to see the list of available models.")


def _usage(model: str) -> Json:
    tokens = {"promptTokenCount": 7, "candidatesTokenCount": 1290, "totalTokenCount": 1297}
    return {"usageMetadata": tokens, "modelVersion": model, "responseId": "emulated"}


def _colour(name: str) -> tuple[int, int, int]:
    """Another one for each picture, so that no two of them can be mistaken for each other."""
    red, green, blue, _ = zlib.crc32(name.encode()).to_bytes(4)
    return red, green, blue
