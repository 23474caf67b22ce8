"""Google's envelopes for errors, and the bodies that generateContent accepts."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.emulators.base import Refused

Json = dict[str, Any]
Body = TypeVar("Body", bound=BaseModel)

AspectRatio = Literal[
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:4", "4:1", "1:8", "8:1"
]
ImageSize = Literal["512", "1K", "2K", "4K"]

_STANDARD = str.maketrans("-_", "+/")
"""Google reads both alphabets; google-genai sends the URL-safe one."""

_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}


class Wire(BaseModel):
    """Google reads both camelCase and snake_case, and refuses names that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class Blob(Wire):
    mime_type: str
    data: str

    def content(self) -> bytes:
        """What it holds, which has to be what it says."""
        try:
            content = base64.b64decode(self.data.translate(_STANDARD), validate=True)
        except binascii.Error:
            raise invalid("Invalid value at 'data': Base64 decoding failed.") from None
        if self.mime_type not in _MAGIC:
            raise invalid(f"Unsupported MIME type: {self.mime_type}")
        if not content.startswith(_MAGIC[self.mime_type]):
            raise invalid("Unable to process input image. Please retry or report.")
        return content


class Part(Wire):
    text: str | None = None
    inline_data: Blob | None = Field(default=None, validation_alias=AliasChoices("inlineData", "inline_data"))
    thought_signature: str | None = None


class Content(Wire):
    role: Literal["user", "model"] = "user"
    parts: Annotated[list[Part], Field(min_length=1)]


class ImageConfig(Wire):
    aspect_ratio: AspectRatio | None = None
    image_size: ImageSize | None = None


class GenerationConfig(Wire):
    response_modalities: list[Literal["TEXT", "IMAGE"]] = ["TEXT", "IMAGE"]
    image_config: ImageConfig = ImageConfig()


class Generate(Wire):
    """The body of generateContent, as far as images need it."""

    contents: Annotated[list[Content], Field(min_length=1)]
    generation_config: GenerationConfig = GenerationConfig()

    @property
    def prompt(self) -> str:
        return " ".join(part.text for content in self.contents for part in content.parts if part.text)

    @property
    def blobs(self) -> list[Blob]:
        return [part.inline_data for content in self.contents for part in content.parts if part.inline_data]


def failed(status: int, word: str, message: str, *details: Json) -> Refused:
    error: Json = {"code": status, "message": message, "status": word}
    if details:
        error["details"] = list(details)
    return Refused(JSONResponse({"error": error}, status))


def told(status: int, code: str, message: str) -> Refused:
    """The Interactions API's own way to put it: a word as the code, and nothing else."""
    return Refused(JSONResponse({"error": {"message": message, "code": code}}, status))


def invalid(message: str) -> Refused:
    return failed(400, "INVALID_ARGUMENT", message)


def invalid_request(message: str) -> Refused:
    return told(400, "invalid_request", message)


def error_info(reason: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


def quota_failure(quota: str) -> Json:
    violations = [{"quotaMetric": "generativelanguage.googleapis.com/generate_requests", "quotaId": quota}]
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}


def retry_info(delay: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


async def parse(request: Request, model: type[Body], limit: int, refuse: Callable[[str], Refused] = invalid) -> Body:
    body = await request.body()
    if len(body) > limit:
        raise refuse(f"Request payload size exceeds the limit: {limit} bytes.")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise refuse(f"Invalid JSON payload received. '{where}': {problem['msg']}") from None
