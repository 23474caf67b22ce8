"""The body of POST /v1/chat/completions: validated messages, and options under OpenAI's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from shared.api.bounds import MODEL_NAME
from shared.api.openapi.json_schema import MESSAGES, ROLES
from shared.api.requests.images import Wire
from shared.errors import BadRequest
from shared.models import MAX_N, Model
from shared.requests import ChatRequest

_OURS = frozenset({"model", "messages", "stream", "stream_options", "n", "wait_for_image"})
_NEVER_FORWARDED = frozenset({"extra_body"})
"""Clients of the Z-Image proxy send it; no upstream knows it."""

_ORDER_FIELDS = frozenset({"negative_prompt", "batch_size", "width", "height", "steps", "cfg_scale"})
_NO_PICTURE_FIELDS = frozenset({"extra_body", "modalities", "prompt", "response_format", "partial_images"})

_FEATURES = ("tools", "functions", "response_format", "modalities", "logprobs", "audio", "web_search_options")
"""Fields that cannot be ignored: the request is refused if the model does not support one of them."""

_NO_FEATURE: tuple[Any, ...] = (False, [], {}, {"type": "text"}, ["text"])
"""Values of these fields that request plain text only."""


def _checked(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for number, message in enumerate(messages, 1):
        if message.get("role") not in ROLES:
            raise ValueError(f"message {number} has to have a role, one of {', '.join(ROLES)}")
        _check_content(number, message)
    return messages


def _check_content(number: int, message: dict[str, Any]) -> None:
    content = message.get("content")
    if content is None and message["role"] != "assistant":
        raise ValueError(f"message {number} has no content")
    if not isinstance(content, str | list | None):
        raise ValueError(f"the content of message {number} has to be a text, or a list of parts")
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise ValueError(f"the parts of message {number} have to be objects with a type")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise ValueError(f"a part of message {number} has to have a text")


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class ChatCreate(Wire):
    """The known fields; all others are passed on unchanged if the model supports them."""

    messages: Annotated[list[dict[str, Any]], Field(min_length=1, json_schema_extra=MESSAGES), AfterValidator(_checked)]
    model: str | None = Field(default=None, max_length=MODEL_NAME)
    n: int = Field(default=1, ge=1, le=MAX_N)
    stream: bool = False
    stream_options: StreamOptions = Field(default_factory=StreamOptions)
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    modalities: list[Literal["text", "image", "audio"]] | None = None
    extra_body: dict[str, Any] | None = None
    wait_for_image: bool = Field(default=True, validation_alias="waitForImage")

    @model_validator(mode="before")
    @classmethod
    def _read_old_names(cls, data: Any) -> Any:
        """Drop `null` values and rename `topP`, the name in AkashChat proxies, to `top_p`."""
        if not isinstance(data, dict):
            raise ValueError("The body has to be a JSON object.")
        given = {name: value for name, value in data.items() if value is not None}
        return {"top_p": given.pop("topP"), **given} if "topP" in given else given

    def to_request(self, model: Model) -> tuple[ChatRequest, list[str]]:
        """Return the request for this model, and the names of ignored parameters."""
        given = self._options()
        if self.n > 1:
            if not _knows(model, "n"):
                raise BadRequest(f"'n': '{model.id}' returns one choice. Send one request for each.", param="n")
            given["n"] = self.n
        for name in _FEATURES:
            if given.get(name) in _NO_FEATURE:
                del given[name]
            elif name in given and not _knows(model, name):
                raise BadRequest(f"'{name}': '{model.id}' cannot do this here.", param=name)
        known = {name: value for name, value in given.items() if _knows(model, name)}
        request = ChatRequest(model, tuple(self.messages), known, self.stream)
        return request, sorted(given.keys() - known.keys())

    @property
    def wants_parts(self) -> bool:
        """Whether images are returned as parts of the message instead of links in its text."""
        return "image" in (self.modalities or ())

    @property
    def speaks_of_pictures(self) -> bool:
        """Whether the client is one of the AkashGen proxy, which has only image models."""
        return "wait_for_image" in self.model_fields_set

    @property
    def is_order(self) -> bool:
        """Whether the client is one of the Z-Image proxy, which submits a job and polls it later."""
        return not self.stream and (self.extra_body is not None or not _ORDER_FIELDS.isdisjoint(self.model_extra or {}))

    def picture_fields(self) -> dict[str, Any]:
        """Return the fields of an image request: the last user message as the prompt, and the options.

        Images of that message go under `image`, which makes the request an edit.
        """
        said = next((message for message in reversed(self.messages) if message["role"] == "user"), None)
        if said is None or not text_of(said).strip():
            raise BadRequest("'messages': the last message of the user has to say what to draw.", param="messages")
        if any(part["type"] not in ("text", "image_url") for part in parts_of(said)):
            raise BadRequest("'messages': what is drawn goes by text and image_url alone.", param="messages")
        nested = {name: value for name, value in (self.extra_body or {}).items() if name in _ORDER_FIELDS}
        given = {"n": self.n, **self._options(), **nested}
        shape = given.pop("image_config", None)
        if isinstance(shape, dict):
            given |= {"resolution" if name == "image_size" else name: value for name, value in shape.items()}
        given["n"] = given.pop("batch_size", given["n"])
        fields = {name: value for name, value in given.items() if name not in _NO_PICTURE_FIELDS}
        pictures = pictures_in(said)
        return {**fields, "prompt": text_of(said), **({"image": pictures} if pictures else {})}

    def _options(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in self.model_fields_set if name in type(self).model_fields}
        return {name: value for name, value in {**named, **(self.model_extra or {})}.items() if name not in _OURS}


def _knows(model: Model, name: str) -> bool:
    return name in model.knobs or ("*" in model.knobs and name not in _NEVER_FORWARDED)


def parts_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a message; plain text has none."""
    content = message.get("content")
    return content if isinstance(content, list) else []


def pictures_in(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a message that are images."""
    return [part for part in parts_of(message) if part["type"] == "image_url"]


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
