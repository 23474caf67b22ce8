"""OpenAI's envelope, and the bodies that the fake service accepts."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.emulators.base import Refused

Json = dict[str, Any]
Body = TypeVar("Body", bound=BaseModel)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TextPart(Strict):
    type: Literal["text"]
    text: str


class ImageUrl(Strict):
    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class ImagePart(Strict):
    type: Literal["image_url"]
    image_url: ImageUrl


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


class Message(Strict):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[Json] | None = None
    tool_call_id: str | None = None


class StreamOptions(Strict):
    include_usage: bool = False


class Conversation(Strict):
    """The body of a chat completion."""

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: str | list[str] | None = None
    seed: int | None = None
    tools: list[Json] | None = None
    tool_choice: str | Json | None = None
    response_format: Json | None = None
    modalities: list[Literal["text", "audio", "image"]] | None = None
    reasoning_effort: str | None = None
    user: str | None = None
    n: int = Field(default=1, ge=1, le=128)
    logprobs: bool = False
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    logit_bias: dict[str, float] | None = None
    audio: Json | None = None


class Order(Strict):
    """The body of an image generation."""

    model: str
    prompt: str = Field(min_length=1)
    n: int = Field(default=1, ge=1, le=10)
    size: str = Field(default="1024x1024", pattern="^[1-9][0-9]*x[1-9][0-9]*$")
    response_format: Literal["url", "b64_json"] | None = None
    seed: int | None = None

    @property
    def pixels(self) -> tuple[int, int]:
        width, height = map(int, self.size.split("x"))
        return width, height


def refused(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error") -> Refused:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Refused(JSONResponse({"error": error}, status))


async def parse(request: Request, model: type[Body], extra: Literal["forbid", "ignore"] = "forbid") -> Body:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise refused(415, "The content type has to be application/json")
    try:
        return model.model_validate_json(await request.body(), extra=extra)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> Refused:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return refused(400, f"{place}: {first['msg']}", "invalid_value")
