"""A fake Gemini API: generateContent for images, videos in the background, and the list of models.

All of it is there under /v1 and under /v1beta.
"""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from tests.emulators.gemini.film import Film, FilmFate
from tests.emulators.gemini.films import Films
from tests.emulators.gemini.host import LIVE, OLD_IMAGE, OMNI, TEXT, VEO, no_such
from tests.emulators.gemini.wire import Generate, ImageConfig, Json, failed, invalid, invalid_request, parse
from tests.emulators.png import SIGNATURE, png

__all__ = ["FILTERED", "LIVE", "NOT_SHOWN", "OMNI", "VEO", "Fate", "Film", "FilmFate", "Gemini", "Take"]

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
_LONG_SIDES = {"1:4": (512, 2048), "4:1": (2048, 512), "1:8": (384, 3072), "8:1": (3072, 384)}
_FLASH = ("gemini-3.1-flash-image", "gemini-nano-banana-2.1")
"""The models with long sides and with 512."""

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
FILTERED = "The image was filtered out because it violated Google's Generative AI Prohibited Use policy."
NOT_SHOWN = "The model could not generate the image based on the prompt provided."
_SCALES = {"512": 0.5, "1K": 1.0, "2K": 2.0, "4K": 4.0}


class Fate(StrEnum):
    """The outcome of a request. A prompt that contains the value in brackets, as in "[no-image]", chooses it."""

    COMPLETES = "completes"
    THINKS = "thinks"
    """It shows a draft before its image."""
    DRAFTS_ONLY = "drafts-only"
    """All its images are in thought parts; the last one is the result."""
    SNAKE_CASE = "snake-case"
    """Its fields are in snake case, as some gateways in front of the API send them."""
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
    """An accepted request."""

    model: str
    prompt: str
    config: ImageConfig
    inputs: tuple[bytes, ...]


@dataclass(kw_only=True, eq=False)
class Gemini(Films):
    """With Veo among the `live` models, and not among those that are `shut`, it is that of an older key."""

    submits: list[Take] = field(init=False, repr=False, default_factory=list)

    @classmethod
    def lifelike(cls) -> Self:
        return cls(seconds=12.0, live=(*LIVE, VEO), shut=())

    def routes(self) -> Sequence[BaseRoute]:
        version = [
            Route("/models", self._models),
            Route("/models/{model}", self._model),
            Route("/models/{model}:generateContent", self._generate, methods=["POST"]),
            *self.film_routes(),
            Route("/models/{model}:{method}", self._unknown, methods=["POST"]),
        ]
        return [self.download_route(), Mount("/v1", routes=version), Mount("/v1beta", routes=version)]

    async def _models(self, request: Request) -> Response:
        self.admit(request)
        models = self._listed()
        start = int(request.query_params.get("pageToken") or 0)
        stop = start + min(int(request.query_params.get("pageSize") or 50), 1000)
        more = {"nextPageToken": str(stop)} if stop < len(models) else {}
        return JSONResponse({"models": models[start:stop], **more})

    async def _model(self, request: Request) -> Response:
        self.admit(request)
        name = request.path_params["model"]
        found = next((model for model in self._listed() if model["name"] == f"models/{name}"), None)
        if found is None:
            raise failed(404, "NOT_FOUND", self.absent(request, name) or no_such(request, name))
        return JSONResponse(found)

    def _listed(self) -> list[Json]:
        methods = {name: ["generateContent", "countTokens"] for name in (*self.live, TEXT)}
        methods |= {name: [] for name in OMNI if name in methods}
        methods |= {name: ["predictLongRunning"] for name in methods if name.startswith("veo-")}
        methods["text-embedding-5"] = ["embedContent"]
        return [
            {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": supported}
            for name, supported in methods.items()
        ]

    async def _generate(self, request: Request) -> Response:
        self.admit(request)
        name = request.path_params["model"]
        self.require_model(request, name)
        if name in OMNI:
            raise invalid_request("This model only supports Interactions API.")
        order = await parse(request, Generate, self.largest_request)
        config = order.generation_config.image_config
        if name in (TEXT, VEO):
            raise invalid("Image generation is not enabled for this model.")
        if name == OLD_IMAGE and config.image_size:
            raise invalid("imageSize is not supported for this model.")
        if name not in _FLASH and (config.aspect_ratio in _LONG_SIDES or config.image_size == "512"):
            raise invalid("The aspectRatio or the imageSize is not supported for this model.")
        inputs = tuple(blob.content() for blob in order.blobs)
        fate = self.fate(order.prompt, Fate)
        if fate is Fate.BLOCKED:
            return JSONResponse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, **_usage(name)})
        self.submits.append(Take(name, order.prompt, config, inputs))
        return JSONResponse({"candidates": [self._candidate(name, fate)], **_usage(name)})

    async def _unknown(self, request: Request) -> Response:
        self.admit(request)
        name = request.path_params["model"]
        self.require_model(request, name)
        raise failed(404, "NOT_FOUND", no_such(request, name))

    def _candidate(self, model: str, fate: Fate) -> Json:
        if fate is Fate.UNSAFE:
            return {"finishReason": "IMAGE_SAFETY", "finishMessage": FILTERED, "index": 0}
        if fate is Fate.NO_IMAGE:
            return {"content": {}, "finishReason": "NO_IMAGE", "finishMessage": NOT_SHOWN, "index": 0}
        if fate is Fate.DRAFTS_ONLY:
            drafts = [{**self._inline(model, which), "thought": True} for which in ("draft", "0")]
            return {"content": {"role": "model", "parts": drafts}, "finishReason": "STOP", "index": 0}
        if fate is Fate.SNAKE_CASE:
            blob = self._inline(model, "0")["inlineData"]
            part = {"inline_data": {"mime_type": blob["mimeType"], "data": blob["data"]}}
            return {"content": {"role": "model", "parts": [part]}, "finish_reason": "STOP", "index": 0}
        parts: list[Json] = [{"text": "Here is your picture."}]
        if fate is Fate.THINKS:
            parts = [{"text": "Let me try.", "thought": True}, {**self._inline(model, "draft"), "thought": True}]
        if fate is not Fate.WORDS:
            parts.append({**self._inline(model, "0"), "thoughtSignature": base64.b64encode(bytes(1500)).decode()})
        if fate is Fate.SEVERAL:
            parts.append(self._inline(model, "1"))
        return {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}

    def _inline(self, model: str, which: str) -> Json:
        picture = self.content(png(*self._sides(model), _colour(f"{len(self.submits)} {which}")))[:]
        return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(picture).decode()}}

    def _sides(self, model: str) -> tuple[int, int]:
        """As asked; without a ratio, as the first input."""
        take = self.submits[-1]
        if not take.config.aspect_ratio and take.inputs and take.inputs[0].startswith(SIGNATURE):
            return int.from_bytes(take.inputs[0][16:20]), int.from_bytes(take.inputs[0][20:24])
        width, height = (_OLD_SIDES if model == OLD_IMAGE else _SIDES | _LONG_SIDES)[take.config.aspect_ratio or "1:1"]
        scale = _SCALES[take.config.image_size or "1K"]
        return int(width * scale), int(height * scale)


def _usage(model: str) -> Json:
    tokens = {"promptTokenCount": 7, "candidatesTokenCount": 1290, "totalTokenCount": 1297}
    return {"usageMetadata": tokens, "modelVersion": model, "responseId": "emulated"}


def _colour(name: str) -> tuple[int, int, int]:
    """Return a different colour for each image."""
    red, green, blue, _ = zlib.crc32(name.encode()).to_bytes(4)
    return red, green, blue
